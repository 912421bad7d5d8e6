"""Shapes and requests: what LTX-Video takes is taken as it is, all else is refused with the nearest allowed value."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.engines.engine import Capabilities
from generation.errors import ErrorCode, RequestRejected
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape, nearest_frames

MakeRequest = Callable[..., ImageToVideoRequest]
REFERENCE_PIXELS = 704 * 448


def crop(ratio: float, shape: VideoShape) -> float:
    frame_ratio = shape.width_px / shape.height_px
    return 1 - min(ratio / frame_ratio, frame_ratio / ratio)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ((1920, 1080), (736, 416)),
        ((1080, 1920), (416, 736)),
        ((1000, 1000), (544, 544)),
        ((4000, 3000), (640, 480)),
        ((6000, 4000), (672, 448)),
    ],
)
def test_common_pictures_get_these_sizes(picture: tuple[int, int], expected: tuple[int, int]) -> None:
    """At the reference budget of 704 x 448 the usual ratios of cameras and phones have well-known sizes."""
    shape = VideoShape.fit(*picture, frames=161, max_frame_pixels=REFERENCE_PIXELS)
    assert (shape.width_px, shape.height_px) == expected


def test_no_ordinary_ratio_loses_much_or_wastes_much() -> None:
    """From 1:3 to 3:1, at most 3 % of a picture is cropped while at least 85 % of the pixel budget is used."""
    for step in range(2001):
        ratio = math.exp(math.log(3) * (step / 1000 - 1))
        shape = VideoShape.fit(round(10_000 * ratio), 10_000, frames=9, max_frame_pixels=REFERENCE_PIXELS)
        assert crop(round(10_000 * ratio) / 10_000, shape) <= 0.03
        assert 0.85 * REFERENCE_PIXELS <= shape.frame_pixels <= REFERENCE_PIXELS


def test_no_size_of_the_same_budget_crops_less() -> None:
    """Whatever the ratio, every other allowed size that uses 85 % of the budget crops at least as much."""
    sides = range(64, 1537, 32)
    sizes = [(w, h) for w in sides for h in sides if 0.85 * REFERENCE_PIXELS <= w * h <= REFERENCE_PIXELS]
    for width_px in range(340, 3000, 97):
        shape = VideoShape.fit(width_px, 1000, frames=9, max_frame_pixels=REFERENCE_PIXELS)
        least = min(crop(width_px / 1000, VideoShape(w, h, 9)) for w, h in sizes)
        assert crop(width_px / 1000, shape) <= least + 1e-4


@given(
    width_px=st.integers(1, 20_000),
    height_px=st.integers(1, 20_000),
    budget=st.integers(64 * 64, 1536 * 1536),
    k=st.integers(1, 32),
)
def test_any_picture_gets_an_allowed_shape(width_px: int, height_px: int, budget: int, k: int) -> None:
    """Fitting never fails and never goes over the budget, for any picture and any budget of one small frame or more."""
    shape = VideoShape.fit(width_px, height_px, frames=8 * k + 1, max_frame_pixels=budget)
    assert shape.frame_pixels <= budget
    assert shape.frames == 8 * k + 1


def test_a_given_side_is_kept_and_the_other_follows_the_picture() -> None:
    """Whoever says only how wide the video is gets exactly that width and the picture's proportions."""
    shape = VideoShape.fit(1600, 900, frames=9, max_frame_pixels=REFERENCE_PIXELS, width_px=512)
    assert (shape.width_px, shape.height_px) == (512, 288)


@pytest.mark.parametrize(
    ("changes", "code", "nearest"),
    [
        ({"width_px": 700}, ErrorCode.NOT_A_MULTIPLE, 704),
        ({"height_px": 32}, ErrorCode.OUT_OF_RANGE, 64),
        ({"width_px": 1600}, ErrorCode.OUT_OF_RANGE, 1536),
        ({"width_px": -5}, ErrorCode.OUT_OF_RANGE, 64),
        ({"frames": 160}, ErrorCode.FRAMES_NOT_8K_PLUS_1, 161),
        ({"frames": 1}, ErrorCode.OUT_OF_RANGE, 9),
        ({"frames": 265}, ErrorCode.OUT_OF_RANGE, 257),
        ({"fps": 0}, ErrorCode.OUT_OF_RANGE, 8),
        ({"fps": 120}, ErrorCode.OUT_OF_RANGE, 60),
    ],
)
def test_a_wrong_exact_value_is_refused_and_never_rounded(
    changes: dict[str, int], code: ErrorCode, nearest: int
) -> None:
    """An exact value that the model does not take is refused, with its field, and the nearest one that it takes."""
    with pytest.raises(RequestRejected) as rejected:
        VideoShape(**{"width_px": 704, "height_px": 448, "frames": 161, "fps": 24, **changes})
    [field] = changes
    assert rejected.value.code is code
    assert rejected.value.values["field"] == field.removesuffix("_px")
    assert rejected.value.values["nearest"] == nearest


@pytest.mark.parametrize("value", ["704", 704.0, True, None, math.nan])
def test_a_value_of_the_wrong_kind_is_refused(value: object) -> None:
    """What comes from a form or from JSON is refused where it is no whole number, not converted."""
    with pytest.raises(RequestRejected) as rejected:
        VideoShape(value, 448, 161)  # type: ignore[arg-type]  # the point of the test
    assert rejected.value.code is ErrorCode.NOT_A_NUMBER


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_the_nearest_frames_are_always_allowed(frames: float) -> None:
    """For any number there is a nearest allowed count of frames, and no allowed one is nearer."""
    nearest = nearest_frames(frames)
    assert nearest in range(9, 258, 8)
    if math.isfinite(frames):
        assert abs(nearest - frames) == min(abs(allowed - frames) for allowed in range(9, 258, 8))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": "x" * 2001}, ErrorCode.TEXT_TOO_LONG),
        ({"prompt": "a\x00b"}, ErrorCode.TEXT_HAS_CONTROL_CHARACTERS),
        ({"prompt": "a\ud800b"}, ErrorCode.TEXT_HAS_CONTROL_CHARACTERS),
        ({"negative_prompt": "\x1b[2J"}, ErrorCode.TEXT_HAS_CONTROL_CHARACTERS),
        ({"seed": -1}, ErrorCode.OUT_OF_RANGE),
        ({"seed": 2**32}, ErrorCode.OUT_OF_RANGE),
        ({"steps": 0}, ErrorCode.OUT_OF_RANGE),
        ({"steps": 10**9}, ErrorCode.OUT_OF_RANGE),
        ({"guidance": 0.5}, ErrorCode.OUT_OF_RANGE),
        ({"guidance": math.nan}, ErrorCode.NOT_A_NUMBER),
        ({"guidance": math.inf}, ErrorCode.OUT_OF_RANGE),
        ({"motion_strength": 1.5}, ErrorCode.OUT_OF_RANGE),
        ({"conditions": ()}, ErrorCode.NO_START_PICTURE),
    ],
)
def test_a_request_with_a_wrong_value_cannot_exist(
    make_request: MakeRequest, changes: dict[str, object], code: ErrorCode
) -> None:
    """A request is checked when it is made: one with a wrong value is refused with the field's name."""
    with pytest.raises(RequestRejected) as rejected:
        make_request(**changes)
    assert rejected.value.code is code
    assert rejected.value.values["field"] in changes


def test_an_end_picture_is_a_condition_on_the_last_frame(make_request: MakeRequest, picture: Picture) -> None:
    """The end picture is the condition that reaches the last frame; one past it is refused."""
    start, end = Condition((picture,)), Condition((picture,), frame_index=8)
    assert make_request(conditions=(start, end)).end_picture == picture
    assert make_request(conditions=(start,)).end_picture is None
    with pytest.raises(RequestRejected) as rejected:
        make_request(conditions=(start, Condition((picture,), frame_index=9)))
    assert rejected.value.code is ErrorCode.CONDITION_PAST_THE_END


def test_a_clip_has_8k_plus_1_pictures(picture: Picture) -> None:
    """A condition of several pictures is a clip of 8k + 1; any other count is refused with the nearest."""
    Condition((picture,) * 9)
    with pytest.raises(RequestRejected) as rejected:
        Condition((picture,) * 10)
    assert rejected.value.values["nearest"] == 9


@pytest.mark.parametrize(
    ("capability", "changes"),
    [
        ("negative_prompt", {"negative_prompt": "blur"}),
        ("motion_strength", {"motion_strength": 0.5}),
        ("steps", {"steps": 2}),
        ("guidance", {"guidance": 3.0}),
    ],
)
def test_an_engine_refuses_what_it_cannot_do(
    make_request: MakeRequest, capability: str, changes: dict[str, object]
) -> None:
    """What is beyond an engine's capabilities is refused by name, and taken by an engine that can."""
    unable = Capabilities(engine="e", model="m", uses_ai=True)
    with pytest.raises(RequestRejected) as rejected:
        unable.require(make_request(**{"steps": 1, **changes}))
    assert rejected.value.values["field"] == capability
    able = Capabilities(engine="e", model="m", uses_ai=True, **{capability: True})  # type: ignore[arg-type]
    able.require(make_request(**{"steps": 1, **changes}))


def test_an_engine_refuses_an_end_picture_a_clip_and_a_frame_too_large(
    make_request: MakeRequest, picture: Picture
) -> None:
    """End pictures, clips and frames above the operator's limit are refused where they are not possible."""
    unable = Capabilities(engine="e", model="m", uses_ai=True)
    start = Condition((picture,))
    clip = make_request(steps=1, conditions=(Condition((picture,) * 9),), shape=VideoShape(96, 64, 17))
    with pytest.raises(RequestRejected, match="end_picture"):
        unable.require(make_request(steps=1, conditions=(start, Condition((picture,), frame_index=8))))
    with pytest.raises(RequestRejected, match="conditions"):
        unable.require(clip)
    with pytest.raises(RequestRejected, match=r"frame_too_large.*1216x704"):
        unable.require(make_request(steps=1, shape=VideoShape(1536, 896, 9)))
    Capabilities(engine="e", model="m", uses_ai=True, extension=True).require(clip)
    Capabilities(engine="e", model="m", uses_ai=True, max_frame_pixels=1536 * 896).require(
        make_request(steps=1, shape=VideoShape(1536, 896, 9))
    )
