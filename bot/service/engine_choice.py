"""Which engine runs here: LTX-Video where a card and weights are found, else the camera, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from generation.engines import EngineSpec
from generation.errors import EngineUnavailable, ErrorCode
from generation.hardware import Gpu
from generation.models import CAMERA, Model
from generation.weights import find

#: What the ``ltx`` extra brings, by the name it is imported under; looked for without importing it.
LTX_LIBRARIES: Mapping[str, str] = {
    **{name: name for name in ("torch", "diffusers", "transformers", "accelerate", "sentencepiece")},
    "google.protobuf": "protobuf",
}


def is_importable(module: str) -> bool:
    """Whether ``import module`` would find something."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it would be in
        return False


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
    is_installed: Callable[[str], bool] = is_importable,
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
    for module, library in LTX_LIBRARIES.items():
        if not is_installed(module):
            raise EngineUnavailable(ErrorCode.LIBRARY_MISSING, library=library, extra="ltx")
    spec = EngineSpec(
        "ltx",
        model=wish.model,
        models_dir=str(wish.models_dir),
        device=wish.device,
        max_frame_pixels=wish.max_frame_pixels,
    )
    return EngineChoice(spec, checkpoint.model)
