"""From moves to one camera pose a frame: how far, how fast, which way where nobody said it."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from generation.engines.camera.moves import Axis, Move
from generation.request import VideoShape

# What a move of amount 1 covers in a clip of _USUAL_SECONDS.
_ZOOM_LOG = math.log(1.25)
_PAN_FRAMES = 0.14  # of the frame's width; a tilt: of its height
_ROLL_RAD = math.radians(7)
_ORBIT_RAD = math.radians(22)
_LENS = 0.28
_DRIFT_FRAMES = 0.018
_SHAKE_FRAMES = 0.009  # of the frame's width; its widest sway is about twice that
_SHAKE_RAD = math.radians(0.35)

#: A wide picture in a narrow frame: a pan crosses this share of what the frame does not show.
_ROOM_USED = 0.7
_MAX_ROOM_FRAMES = 1.0

_USUAL_SECONDS = 5.0
_MAX_AMOUNT = 2.5  # at most a zoom of 1.75, a roll of 17.5 and an orbit of 55 degrees
_EASE = 0.3  # of a move's time goes into getting up to speed, and as much into slowing down

# A hand's tremble is about 1/f: slow sway below 1 Hz, little above 3 Hz.
_SHAKE_HZ = (0.35, 0.6, 0.95, 1.45, 2.2)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the virtual camera is: the picture hangs in front of it on a wall, upright and centred.

    ``right`` and ``down`` are in frame widths and heights of the unzoomed frame.
    """

    zoom: float = 1.0
    right: float = 0.0
    down: float = 0.0
    roll_rad: float = 0.0  # clockwise
    orbit_rad: float = 0.0  # around the upright axis through the wall, to the camera's right
    lens: float = 0.0  # 0: straight; more: the frame's edges see farther out than its centre


def plan_path(
    moves: tuple[Move, ...],
    shape: VideoShape,
    *,
    seed: int,
    motion_strength: float | None = None,
    room: tuple[float, float] = (0.0, 0.0),
) -> tuple[Pose, ...]:
    """Return one pose a frame, eased in and out; the same arguments give the same poses.

    ``motion_strength`` is 0 (hardly moves) to 1 (strong), None the usual. ``room`` says how much more than the frame
    the picture holds, in frame widths and heights; pans and tilts use it. The poses do not yet know about the picture's
    edges: ``view.View`` comes closer until none is seen.
    """
    chance = random.Random(seed)  # noqa: S311  (a picture's drift, not a secret; stable across versions and machines)
    # Drawn whether needed or not, so that one word more in the prompt does not turn everything else around.
    drift_angle = chance.uniform(0, 2 * math.pi)
    sides = {axis: 1 if chance.random() < 0.5 else -1 for axis in Axis}
    shake = _Shake(chance)
    directed = [Move(m.axis, m.direction or sides[m.axis], m.amount, m.stage) for m in moves]
    scale = _strength_scale(motion_strength)
    pace = min(max(math.sqrt(shape.seconds / _USUAL_SECONDS), 0.5), 1.3)
    aspect = shape.width_px / shape.height_px
    stages = 1 + max((move.stage for move in moves), default=0)

    travelled = {axis: [0.0] * shape.frames for axis in Axis}
    for move in directed:
        amount = move.direction * move.amount * scale
        for frame in range(shape.frames):
            # A shake goes on all the time. Everything else goes less far in a short clip, else it would rush.
            progress = frame / (shape.frames - 1) * stages - move.stage
            share = 1.0 if move.axis is Axis.HANDHELD else pace * ease(progress)
            travelled[move.axis][frame] += amount * share
    travelled = {axis: _within_reach(way) for axis, way in travelled.items()}
    poses = []
    for frame in range(shape.frames):
        here = {axis: way[frame] for axis, way in travelled.items()}
        poses.append(_pose(here, aspect, room, drift_angle, shake.at(frame / shape.fps)))
    return _centred(poses)


def ease(progress: float) -> float:
    """Return how much of the way is covered: 0 to 1, starting and ending at rest, steady in between.

    The speed rises and falls as half a cosine, so that neither it nor the acceleration jumps.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress > 0.5:
        return 1 - ease(1 - progress)
    if progress >= _EASE:
        return (progress - _EASE / 2) / (1 - _EASE)
    return (progress - _EASE / math.pi * math.sin(math.pi * progress / _EASE)) / 2 / (1 - _EASE)


class _Shake:
    """The sway of a hand-held camera over time: right, down and roll, each within -2.4..2.4."""

    def __init__(self, chance: random.Random) -> None:
        self._waves = [
            [(hz * chance.uniform(0.8, 1.25), chance.uniform(0, 2 * math.pi)) for hz in _SHAKE_HZ] for _ in range(3)
        ]

    def at(self, seconds: float) -> tuple[float, float, float]:
        right, down, roll = (
            sum(_SHAKE_HZ[0] / hz * math.sin(2 * math.pi * hz * seconds + phase) for hz, phase in waves)
            for waves in self._waves
        )
        return right, down, roll


def _strength_scale(motion_strength: float | None) -> float:
    if motion_strength is None:
        return 1.0
    if motion_strength < 0.5:
        return 0.12 + 1.76 * motion_strength
    return 1 + 1.6 * (motion_strength - 0.5)


def _within_reach(travelled: list[float]) -> list[float]:
    """Shorten a way that adverbs, strength and repetition have made too long."""
    span = max(0.0, *travelled) - min(0.0, *travelled)
    return [way * _MAX_AMOUNT / span for way in travelled] if span > _MAX_AMOUNT else travelled


def _pose(
    travelled: Mapping[Axis, float],
    aspect: float,
    room: tuple[float, float],
    drift_angle: float,
    shake: tuple[float, float, float],
) -> Pose:
    handheld = travelled[Axis.HANDHELD]
    drift = travelled[Axis.DRIFT] * _DRIFT_FRAMES
    pan_frames = _PAN_FRAMES + _ROOM_USED * min(room[0], _MAX_ROOM_FRAMES)
    tilt_frames = _PAN_FRAMES + _ROOM_USED * min(room[1], _MAX_ROOM_FRAMES)
    roll_rad = travelled[Axis.ROLL] * _ROLL_RAD
    # Coming closer as it rolls, the camera starts with the whole picture and never sees past a corner.
    roll_zoom = math.cos(roll_rad) + max(aspect, 1 / aspect) * abs(math.sin(roll_rad))
    return Pose(
        zoom=math.exp(travelled[Axis.ZOOM] * _ZOOM_LOG) * roll_zoom,
        right=travelled[Axis.PAN] * pan_frames
        + abs(drift) * math.cos(drift_angle)
        + handheld * _SHAKE_FRAMES * shake[0],
        down=-travelled[Axis.TILT] * tilt_frames
        + abs(drift) * math.sin(drift_angle)
        + handheld * _SHAKE_FRAMES * shake[1] * aspect,
        roll_rad=roll_rad + handheld * _SHAKE_RAD * shake[2],
        orbit_rad=travelled[Axis.ORBIT] * _ORBIT_RAD,
        lens=travelled[Axis.DOLLY_ZOOM] * _LENS,
    )


def _centred(poses: list[Pose]) -> tuple[Pose, ...]:
    """Let what a pan crosses lie evenly around the picture's centre, and the lens bend no further than it must."""

    def middle(values: list[float]) -> float:
        return (min(values) + max(values)) / 2

    right, down = middle([p.right for p in poses]), middle([p.down for p in poses])
    orbit_rad, lens = middle([p.orbit_rad for p in poses]), min(p.lens for p in poses)
    return tuple(
        Pose(p.zoom, p.right - right, p.down - down, p.roll_rad, p.orbit_rad - orbit_rad, p.lens - lens) for p in poses
    )
