"""Limits that cost nothing to check: how often somebody may ask, in memory, before any work is done."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MAX_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may be asked for."""

    max_waiting_per_person: int
    max_waiting: int
    requests_per_minute: int
    min_free_bytes: int


class RateLimit:
    """A token bucket for each person: a minute's worth at once, then steadily.

    The least recently seen are forgotten beyond ten thousand, so that a flood of names costs no memory.
    """

    def __init__(self, per_minute: int, monotonic_s: Callable[[], float]) -> None:
        self._per_minute, self._monotonic_s = per_minute, monotonic_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, as of

    def take(self, person_id: str) -> float:
        """Return 0 and count a request, or after how many seconds the next one is let in."""
        now_s = self._monotonic_s()
        tokens, at_s = self._buckets.pop(person_id, (float(self._per_minute), now_s))
        rate = self._per_minute / 60
        tokens = min(float(self._per_minute), tokens + (now_s - at_s) * rate)
        wait_s = 0.0 if tokens >= 1 else (1 - tokens) / rate
        self._buckets[person_id] = (tokens if wait_s else tokens - 1, now_s)
        if len(self._buckets) > _MAX_KNOWN:
            self._buckets.popitem(last=False)
        return wait_s
