"""What most tests need: a picture, a request, ffmpeg."""

import importlib.util
import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from generation.ffmpeg import find_ffmpeg
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    return find_ffmpeg()


@pytest.fixture(scope="session")
def picture() -> Picture:
    """A small gradient, 96 × 64 px."""
    image = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG")
    return Picture(out.getvalue(), 96, 64)


@pytest.fixture
def make_request(picture: Picture) -> Callable[..., ImageToVideoRequest]:
    """A valid request by default; a test names only the field that it is about."""

    def make(**changes: object) -> ImageToVideoRequest:
        fields: dict[str, object] = {
            "conditions": (Condition((picture,)),),
            "shape": VideoShape(96, 64, 9),
            "seed": 7,
            "steps": 5,
            "guidance": 1.0,
        }
        return ImageToVideoRequest(**{**fields, **changes})  # type: ignore[arg-type]  # a test may name any field

    return make


@pytest.fixture(scope="session")
def tiny_ltx() -> ModuleType:
    """``scripts/make_tiny_ltx.py`` as a module."""
    torch = pytest.importorskip("torch", reason="the ltx extra is not installed")
    torch.set_num_threads(1)  # sums this small only wait for each other on two cores
    spec = importlib.util.spec_from_file_location("make_tiny_ltx", SCRIPTS / "make_tiny_ltx.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
