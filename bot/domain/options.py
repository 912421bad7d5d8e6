"""The one grammar of what a person may say about a video; every channel reads its requests with it."""

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.domain.camera_moves import CAMERA_MOVES, CameraMove
from bot.domain.composed_prompt import compose_prompt
from bot.domain.option import Choice, Option, clean_text, echo
from bot.domain.option_table import MOTION_STRENGTHS, OPTIONS, options_for
from generation.engines.engine import Capabilities
from generation.errors import ErrorCode, RequestRejected
from generation.models import CAMERA, Family, Model
from generation.picture import Picture
from generation.request import FRAME_MULTIPLE, MIN_SIDE_PX, ImageToVideoRequest, Preset
from generation.wish import VideoWish

__all__ = [
    "OPTIONS",
    "Choice",
    "Option",
    "VideoOptions",
    "model_within",
    "options_for",
    "read_options",
    "unknown_option",
]

#: How the options are called whose field of a request is called otherwise.
_NAMES_BY_FIELD: Mapping[str, str] = MappingProxyType({"negative_prompt": "negative", "motion_strength": "motion"})
#: What other programs call our options: what was meant is nearer than what is spelled alike.
_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cfg": "guidance",
        "duration": "seconds",
        "length": "seconds",
        "move": "camera",
        "no": "negative",
        "quality": "preset",
        "scale": "guidance",
        "strength": "motion",
        "time": "seconds",
        "zoom": "camera",
    }
)
#: Stands for the picture while there is none; a request's rules do not look into it.
_NO_PICTURE = Picture(b"", MIN_SIDE_PX, MIN_SIDE_PX)


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """A person's prompt and the options of one job; made by ``read_options``, which has checked them.

    ``texts`` holds the options as they were given, each in its one spelling, without those that were not: what is
    stored with a job and shown again. ``read_options(prompt, texts)`` gives the same back.
    """

    prompt: str
    texts: Mapping[str, str]

    @property
    def preset(self) -> Preset:
        return Preset(self.texts.get("preset", Preset.BALANCED))

    @property
    def seed(self) -> int | None:
        return self._whole("seed")

    @property
    def move(self) -> CameraMove | None:
        """The camera move that was chosen by its name; those that the prompt asks for are not here."""
        return CAMERA_MOVES[self.texts["camera"]] if "camera" in self.texts else None

    @property
    def motion_strength(self) -> float | None:
        """How much is to move, from 0 to 1."""
        motion = self.texts.get("motion", "")
        return MOTION_STRENGTHS[motion] if motion in MOTION_STRENGTHS else self._number("motion")

    @property
    def has_exact_size(self) -> bool:
        return "width" in self.texts and "height" in self.texts

    def to_request(
        self, model: Model, capabilities: Capabilities, start: Picture, end: Picture | None = None
    ) -> ImageToVideoRequest:
        """Return the exact request, with the words for camera and motion behind the prompt where words must say them.

        The camera engine understands camera words only, so a chosen move wins over those in the prompt: its request's
        prompt is the words of the move alone. Preset numbers beyond the engine are lowered to what it can do. Raises
        RequestRejected, under the option's name, for what breaks a rule or is beyond the engine.
        """
        return self._request(self._wish(), model, capabilities, start, end)

    def check(self, model: Model, capabilities: Capabilities, *, has_end_picture: bool = False) -> None:
        """Raise what ``to_request`` would raise whatever the picture is: to be known before one is decoded."""
        self._request(
            self._wish_of_any_size(), model, capabilities, _NO_PICTURE, _NO_PICTURE if has_end_picture else None
        )

    def sample_request(self, model: Model) -> ImageToVideoRequest:
        """Return a request whose numbers are exact; of its size only sides that were given are."""
        with _in_the_persons_words(self.texts):
            return self._wish_of_any_size().to_request(model, _NO_PICTURE)

    def with_changes(self, changes: Mapping[str, str | None]) -> "VideoOptions":
        """Return the options with ``changes``, "prompt" possibly among them; None or an empty text takes one away.

        New seconds take old frames away, and the other way round. Raises what ``read_options`` raises.
        """
        given = {name: value or "" for name, value in changes.items()}
        texts = dict(self.texts)
        for one, other in (("seconds", "frames"), ("frames", "seconds")):
            if given.get(one):
                texts.pop(other, None)
        prompt = given.pop("prompt", self.prompt)
        return read_options(prompt, texts | given)

    def _wish(self) -> VideoWish:
        return VideoWish(
            prompt=self.prompt,
            preset=self.preset,
            seconds=self._number("seconds"),
            frames=self._whole("frames"),
            fps=self._whole("fps"),
            width_px=self._whole("width"),
            height_px=self._whole("height"),
            steps=self._whole("steps"),
            guidance=self._number("guidance"),
            negative_prompt=self.texts.get("negative"),
            seed=self.seed,
            motion_strength=self.motion_strength,
        )

    def _wish_of_any_size(self) -> VideoWish:
        wish = self._wish()
        return replace(
            wish,
            width_px=MIN_SIDE_PX if wish.width_px is None else wish.width_px,
            height_px=MIN_SIDE_PX if wish.height_px is None else wish.height_px,
        )

    def _request(
        self, wish: VideoWish, model: Model, capabilities: Capabilities, start: Picture, end: Picture | None
    ) -> ImageToVideoRequest:
        said_motion = None if capabilities.motion_strength else self.motion_strength
        if model.family is Family.CAMERA and self.move is not None:
            prompt = self.move.words
        else:
            prompt = compose_prompt(self.prompt, self.move, said_motion)
        strength = self.motion_strength if capabilities.motion_strength else None
        with _in_the_persons_words(self.texts):
            request = replace(wish, prompt=prompt, motion_strength=strength).to_request(
                model_within(model, capabilities), start, end
            )
            capabilities.require(request)
        return request

    def _whole(self, name: str) -> int | None:
        return int(self.texts[name]) if name in self.texts else None

    def _number(self, name: str) -> float | None:
        return float(self.texts[name]) if name in self.texts else None


def read_options(prompt: str, values: Mapping[str, str]) -> VideoOptions:
    """Return what a person asked for, checked as far as it can be without picture and engine; empty is not given.

    Raises RequestRejected for an option that does not exist, and for the first value that is not exactly one that its
    option takes: nothing is rounded or cut to fit.
    """
    names = {option.name for option in OPTIONS}
    for name in values:
        if name not in names:
            raise unknown_option(name)
    read = {option.name: option.read(values.get(option.name, "")) for option in OPTIONS}
    texts = {name: text for name, text in read.items() if text}
    options = VideoOptions(clean_text(prompt), MappingProxyType(texts))
    with _in_the_persons_words(values):
        options.sample_request(CAMERA)
    return options


def unknown_option(name: str) -> RequestRejected:
    """Return the error for an option that does not exist, with the one that was probably meant."""
    asked = echo(name)
    names = [option.name for option in OPTIONS]
    nearest = _OTHER_NAMES.get(asked.lower()) or difflib.get_close_matches(asked.lower(), names, n=1, cutoff=0.0)[0]
    return RequestRejected(ErrorCode.UNKNOWN_OPTION, field=asked, nearest=nearest)


def model_within(model: Model, capabilities: Capabilities) -> Model:
    """Return the model with presets that the engine can follow, where an operator allows less than they need."""
    most_frames = (capabilities.max_frames - 1) // FRAME_MULTIPLE * FRAME_MULTIPLE + 1
    presets = {
        preset: replace(
            numbers,
            max_frame_pixels=min(numbers.max_frame_pixels, capabilities.max_frame_pixels),
            frames=min(numbers.frames, most_frames),
        )
        for preset, numbers in model.presets.items()
    }
    return replace(model, presets=MappingProxyType(presets))


@contextmanager
def _in_the_persons_words(typed: Mapping[str, str]) -> Iterator[None]:
    """Let an error name the option, and the value as it was typed: 4,5 and not 4.5."""
    try:
        yield
    except RequestRejected as rejected:
        values = dict(rejected.values)
        field = values["field"] = _NAMES_BY_FIELD.get(str(values.get("field")), values.get("field"))
        if rejected.code is not ErrorCode.TEXT_TOO_LONG and "value" in values and typed.get(str(field)):
            values["value"] = echo(typed[str(field)])
        raise RequestRejected(rejected.code, **values) from None
