"""What the virtual camera can be asked to do."""

from dataclasses import dataclass
from enum import StrEnum


class Axis(StrEnum):
    """One way to move; a clip moves along several at once. The comment says what direction +1 is."""

    ZOOM = "zoom"  # closer
    PAN = "pan"  # the view goes to the right; a truck is the same over a flat picture
    TILT = "tilt"  # the view goes up; so are pedestal, crane and jib
    ROLL = "roll"  # the camera turns clockwise, so what it sees turns counter-clockwise
    ORBIT = "orbit"  # the camera goes around the subject to its own right
    DOLLY_ZOOM = "dolly_zoom"  # the camera comes closer while the lens widens
    HANDHELD = "handheld"  # a shake; has no direction
    DRIFT = "drift"  # barely sideways, whichever way the seed says; has no direction


@dataclass(frozen=True, slots=True)
class Move:
    """One camera move.

    ``direction`` is +1 or -1, or 0 where the seed decides. ``amount`` 1 is the usual size. Moves of one ``stage``
    happen together; the stages follow each other and share the clip evenly.
    """

    axis: Axis
    direction: int = 1
    amount: float = 1.0
    stage: int = 0
