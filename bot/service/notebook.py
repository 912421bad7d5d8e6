"""Notebook: what a channel must remember between two messages of a person, for a day."""

from bot.service.clock import Clock
from bot.store import notebook
from bot.store.database import Database
from bot.store.milestones import Change

#: So long an answer to a question is waited for.
KEPT_MS = 86_400_000


class Notebook:
    """Notes by channel and name; each belongs to a person, and is forgotten with them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def keep(self, channel: str, name: str, person: str, body: str) -> None:
        """Write a note about a person (``Requester.id``), in place of an older one of this name. Raises StoreError."""
        now_ms = self._clock.now_ms()
        await self._database.write(Change.NOTE, lambda tx: notebook.keep(tx, channel, name, person, body, now_ms))

    async def read(self, channel: str, name: str) -> str | None:
        """Return a note of the last day. Raises StoreError."""
        since_ms = self._clock.now_ms() - KEPT_MS
        return await self._database.read(lambda tx: notebook.read(tx, channel, name, since_ms))

    async def drop(self, channel: str, name: str) -> None:
        """Forget a note, if it is there. Raises StoreError."""
        await self._database.write(Change.NOTE, lambda tx: notebook.drop(tx, channel, name))
