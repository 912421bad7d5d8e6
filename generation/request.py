"""What the model is to make, and what came out: frozen, validated, with units.

A request knows no person and no chat. Everything in it is exact: wishes ("about four seconds", "as the picture is
shaped") are turned into exact values by ``generation.wish`` before.
"""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from generation.errors import ErrorCode, RequestRejected
from generation.picture import Picture

SIDE_MULTIPLE_PX = 32  # the VAE's spatial compression; diffusers' LTX ``check_inputs`` raises on anything else
FRAME_MULTIPLE = 8  # the VAE's temporal compression: 8k + 1 frames, silently rounded down by diffusers otherwise
MIN_SIDE_PX, MAX_SIDE_PX = 64, 1536
MIN_FRAMES, MAX_FRAMES = 9, 257  # LTX-Video's README: best below 257 frames
MIN_FPS, MAX_FPS, DEFAULT_FPS = 8, 60, 24
MAX_FRAME_PIXELS = 1280 * 736  # a frame of 720p, rounded up to 32; the operator may raise it
MAX_STEPS = 200
MAX_GUIDANCE = 20.0
MAX_SEED = 2**32 - 1
MAX_PROMPT_CHARACTERS = 2_000  # LTX reads about 95 words (128 tokens); ten times that is a mistake or an attack

#: ``fit`` uses at least this share of the budget ...
_MIN_BUDGET_USED = 0.85
#: ... unless more than this share of the picture would be cropped away.
_MAX_CROP = 0.03


@dataclass(frozen=True, slots=True)
class VideoShape:
    """Width, height, frames and frame rate that LTX-Video accepts as they are.

    Raises RequestRejected, naming the field, the rule and the nearest allowed value.
    """

    width_px: int
    height_px: int
    frames: int
    fps: int = DEFAULT_FPS

    def __post_init__(self) -> None:
        for field, side_px in (("width", self.width_px), ("height", self.height_px)):
            _require_whole(field, side_px)
            _require_range(field, side_px, MIN_SIDE_PX, MAX_SIDE_PX, nearest=_nearest_side_px(side_px))
            if side_px % SIDE_MULTIPLE_PX:
                raise RequestRejected(
                    ErrorCode.NOT_A_MULTIPLE,
                    field=field,
                    value=side_px,
                    multiple=SIDE_MULTIPLE_PX,
                    nearest=_nearest_side_px(side_px),
                )
        _require_whole("frames", self.frames)
        _require_range("frames", self.frames, MIN_FRAMES, MAX_FRAMES, nearest=nearest_frames(self.frames))
        if self.frames % FRAME_MULTIPLE != 1:
            raise RequestRejected(
                ErrorCode.FRAMES_NOT_8K_PLUS_1,
                field="frames",
                value=self.frames,
                nearest=nearest_frames(self.frames),
            )
        _require_whole("fps", self.fps)
        _require_range("fps", self.fps, MIN_FPS, MAX_FPS)

    @property
    def frame_pixels(self) -> int:
        return self.width_px * self.height_px

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    @property
    def latent_size(self) -> tuple[int, int, int]:
        """Frames, height and width of the VAE's latent for this shape."""
        return (
            (self.frames - 1) // FRAME_MULTIPLE + 1,
            self.height_px // SIDE_MULTIPLE_PX,
            self.width_px // SIDE_MULTIPLE_PX,
        )

    @classmethod
    def fit(
        cls,
        picture_width_px: int,
        picture_height_px: int,
        *,
        frames: int,
        max_frame_pixels: int,
        fps: int = DEFAULT_FPS,
        width_px: int | None = None,
        height_px: int | None = None,
    ) -> "VideoShape":
        """Return the shape that crops least of the picture while it uses most of the pixel budget.

        ``picture_width_px`` and ``picture_height_px`` are those of the upright picture. A side that is given
        is kept exactly; the other follows the picture. At least 85 % of the budget is used, unless
        that would crop more than 3 %.

        Raises RequestRejected for frames or a given side that the model does not take.
        """
        ratio = picture_width_px / picture_height_px
        if width_px is not None and height_px is not None:
            return cls(width_px, height_px, frames, fps)
        if width_px is not None:
            cls(width_px, MIN_SIDE_PX, frames, fps)  # the given side's own rules, before it limits the search
        if height_px is not None:
            cls(MIN_SIDE_PX, height_px, frames, fps)
        sizes = [
            (width, height)
            for width in ((width_px,) if width_px is not None else _allowed_sides_px())
            for height in ((height_px,) if height_px is not None else _allowed_sides_px())
            if width * height <= max_frame_pixels
        ]
        if not sizes:
            raise RequestRejected(
                ErrorCode.FRAME_TOO_LARGE,
                field="width" if width_px is not None else "height",
                width_px=width_px or MIN_SIDE_PX,
                height_px=height_px or MIN_SIDE_PX,
                max_frame_pixels=max_frame_pixels,
                nearest=max_frame_pixels // MIN_SIDE_PX // SIDE_MULTIPLE_PX * SIDE_MULTIPLE_PX,
            )
        large = [size for size in sizes if size[0] * size[1] >= _MIN_BUDGET_USED * max_frame_pixels]
        width, height = _least_crop(ratio, large or sizes)
        if _crop(ratio, width, height) > _MAX_CROP:
            gentle = [size for size in sizes if _crop(ratio, *size) <= _MAX_CROP]
            if gentle:
                width, height = max(gentle, key=lambda size: (size[0] * size[1], -_crop(ratio, *size)))
        return cls(width, height, frames, fps)

    def require_at_most(self, max_frame_pixels: int) -> None:
        """Raise RequestRejected where a frame has more pixels than the engine or the operator allows."""
        if self.frame_pixels > max_frame_pixels:
            nearest = VideoShape.fit(
                self.width_px, self.height_px, frames=self.frames, max_frame_pixels=max_frame_pixels
            )
            raise RequestRejected(
                ErrorCode.FRAME_TOO_LARGE,
                field="size",
                width_px=self.width_px,
                height_px=self.height_px,
                max_frame_pixels=max_frame_pixels,
                nearest=f"{nearest.width_px}x{nearest.height_px}",
            )


class Preset(StrEnum):
    """A named trade of speed for quality; its numbers belong to a model, in ``generation.models``."""

    FAST = "fast"
    BALANCED = "balanced"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Condition:
    """Pictures that the video must show from ``frame_index`` on: one picture, or a clip of 8k + 1."""

    pictures: tuple[Picture, ...]
    frame_index: int = 0
    strength: float = 1.0  # 0..1: how firmly the model holds to it

    def __post_init__(self) -> None:
        count = len(self.pictures)
        if count % FRAME_MULTIPLE != 1:
            raise RequestRejected(
                ErrorCode.CLIP_LENGTH,
                field="conditions",
                value=count,
                nearest=max(1, round((count - 1) / FRAME_MULTIPLE) * FRAME_MULTIPLE + 1),
            )
        _require_whole("frame_index", self.frame_index)
        _require_range("frame_index", self.frame_index, 0, MAX_FRAMES - 1)
        _require_range("strength", self.strength, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class ImageToVideoRequest:
    """One video to make: every field that LTX-Video takes, each exact.

    ``conditions`` starts with the start picture (frame 0). An end picture is a condition on the last frame, an
    extension one whose clip holds the frames to go on from, a loop one that repeats the start picture at the end.
    """

    conditions: tuple[Condition, ...]
    shape: VideoShape
    seed: int
    steps: int
    guidance: float  # 1 = without guidance
    prompt: str = ""  # empty: the model's default motion
    negative_prompt: str = ""
    motion_strength: float | None = None  # 0 (still) .. 1 (lively); None: as the model does by itself

    def __post_init__(self) -> None:
        require_text("prompt", self.prompt)
        require_text("negative_prompt", self.negative_prompt)
        _require_whole("seed", self.seed)
        _require_range("seed", self.seed, 0, MAX_SEED)
        _require_whole("steps", self.steps)
        _require_range("steps", self.steps, 1, MAX_STEPS)
        _require_range("guidance", self.guidance, 1.0, MAX_GUIDANCE)
        if self.motion_strength is not None:
            _require_range("motion_strength", self.motion_strength, 0.0, 1.0)
        if not self.conditions or self.conditions[0].frame_index != 0:
            raise RequestRejected(ErrorCode.NO_START_PICTURE, field="conditions")
        for condition in self.conditions:
            last_index = condition.frame_index + len(condition.pictures) - 1
            if last_index >= self.shape.frames:
                raise RequestRejected(
                    ErrorCode.CONDITION_PAST_THE_END,
                    field="conditions",
                    value=last_index,
                    highest=self.shape.frames - 1,
                )

    @property
    def start_picture(self) -> Picture:
        return self.conditions[0].pictures[0]

    @property
    def end_picture(self) -> Picture | None:
        """The picture that the last frame is to show, if there is one."""
        for condition in self.conditions[1:]:
            if condition.frame_index + len(condition.pictures) == self.shape.frames:
                return condition.pictures[-1]
        return None


@dataclass(frozen=True, slots=True)
class RenderedVideo:
    """A finished MP4 on disk and the facts about how it was made."""

    path: Path
    width_px: int
    height_px: int
    frames: int
    fps: int
    size_bytes: int
    sha256: str
    seed: int
    engine: str
    model: str
    used_ai: bool  # False: no AI model took part, and the answer says so
    render_seconds: float
    poster_jpeg: bytes

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


def nearest_frames(frames: float) -> int:
    """Return the allowed number of frames (8k + 1, 9..257) nearest to ``frames``."""
    if not math.isfinite(frames):
        return MIN_FRAMES
    k = round((frames - 1) / FRAME_MULTIPLE)
    return min(max(k * FRAME_MULTIPLE + 1, MIN_FRAMES), MAX_FRAMES)


def require_text(field: str, text: str) -> None:
    """Raise RequestRejected for a text that is too long or holds characters no keyboard sends."""
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise RequestRejected(ErrorCode.TEXT_TOO_LONG, field=field, value=len(text), highest=MAX_PROMPT_CHARACTERS)
    # Cc without tab and line ends: NUL and escapes; Cs: a lone surrogate, which no UTF-8 can carry.
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise RequestRejected(ErrorCode.TEXT_HAS_CONTROL_CHARACTERS, field=field)


def _require_whole(field: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RequestRejected(ErrorCode.NOT_A_NUMBER, field=field, value=str(value))


def _require_range(field: str, value: object, lowest: float, highest: float, *, nearest: float | None = None) -> None:
    # Values come from forms and JSON: what the annotations promise is checked here, once.
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        raise RequestRejected(ErrorCode.NOT_A_NUMBER, field=field, value=str(value))
    if not lowest <= value <= highest:
        raise RequestRejected(
            ErrorCode.OUT_OF_RANGE,
            field=field,
            value=value,
            lowest=lowest,
            highest=highest,
            nearest=min(max(value, lowest), highest) if nearest is None else nearest,
        )


def _allowed_sides_px() -> Iterator[int]:
    return iter(range(MIN_SIDE_PX, MAX_SIDE_PX + 1, SIDE_MULTIPLE_PX))


def _nearest_side_px(side_px: int) -> int:
    nearest = round(side_px / SIDE_MULTIPLE_PX) * SIDE_MULTIPLE_PX
    return min(max(nearest, MIN_SIDE_PX), MAX_SIDE_PX)


def _crop(ratio: float, width: int, height: int) -> float:
    """The share of a picture of this ratio that is cut away to fill width x height."""
    frame_ratio = width / height
    return 1 - min(ratio / frame_ratio, frame_ratio / ratio)


def _least_crop(ratio: float, sizes: list[tuple[int, int]]) -> tuple[int, int]:
    # Rounded, so that a hair's difference in crop does not cost a visible part of the size.
    return min(sizes, key=lambda size: (round(_crop(ratio, *size), 4), -size[0] * size[1]))
