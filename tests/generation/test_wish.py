"""From a wish to an exact request: the preset fills in, exact values are kept, seconds become the nearest length."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import ErrorCode, RequestRejected
from generation.models import CATALOGUE, DEFAULT_LTX
from generation.picture import Picture
from generation.request import Preset
from generation.wish import VideoWish

PHOTO = Picture(b"", 1600, 1200)


def test_the_best_preset_of_the_default_model_is_the_reference() -> None:
    """Best on ltxv-2b-0.9.1: 161 frames of 704 x 448 pixels at most, 50 steps, guidance 3, its own negative prompt."""
    request = VideoWish(preset=Preset.BEST).to_request(DEFAULT_LTX, PHOTO)
    assert DEFAULT_LTX.name == "ltxv-2b-0.9.1"
    assert (request.shape.width_px, request.shape.height_px, request.shape.frames) == (640, 480, 161)
    assert (request.steps, request.guidance) == (50, 3.0)
    assert request.negative_prompt == DEFAULT_LTX.negative_prompt != ""


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=CATALOGUE)
@pytest.mark.parametrize("preset", Preset)
def test_every_preset_of_every_model_makes_a_request(model: object, preset: Preset) -> None:
    """No entry of the catalogue holds numbers that a request would refuse."""
    request = VideoWish(preset=preset).to_request(model, PHOTO)  # type: ignore[arg-type]
    assert request.shape.frames % 8 == 1


def test_presets_go_from_fast_to_best() -> None:
    """In every model a better preset never renders fewer pixels, frames or steps."""
    for model in CATALOGUE.values():
        work = [
            (numbers.max_frame_pixels, numbers.frames, numbers.steps)
            for numbers in (model.presets[p] for p in (Preset.FAST, Preset.BALANCED, Preset.BEST))
        ]
        assert all(a <= b for first, second in pairwise(work) for a, b in zip(first, second, strict=True))


@given(seconds=st.floats(0.3, 10.7), fps=st.just(24))
def test_seconds_become_the_nearest_possible_length(seconds: float, fps: int) -> None:
    """A wished length is met within half of the eight frames between two possible lengths."""
    request = VideoWish(seconds=seconds, fps=fps).to_request(DEFAULT_LTX, PHOTO)
    assert abs(request.shape.frames - min(max(seconds * fps, 9), 257)) <= 4


@pytest.mark.parametrize("seconds", [0.0, -1.0, 60.0, math.inf, math.nan])
def test_an_impossible_length_is_refused_with_the_range(seconds: float) -> None:
    """A length that no rounding can meet is refused, and the range is named in seconds."""
    with pytest.raises(RequestRejected) as rejected:
        VideoWish(seconds=seconds).to_request(DEFAULT_LTX, PHOTO)
    assert rejected.value.code is ErrorCode.OUT_OF_RANGE
    assert rejected.value.values["field"] == "seconds"
    assert (rejected.value.values["lowest"], rejected.value.values["highest"]) == (0.4, 10.7)


def test_seconds_and_frames_together_are_refused() -> None:
    """Two lengths at once are a contradiction, not a choice."""
    with pytest.raises(RequestRejected) as rejected:
        VideoWish(seconds=4, frames=97).to_request(DEFAULT_LTX, PHOTO)
    assert rejected.value.code is ErrorCode.SECONDS_AND_FRAMES


def test_exact_values_are_kept() -> None:
    """What the person sets exactly is in the request exactly."""
    wish = VideoWish(
        prompt="p", frames=25, fps=30, width_px=512, height_px=320, steps=7, guidance=1.5, negative_prompt="", seed=3
    )
    request = wish.to_request(DEFAULT_LTX, PHOTO)
    assert (request.shape.width_px, request.shape.height_px, request.shape.frames, request.shape.fps) == (
        512,
        320,
        25,
        30,
    )
    assert (request.prompt, request.negative_prompt) == ("p", "")
    assert (request.steps, request.guidance, request.seed) == (7, 1.5, 3)


def test_without_a_seed_each_request_gets_its_own() -> None:
    """Asking twice without a seed gives two videos; the seed is in the request, to be shown and used again."""
    seeds = {VideoWish().to_request(DEFAULT_LTX, PHOTO).seed for _ in range(8)}
    assert len(seeds) > 1


def test_an_end_picture_lands_on_the_last_frame() -> None:
    """The end picture is what the last frame is to show."""
    end = Picture(b"end", 800, 600)
    assert VideoWish().to_request(DEFAULT_LTX, PHOTO, end).end_picture == end
