"""Pauses between tries: twice as long each time, and short again after the first success."""

import asyncio

_LONGEST_S = 60.0


class Pauses:
    """The pauses of one thing that is tried again and again."""

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self.failures = 0  # since the last success

    async def wait(self, at_least_s: float = 0.0) -> None:
        """Wait after a failure."""
        pause_s = min(self._first_s * 2 ** min(self.failures, 30), _LONGEST_S)
        self.failures += 1
        await asyncio.sleep(max(pause_s, at_least_s))

    def over(self) -> None:
        """Note a success."""
        self.failures = 0
