"""Inbox: what a platform has sent is committed before the platform is told so; it is forgotten once it is seen to."""

from collections.abc import Callable, Collection, Mapping, Sequence

import structlog

from bot.service.board import Board
from bot.service.clock import Clock
from bot.service.shared_commit import SharedCommit
from bot.store import inbox
from bot.store.database import Connection, Database
from bot.store.inbox import NewUpdate, OpenUpdate
from bot.store.journal import add_notice
from bot.store.milestones import Change

__all__ = ["Inbox", "NewUpdate", "OpenUpdate"]

log = structlog.get_logger(__name__)

#: After so many starts of the bot an update that never came to its end is taken for what ends the bot.
MAX_STARTS = 3


class Inbox:
    """Updates by channel and the platform's own number."""

    def __init__(self, database: Database, clock: Clock, board: Board) -> None:
        self._database, self._clock, self._board = database, clock, board
        self._handled = SharedCommit(self._empty)
        self._starts = SharedCommit(self._set_starts)

    async def keep(
        self,
        channel: str,
        updates: Sequence[NewUpdate],
        then: Callable[[list[NewUpdate]], None] = lambda _: None,
    ) -> int:
        """Commit updates, and return how many of them are new. Raises StoreError; then none is kept.

        ``then`` gets the new ones after the commit, also where the caller was cancelled meanwhile.
        """
        now_ms = self._clock.now_ms()
        new = await self._database.write(Change.INBOX, lambda tx: inbox.add(tx, channel, updates, now_ms), then)
        return len(new)

    async def open(self, channel: str, then: Callable[[list[OpenUpdate]], None] = lambda _: None) -> list[OpenUpdate]:
        """Return what nobody has seen to, in the platform's order. Raises StoreError.

        What has been begun after three starts of the bot, and came to no end, is given up, and the admins are told.
        ``then`` gets what is returned before anything that is kept later is said to be.
        """
        now_ms = self._clock.now_ms()

        def look(tx: Connection) -> tuple[list[OpenUpdate], list[OpenUpdate]]:
            found = inbox.left_open(tx, channel)
            given_up = [update for update in found if update.starts >= MAX_STARTS]
            inbox.empty(tx, [(channel, update.number) for update in given_up])
            for update in given_up:
                add_notice(tx, "inbox_given_up", {"channel": channel, "number": update.number}, now_ms)
            return [update for update in found if update.starts < MAX_STARTS], given_up

        def show(looked: tuple[list[OpenUpdate], list[OpenUpdate]]) -> None:
            for update in looked[1]:
                log.error("an update is given up: the bot ended each time", channel=channel, update=update.number)
            if looked[1]:
                self._board.queue_changed()  # there is a notice
            then(looked[0])

        return (await self._database.write(Change.INBOX_OPEN, look, show))[0]

    async def read(self, channel: str, number: int) -> str | None:
        """Return what an update says; None where it was seen to, or is forgotten. Raises StoreError."""
        return await self._database.read(lambda tx: inbox.body(tx, channel, number))

    async def still_open(self, channel: str, numbers: Collection[int]) -> set[int]:
        """Return those of the updates that are neither seen to nor forgotten with their sender. Raises StoreError."""
        return await self._database.read(lambda tx: inbox.still_open(tx, channel, numbers))

    async def done(self, channel: str, numbers: Collection[int]) -> None:
        """Note that updates were seen to, and delete what they say. Raises StoreError."""
        if numbers:
            await self._handled.add(*((channel, number) for number in numbers))

    async def set_starts(self, channel: str, starts: Mapping[int, int]) -> None:
        """Note after how many starts of the bot each of these updates was begun anew. Raises StoreError."""
        await self._starts.add((channel, starts))

    async def _empty(self, handled: Collection[tuple[str, int]]) -> None:
        await self._database.write(Change.INBOX_DONE, lambda tx: inbox.empty(tx, handled))

    async def _set_starts(self, begun: Sequence[tuple[str, Mapping[int, int]]]) -> None:
        def set_starts(tx: Connection) -> None:
            for channel, starts in begun:
                inbox.set_starts(tx, channel, starts)

        await self._database.write(Change.INBOX_BEGUN, set_starts)
