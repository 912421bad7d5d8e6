"""Ids as Discord makes them: milliseconds since 2015 in the upper bits, a counter in the lower."""

from collections.abc import Callable

DISCORD_EPOCH_S = 1_420_070_400
_COUNTER_BITS = 22


class Snowflakes:
    """Unique, ascending ids, whatever the clock does."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        since_epoch_ms = max(0, int((self._clock() - DISCORD_EPOCH_S) * 1000))
        self._last = max(self._last + 1, since_epoch_ms << _COUNTER_BITS)
        return self._last
