"""How the virtual camera travels over time."""

import math
from itertools import pairwise

import pytest

from generation.engines.camera.moves import Axis, Move
from generation.engines.camera.path import Pose, ease, plan_path
from generation.engines.camera.words import GENTLE_PUSH
from generation.request import VideoShape

SHAPE = VideoShape(704, 448, frames=121)


def path(*moves: Move, seed: int = 1, motion_strength: float | None = None, shape: VideoShape = SHAPE) -> list[Pose]:
    return list(plan_path(moves, shape, seed=seed, motion_strength=motion_strength))


def test_easing_starts_and_ends_at_rest_and_is_steady_between() -> None:
    """Speed grows from nothing, is constant in the middle of the way and falls to nothing; it never turns around."""
    ways = [ease(n / 1000) for n in range(1001)]
    speeds = [b - a for a, b in pairwise(ways)]
    assert ways[0] == 0
    assert ways[-1] == 1
    assert min(speeds) >= 0
    assert max(speeds[0], speeds[-1]) < 0.001 * max(speeds)
    assert max(speeds[320:680]) == pytest.approx(min(speeds[320:680]))
    assert max(abs(b - a) for a, b in pairwise(speeds)) < 0.01 * max(speeds)


def test_no_moves_are_no_motion() -> None:
    """A camera that is to stand still has the same pose in every frame."""
    assert set(path()) == {Pose()}


@pytest.mark.parametrize(
    ("axis", "field", "sign"),
    [
        (Axis.ZOOM, "zoom", 1),
        (Axis.PAN, "right", 1),
        (Axis.TILT, "down", -1),
        (Axis.ROLL, "roll_rad", 1),
        (Axis.ORBIT, "orbit_rad", 1),
        (Axis.DOLLY_ZOOM, "lens", 1),
    ],
)
def test_each_move_goes_one_way_and_its_opposite_the_other(axis: Axis, field: str, sign: int) -> None:
    """A move changes its own part of the pose steadily, in the direction asked for."""
    for direction in (1, -1):
        steps = [
            direction * sign * (getattr(b, field) - getattr(a, field)) for a, b in pairwise(path(Move(axis, direction)))
        ]
        assert min(steps) >= 0
        assert sum(steps) > 0


def test_the_same_seed_gives_the_same_path() -> None:
    """What the seed decides, it decides every time in the same way."""
    moves = (Move(Axis.HANDHELD), Move(Axis.ORBIT, 0), *GENTLE_PUSH)
    assert path(*moves, seed=7) == path(*moves, seed=7)


@pytest.mark.parametrize("moves", [GENTLE_PUSH, (Move(Axis.HANDHELD),)])
def test_another_seed_gives_another_path(moves: tuple[Move, ...]) -> None:
    """Shake and drift differ from seed to seed."""
    assert path(*moves, seed=1) != path(*moves, seed=2)


def test_the_seed_takes_the_side_where_nobody_said_it() -> None:
    """Some seeds orbit to the left, others to the right; a side that was asked for is always kept."""
    free = {path(Move(Axis.ORBIT, 0), seed=seed)[-1].orbit_rad > 0 for seed in range(20)}
    asked = {path(Move(Axis.ORBIT, 1), seed=seed)[-1].orbit_rad > 0 for seed in range(20)}
    assert free == {True, False}
    assert asked == {True}


def test_a_word_more_leaves_the_seeds_choices_alone() -> None:
    """Adding a zoom to a hand-held shot does not change the shake."""
    plain, zoomed = path(Move(Axis.HANDHELD)), path(Move(Axis.HANDHELD), Move(Axis.ZOOM))
    assert [p.right for p in plain] == [p.right for p in zoomed]


@pytest.mark.parametrize("axis", [Axis.ZOOM, Axis.PAN, Axis.ROLL, Axis.ORBIT, Axis.DOLLY_ZOOM, Axis.HANDHELD])
def test_motion_strength_scales_every_move(axis: Axis) -> None:
    """Strength 0 hardly moves but moves, 1 moves most, and the usual lies between; so do the steps on the way."""

    def travelled(strength: float | None) -> float:
        poses = path(Move(axis), motion_strength=strength)
        return sum(
            abs(math.log(b.zoom / a.zoom))
            + abs(b.right - a.right)
            + abs(b.roll_rad - a.roll_rad)
            + abs(b.orbit_rad - a.orbit_rad)
            + abs(b.lens - a.lens)
            for a, b in pairwise(poses)
        )

    ways = [travelled(strength) for strength in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert ways == sorted(ways)
    assert 0 < ways[0] < 0.25 * travelled(None)
    assert travelled(None) == pytest.approx(ways[2])
    assert ways[4] > 1.5 * travelled(None)


def test_a_short_clip_goes_less_far_than_a_long_one() -> None:
    """A clip of one second does not rush through the move of one of seven."""
    short, long = (path(Move(Axis.PAN), shape=VideoShape(704, 448, frames))[-1].right for frames in (25, 161))
    assert 0 < short < 0.6 * long


def test_stages_follow_each_other() -> None:
    """A move of the second stage starts when the first one has come to rest."""
    poses = path(Move(Axis.PAN, 1, stage=0), Move(Axis.ZOOM, 1, stage=1))
    half = len(poses) // 2
    assert {p.zoom for p in poses[: half + 1]} == {1.0}
    assert len({p.right for p in poses[half:]}) == 1
    assert poses[-1].zoom > 1
    assert poses[half].right > poses[0].right


def test_nothing_asked_for_goes_beyond_what_a_picture_bears() -> None:
    """However often and strongly a move is asked for, it stays within a few degrees and less than twice the size."""
    wild = [Move(axis, 1, 10.0, stage) for axis in Axis for stage in range(4)]
    poses = path(*wild, motion_strength=1.0)
    assert max(math.degrees(p.roll_rad) for p in poses) < 25
    assert max(abs(math.degrees(p.orbit_rad)) for p in poses) < 30
    zoomed = path(Move(Axis.ZOOM, 1, 10.0), motion_strength=1.0)
    assert zoomed[-1].zoom / zoomed[0].zoom < 2


def test_a_roll_starts_upright() -> None:
    """The first frame of a roll shows the picture as it is."""
    assert path(Move(Axis.ROLL))[0] == Pose()


def test_a_shake_is_smooth() -> None:
    """A hand moves the camera without jumps: from frame to frame its speed changes by less than its range allows."""
    right = [p.right for p in path(Move(Axis.HANDHELD))]
    speeds = [b - a for a, b in pairwise(right)]
    swing = max(right) - min(right)
    assert max(abs(s) for s in speeds) < 0.2 * swing
    assert max(abs(b - a) for a, b in pairwise(speeds)) < 0.1 * swing


@pytest.mark.parametrize(
    ("axis", "field"), [(Axis.PAN, "right"), (Axis.TILT, "down"), (Axis.DRIFT, "right"), (Axis.ORBIT, "orbit_rad")]
)
def test_sideways_moves_lie_evenly_around_the_centre(axis: Axis, field: str) -> None:
    """A pan starts as far on one side of the picture's centre as it ends on the other, so that least is cropped."""
    poses = path(Move(axis))
    first, last = getattr(poses[0], field), getattr(poses[-1], field)
    assert first == pytest.approx(-last)
    assert first != 0


def test_a_pan_uses_the_room_of_a_wide_picture() -> None:
    """Where the picture is wider than the frame, a pan crosses a good part of what the frame does not show."""
    move = (Move(Axis.PAN),)
    narrow = plan_path(move, SHAPE, seed=1)
    wide = plan_path(move, SHAPE, seed=1, room=(1.0, 0.0))
    assert wide[-1].right - wide[0].right > narrow[-1].right - narrow[0].right + 0.5
