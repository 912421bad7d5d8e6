"""Every option that there is: a new one is one entry here, and its field of the wish in ``bot.domain.options``."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain.camera_moves import CAMERA_MOVES
from bot.domain.option import Choice, Option
from generation.engines.engine import Capabilities
from generation.request import (
    DEFAULT_FPS,
    FRAME_MULTIPLE,
    MAX_FPS,
    MAX_FRAMES,
    MAX_GUIDANCE,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    MAX_SIDE_PX,
    MAX_STEPS,
    MIN_FPS,
    MIN_FRAMES,
    MIN_SIDE_PX,
    SIDE_MULTIPLE_PX,
    Preset,
)

#: What the words for motion are in numbers of 0..1; medium is what the engines do by themselves.
MOTION_STRENGTHS: Mapping[str, float] = MappingProxyType({"low": 0.2, "medium": 0.5, "high": 0.9})

#: In the order in which they are shown.
OPTIONS: tuple[Option, ...] = (
    Option(
        "preset",
        "choice",
        "Quality",
        "Fast is ready soonest, best looks best and costs most.",
        advanced=False,
        choices=tuple(Choice(preset.value, preset.value.capitalize()) for preset in Preset),
    ),
    Option(
        "seconds",
        "number",
        "Length",
        "How long the video is, in seconds; the nearest possible length is taken.",
        advanced=False,
        lowest=round(MIN_FRAMES / DEFAULT_FPS, 1),
        highest=round(MAX_FRAMES / DEFAULT_FPS, 1),
    ),
    Option(
        "camera",
        "choice",
        "Camera",
        "How the camera moves.",
        advanced=False,
        choices=tuple(Choice(move.name, move.label) for move in CAMERA_MOVES.values()),
    ),
    Option(
        "motion",
        "choice",
        "Motion",
        "How much moves.",
        advanced=False,
        choices=tuple(Choice(word, word.capitalize()) for word in MOTION_STRENGTHS),
        lowest=0,
        highest=1,
    ),
    Option(
        "negative",
        "text",
        "Not wanted",
        "What the video must not look like, for instance: blurry, dark.",
        max_length=MAX_PROMPT_CHARACTERS,
    ),
    Option(
        "steps",
        "integer",
        "Steps",
        "In how many steps the model works; more are slower and finer.",
        lowest=1,
        highest=MAX_STEPS,
    ),
    Option(
        "guidance",
        "number",
        "Guidance",
        "How firmly the model follows the words; 1 is freely, and half the work.",
        lowest=1,
        highest=MAX_GUIDANCE,
    ),
    Option(
        "seed",
        "integer",
        "Seed",
        "The same number, picture and options give the same video again.",
        lowest=0,
        highest=MAX_SEED,
    ),
    Option(
        "frames",
        "integer",
        "Frames",
        "The exact number of frames instead of a length: 9, 17, 25 and so on.",
        lowest=MIN_FRAMES,
        highest=MAX_FRAMES,
        step=FRAME_MULTIPLE,
    ),
    Option("fps", "integer", "Frames a second", "How many frames a second has.", lowest=MIN_FPS, highest=MAX_FPS),
    Option(
        "width",
        "integer",
        "Width",
        "The exact width in pixels, a multiple of 32; left out, it follows the picture.",
        lowest=MIN_SIDE_PX,
        highest=MAX_SIDE_PX,
        step=SIDE_MULTIPLE_PX,
    ),
    Option(
        "height",
        "integer",
        "Height",
        "The exact height in pixels, a multiple of 32; left out, it follows the picture.",
        lowest=MIN_SIDE_PX,
        highest=MAX_SIDE_PX,
        step=SIDE_MULTIPLE_PX,
    ),
)


def options_for(capabilities: Capabilities) -> tuple[Option, ...]:
    """Return the options that an engine can follow, with its own longest video as the highest.

    Motion stays wherever words can say it.
    """
    is_possible = {
        "camera": capabilities.prompt,
        "motion": capabilities.prompt or capabilities.motion_strength,
        "negative": capabilities.negative_prompt,
        "steps": capabilities.steps,
        "guidance": capabilities.guidance,
    }
    highest = {"seconds": round(capabilities.max_frames / DEFAULT_FPS, 1), "frames": capabilities.max_frames}
    return tuple(
        replace(option, highest=highest[option.name]) if option.name in highest else option
        for option in OPTIONS
        if is_possible.get(option.name, True)
    )
