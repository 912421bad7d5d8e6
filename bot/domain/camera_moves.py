"""The camera moves that can be chosen by name, and the words that say them to an engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CameraMove:
    """A move by its name in options.

    ``words`` are one English sentence that a model follows, and that ``generation.engines.camera.words`` reads as this
    move, in this direction and of the usual size: so no "slowly" or "slightly" in it.
    """

    name: str
    label: str
    words: str


_MOVES = (
    CameraMove("still", "Stand still", "The camera stays completely still."),
    CameraMove("push-in", "Push in", "The camera pushes in smoothly toward the subject."),
    CameraMove(
        "pull-out", "Pull out", "The camera pulls back smoothly, and more and more of the surroundings is seen."
    ),
    CameraMove("pan-left", "Pan left", "The camera pans smoothly to the left."),
    CameraMove("pan-right", "Pan right", "The camera pans smoothly to the right."),
    CameraMove("tilt-up", "Tilt up", "The camera tilts smoothly up."),
    CameraMove("tilt-down", "Tilt down", "The camera tilts smoothly down."),
    CameraMove("orbit-left", "Orbit left", "The camera orbits smoothly to the left around the subject."),
    CameraMove("orbit-right", "Orbit right", "The camera orbits smoothly to the right around the subject."),
    CameraMove("roll-clockwise", "Roll clockwise", "The camera rolls smoothly clockwise."),
    CameraMove("roll-counterclockwise", "Roll counterclockwise", "The camera rolls smoothly counterclockwise."),
    CameraMove(
        "dolly-zoom",
        "Dolly zoom",
        "The shot is a dolly zoom: the subject keeps its size while the background stretches away behind it.",
    ),
    CameraMove("handheld", "Handheld", "The shot is handheld, with the natural sway of somebody who stands and films."),
)

#: By name, in the order in which they are offered.
CAMERA_MOVES: Mapping[str, CameraMove] = MappingProxyType({move.name: move for move in _MOVES})
