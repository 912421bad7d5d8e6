"""Which engines there are, and how one is made from a description that fits into a line of JSON."""

from dataclasses import dataclass
from pathlib import Path

from generation.engines.engine import Engine
from generation.errors import EngineUnavailable, ErrorCode
from generation.request import MAX_FRAME_PIXELS

ENGINE_NAMES = ("camera", "ltx")


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Everything that a render server must know to make its engine."""

    name: str  # one of ENGINE_NAMES
    model: str = "camera"  # a catalogue name, or the folder of a checkpoint
    models_dir: str = ""  # where pulled weights are; the camera engine has none
    device: str = "auto"  # auto, cpu, cuda
    max_frame_pixels: int = MAX_FRAME_PIXELS


def make_engine(spec: EngineSpec) -> Engine:
    """Return the engine, not loaded yet, which knows its capabilities and costs no torch.

    Raises EngineUnavailable for a name that is none, or weights that are not there.
    """
    match spec.name:
        case "camera":
            from generation.engines.camera.engine import CameraEngine

            return CameraEngine(max_frame_pixels=spec.max_frame_pixels)
        case "ltx":
            from generation.engines.ltx.engine import LtxEngine
            from generation.weights import find

            checkpoint = find(spec.model, Path(spec.models_dir))
            return LtxEngine(checkpoint, device=spec.device, max_frame_pixels=spec.max_frame_pixels)
        case _:
            raise EngineUnavailable(ErrorCode.UNKNOWN_ENGINE, engine=spec.name, known=", ".join(ENGINE_NAMES))
