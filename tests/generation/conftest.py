"""Tiny LTX-Video checkpoints with random weights, written once, and engines that have loaded them."""

import io
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from generation.engines.ltx.engine import LtxEngine
from generation.picture import Picture
from generation.weights import find

CheckpointOf = Callable[[str], Path]
EngineOf = Callable[[str], LtxEngine]
MakePicture = Callable[..., Picture]


@pytest.fixture(scope="session")
def checkpoint_of(tiny_ltx: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> CheckpointOf:
    """The folder of a tiny checkpoint of the version named; nobody writes to it."""
    folder = tmp_path_factory.mktemp("checkpoints")

    @cache
    def of(name: str) -> Path:
        written: Path = tiny_ltx.write(name, folder / name)
        return written

    return of


@pytest.fixture
def copy_of(checkpoint_of: CheckpointOf, tmp_path: Path) -> CheckpointOf:
    """A copy of a tiny checkpoint that the test may damage."""

    def of(name: str) -> Path:
        return shutil.copytree(checkpoint_of(name), tmp_path / name)

    return of


@pytest.fixture(scope="session")
def ltx_engine(checkpoint_of: CheckpointOf) -> EngineOf:
    """A loaded engine of the version named, shared: a render leaves nothing behind that the next would notice."""

    @cache
    def of(name: str) -> LtxEngine:
        engine = LtxEngine(find(checkpoint_of(name), Path("unused")), device="cpu")
        engine.load()
        return engine

    return of


@pytest.fixture
def new_ltx_engine(checkpoint_of: CheckpointOf) -> EngineOf:
    """A freshly loaded engine of the version named, which nobody else has rendered with."""

    def of(name: str) -> LtxEngine:
        engine = LtxEngine(find(checkpoint_of(name), Path("unused")), device="cpu")
        engine.load()
        return engine

    return of


@pytest.fixture(scope="session")
def make_picture() -> MakePicture:
    """A picture with something to see in every corner; another ``shade`` is another picture."""

    def make(width_px: int = 96, height_px: int = 64, shade: int = 90, mode: str = "RGB") -> Picture:
        image = Image.merge(
            "RGB",
            [
                Image.linear_gradient("L").resize((width_px, height_px)),
                Image.radial_gradient("L").resize((width_px, height_px)),
                Image.new("L", (width_px, height_px), shade),
            ],
        )
        out = io.BytesIO()
        image.convert(mode).save(out, "PNG")
        return Picture(out.getvalue(), width_px, height_px)

    return make
