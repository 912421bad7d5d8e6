"""SharedCommit: what many ask to have written in the same moment is written in one commit."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Batch(Generic[T]):
    """What is written together."""

    rows: list[T] = field(default_factory=list)
    is_written: bool = False


class SharedCommit(Generic[T]):
    """Collects rows while a commit is under way; the next one takes them all. Writing a row twice must be harmless."""

    def __init__(self, write: Callable[[list[T]], Awaitable[None]]) -> None:
        self._write = write
        self._collecting: _Batch[T] = _Batch()
        self._one_commit = asyncio.Lock()

    async def add(self, *rows: T) -> None:
        """Return when these rows are written. Raises what writing raises, to everybody whose rows were not."""
        batch = self._collecting
        batch.rows += rows
        async with self._one_commit:
            if batch.is_written:
                return
            if self._collecting is batch:
                self._collecting = _Batch()
            await self._write(batch.rows)
            batch.is_written = True
