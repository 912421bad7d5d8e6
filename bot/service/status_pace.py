"""How fast status messages follow their jobs."""

from dataclasses import dataclass

_MOST_DOUBLINGS = 4  # of the pause after edits that failed


@dataclass(frozen=True, slots=True)
class Pace:
    """How often messages are edited, in seconds."""

    edit_every_s: float = 4.0  # of one message
    place_every_s: float = 15.0  # where only the place in the queue has moved
    places_apart_s: float = 0.2  # between two such edits, of all messages together
    look_at_places_every_s: float = 5.0
    retry_after_s: float = 5.0  # after an edit that failed, then twice as long each time
    head_start_s: float = 1.0  # for the channel to follow a new job itself, or to rename it
    edit_limit_s: float = 20.0  # for one edit, with what it waits for its turn at the platform

    def again_s(self, asked_s: float | None, failures: int) -> float:
        """Return the pause after an edit that did not arrive, and failures before it.

        What the platform asks to wait for is no failure: it takes one after the other.
        """
        if asked_s is not None:
            return max(asked_s, self.edit_every_s)
        return self.retry_after_s * 2.0 ** min(failures, _MOST_DOUBLINGS)


USUAL_PACE = Pace()
