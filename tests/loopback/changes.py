"""Waiting for a state instead of for a time: whoever changes something says so, whoever waits looks again."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 15.0

# A predicate may also look at the bot or its files, which tell nobody here when they change.
_LOOK_AGAIN_S = 0.02


class NeverHappened(AssertionError):
    """What a story waited for did not come; the text says how things stood."""


class Changes:
    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Let everyone who waits look again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, predicate: Callable[[], Found], *, limit_s: float = PATIENCE_S, about: str = "") -> Found:
        """Wait until the predicate is truthy, and give what it said.

        NeverHappened, with the state of affairs, when the limit has passed.
        """
        try:
            async with asyncio.timeout(limit_s):
                while not (found := predicate()):
                    await self._next_change()
                return found
        except TimeoutError:
            raise NeverHappened(f"not within {limit_s:g} s{': ' if about else ''}{about}\n{self._describe()}") from None

    async def _next_change(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=_LOOK_AGAIN_S)
        finally:
            self._waiting.discard(future)
