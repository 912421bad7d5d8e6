"""FixedClock: a time of day that stands still until a test moves it, either way."""


class FixedClock:
    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def move(self, seconds: float) -> None:
        """Let so many seconds pass; a negative number sets the clock back."""
        self._now_ms += round(seconds * 1000)
