"""From what a person would like to the exact request that a model gets."""

import math
import secrets
from dataclasses import dataclass

from generation.errors import ErrorCode, RequestRejected
from generation.models import Model
from generation.picture import Picture
from generation.request import (
    DEFAULT_FPS,
    FRAME_MULTIPLE,
    MAX_FRAMES,
    MIN_FRAMES,
    Condition,
    ImageToVideoRequest,
    Preset,
    VideoShape,
    nearest_frames,
)


@dataclass(frozen=True, slots=True)
class VideoWish:
    """Everything that a person may say about a video; what is left out is decided by the preset and the picture.

    Exact values (width, height, frames, steps ...) are taken as they are or refused. ``seconds`` is a wish: the nearest
    length that the model knows is taken, and the answer shows the true one.
    """

    prompt: str = ""
    preset: Preset = Preset.BALANCED
    seconds: float | None = None
    frames: int | None = None
    fps: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    steps: int | None = None
    guidance: float | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    motion_strength: float | None = None

    def to_request(self, model: Model, start: Picture, end: Picture | None = None) -> ImageToVideoRequest:
        """Return the exact request for ``model``; raises RequestRejected for a value that breaks a rule."""
        numbers = model.presets[self.preset]
        fps = DEFAULT_FPS if self.fps is None else self.fps
        shape = VideoShape.fit(
            start.width_px,
            start.height_px,
            frames=self._frames(numbers.frames, fps),
            max_frame_pixels=numbers.max_frame_pixels,
            fps=fps,
            width_px=self.width_px,
            height_px=self.height_px,
        )
        conditions = [Condition((start,))]
        if end is not None:
            conditions.append(Condition((end,), frame_index=shape.frames - 1))
        return ImageToVideoRequest(
            conditions=tuple(conditions),
            shape=shape,
            seed=secrets.randbits(32) if self.seed is None else self.seed,
            steps=numbers.steps if self.steps is None else self.steps,
            guidance=numbers.guidance if self.guidance is None else self.guidance,
            prompt=self.prompt,
            negative_prompt=model.negative_prompt if self.negative_prompt is None else self.negative_prompt,
            motion_strength=self.motion_strength,
        )

    def _frames(self, preset_frames: int, fps: int) -> int:
        if self.seconds is not None and self.frames is not None:
            raise RequestRejected(ErrorCode.SECONDS_AND_FRAMES, field="frames")
        if self.frames is not None:
            return self.frames
        if self.seconds is None:
            return preset_frames
        wished = self.seconds * fps
        # Half a step beyond either end still rounds to an allowed length; farther is a mistake, not a wish.
        if not MIN_FRAMES - FRAME_MULTIPLE < wished < MAX_FRAMES + FRAME_MULTIPLE or math.isnan(wished):
            lowest, highest = MIN_FRAMES / fps, MAX_FRAMES / fps
            raise RequestRejected(
                ErrorCode.OUT_OF_RANGE,
                field="seconds",
                value=self.seconds,
                lowest=round(lowest, 1),
                highest=round(highest, 1),
                nearest=round(lowest if wished < MIN_FRAMES else highest, 1),
            )
        return nearest_frames(wished)
