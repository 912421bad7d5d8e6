"""The time, as an argument, so that a test can set it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day; durations inside the process are the event loop's affair."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC; may jump either way."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
