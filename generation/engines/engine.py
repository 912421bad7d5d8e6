"""What every engine is: loaded once, then asked for frames, one request after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event
from typing import TYPE_CHECKING, Protocol

from generation.errors import ErrorCode, RenderCancelled, RequestRejected
from generation.request import MAX_FRAME_PIXELS, MAX_FRAMES, ImageToVideoRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    #: Frames of a video in order, or a part of them: (n, H, W, 3) uint8, values 0..255, RGB.
    Frames = npt.NDArray[np.uint8]


class Phase(StrEnum):
    """Where a render is, in the order in which it goes through them."""

    WAITING = "waiting"  # accepted, another render still has the GPU
    BEGIN = "begin"  # the engine has turned to it: from here on a lost server costs an attempt
    TEXT = "text"
    DENOISE = "denoise"
    DECODE = "decode"
    DRAW = "draw"  # the camera engine's own work
    ENCODE = "encode"


@dataclass(frozen=True, slots=True)
class Progress:
    """So much of a phase is done: ``step`` of ``steps``."""

    phase: Phase
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one engine with one model can do; whatever is beyond it is refused, and channels hide it."""

    engine: str
    model: str
    uses_ai: bool
    prompt: bool = True
    negative_prompt: bool = False
    steps: bool = False
    guidance: bool = False
    motion_strength: bool = False
    end_picture: bool = False
    extension: bool = False  # conditions that are clips, or stand elsewhere than at the start or the end
    max_frames: int = MAX_FRAMES
    max_frame_pixels: int = MAX_FRAME_PIXELS

    def require(self, request: ImageToVideoRequest) -> None:
        """Raise RequestRejected, naming the field, for the first thing in the request that the engine cannot do."""
        request.shape.require_at_most(self.max_frame_pixels)
        if request.shape.frames > self.max_frames:
            raise RequestRejected(
                ErrorCode.OUT_OF_RANGE,
                field="frames",
                value=request.shape.frames,
                lowest=9,
                highest=self.max_frames,
                nearest=self.max_frames,
            )
        # Without steps or guidance an engine's presets carry 1 for both: anything else was asked for.
        if request.steps != 1 and not self.steps:
            self._refuse("steps")
        if request.guidance != 1 and not self.guidance:
            self._refuse("guidance")
        if request.negative_prompt and not self.negative_prompt:
            self._refuse("negative_prompt")
        if request.motion_strength is not None and not self.motion_strength:
            self._refuse("motion_strength")
        if request.end_picture is not None and not self.end_picture:
            self._refuse("end_picture")
        plain_conditions = 1 if request.end_picture is None else 2
        is_plain = len(request.conditions) == plain_conditions and all(len(c.pictures) == 1 for c in request.conditions)
        if not is_plain and not self.extension:
            self._refuse("conditions")

    def _refuse(self, field_name: str) -> None:
        raise RequestRejected(ErrorCode.NOT_SUPPORTED, field=field_name, engine=self.engine, model=self.model)


@dataclass(frozen=True, slots=True)
class RenderWatch:
    """The one who asked, as an engine sees them: told of each step, and able to stop the render at any.

    The callbacks run on the engine's thread and must return at once.
    """

    on_progress: Callable[[Progress], None] = lambda progress: None
    on_still: "Callable[[Frames], None]" = lambda still: None  # (1, H, W, 3): what the video will look like
    stop: Event = field(default_factory=Event)

    def step(self, phase: Phase, step: int, steps: int) -> None:
        """Report a step, or leave the render: raises RenderCancelled once ``stop`` is set."""
        self.check()
        self.on_progress(Progress(phase, step, steps))

    def check(self) -> None:
        """Raise RenderCancelled once ``stop`` is set."""
        if self.stop.is_set():
            raise RenderCancelled


class Engine(Protocol):
    """One model, ready to render; used by one thread at a time."""

    @property
    def capabilities(self) -> Capabilities: ...

    def load(self) -> None:
        """Make the engine ready; takes seconds to minutes. Raises EngineUnavailable with the operator's next step."""
        ...

    def render(self, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
        """Yield the request's frames in order, in chunks of (n, H, W, 3) uint8, exactly ``shape.frames`` of them.

        Raises RequestRejected before the first step for what is beyond ``capabilities``, RenderRefused where the model
        cannot go on, RenderCancelled within one step of ``watch.stop``. After any of them the next render is
        undisturbed.
        """
        ...
