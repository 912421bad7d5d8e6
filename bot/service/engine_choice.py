"""Which engine runs here: LTX-Video where a card and weights are found, else the camera, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from generation.engines import EngineSpec
from generation.errors import EngineUnavailable, ErrorCode
from generation.hardware import Gpu
from generation.models import CAMERA, Model
from generation.weights import find

#: What the ``ltx`` extra brings; looked for without importing it.
LTX_LIBRARIES = ("torch", "diffusers", "transformers", "accelerate", "sentencepiece")


@dataclass(frozen=True, slots=True)
class EngineWish:
    """What the settings say about the engine."""

    engine: str  # auto, camera, ltx
    model: str  # a catalogue name or a folder
    models_dir: Path
    device: str
    max_frame_pixels: int


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine that will run, and for ``auto`` what spoke against LTX-Video, if anything did."""

    spec: EngineSpec
    model: Model
    why_not_ltx: EngineUnavailable | None = None


def choose_engine(
    wish: EngineWish,
    gpus: Callable[[], Sequence[Gpu]],
    is_installed: Callable[[str], bool] = lambda name: bool(find_spec(name)),
) -> EngineChoice:
    """Return the engine to run; raises EngineUnavailable where ``ltx`` is asked for by name and cannot run."""
    if wish.engine == "camera":
        return _camera(wish)
    if wish.engine == "ltx":
        return _ltx(wish, is_installed)
    try:
        if wish.device != "cpu" and not gpus():
            raise EngineUnavailable(ErrorCode.NO_GPU)
        return _ltx(wish, is_installed)
    except EngineUnavailable as reason:
        return _camera(wish, reason)


def _camera(wish: EngineWish, why_not_ltx: EngineUnavailable | None = None) -> EngineChoice:
    spec = EngineSpec("camera", max_frame_pixels=wish.max_frame_pixels)
    return EngineChoice(spec, CAMERA, why_not_ltx)


def _ltx(wish: EngineWish, is_installed: Callable[[str], bool]) -> EngineChoice:
    checkpoint = find(wish.model, wish.models_dir)
    for library in LTX_LIBRARIES:
        if not is_installed(library):
            raise EngineUnavailable(ErrorCode.LIBRARY_MISSING, library=library, extra="ltx")
    spec = EngineSpec(
        "ltx",
        model=wish.model,
        models_dir=str(wish.models_dir),
        device=wish.device,
        max_frame_pixels=wish.max_frame_pixels,
    )
    return EngineChoice(spec, checkpoint.model)
