"""Mailroom: sees to everything in the inbox of a channel; each lane in order, the lanes beside each other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from bot.service.inbox import Inbox, NewUpdate, OpenUpdate
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)
T = TypeVar("T")

#: Sees to an update, given its number and its body. False: somebody holds it, and says to the inbox when it is done.
Handle = Callable[[int, str], Awaitable[bool]]

_RETRY_S = 1.0
#: So long, for all of them together, nothing is begun beside updates that may have ended the bot.
_ALONE_S = 30.0


class Mailroom:
    """Sees to the updates of one channel, until it is cancelled.

    Memory knows numbers and lanes; bodies stay on the disk until their turn. A lane goes to the end of the line after
    each of its updates, so that however many wait in one, another's next one waits for one turn of each lane.
    """

    def __init__(self, inbox: Inbox, channel: str, handle: Handle, at_once: int = 32) -> None:
        self._inbox, self._channel, self._handle, self._at_once = inbox, channel, handle, at_once
        self._lanes: dict[str, deque[int]] = {}  # what waits; a lane is here while something of it waits or is begun
        self._line: asyncio.Queue[str] = asyncio.Queue()  # lanes of which nothing is begun
        self._is_open = False  # what was left open has been lined up
        self._starts: dict[int, int] = {}  # of what was left open and waits: after how many starts it was begun
        self._begun_anew: dict[int, int] = {}  # likewise, of what is under way, or held by somebody

    async def take(self, updates: Sequence[NewUpdate]) -> None:
        """Keep updates and line up those that are new; from here on they are not lost. Raises StoreError."""
        await self._inbox.keep(self._channel, updates, self._line_up_new)

    async def run(self) -> None:
        """See to what is left from before, then to what comes, until cancelled. To be called once."""
        try:
            left = await self._written(lambda: self._inbox.open(self._channel, self._line_up_left))
            async with asyncio.TaskGroup() as work:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_ALONE_S):
                        for _ in {update.lane for update in left if update.starts}:
                            # Should the bot end now, it is this one that ends it, and nothing else is suspected.
                            await asyncio.wait((work.create_task(self._turn(self._line.get_nowait())),))
                for _ in range(self._at_once):
                    work.create_task(self._work())
        finally:
            await self._put_back()

    def _line_up_left(self, left: list[OpenUpdate]) -> None:
        self._is_open = True
        for update in sorted(left, key=lambda update: update.starts == 0):  # first what may end the bot
            self._starts[update.number] = update.starts
            self._line_up(update.lane, update.number)

    def _line_up_new(self, new: list[NewUpdate]) -> None:
        if self._is_open:  # else it is found when the inbox is opened
            for update in new:
                self._line_up(update.lane, update.number)

    def _line_up(self, lane: str, number: int) -> None:
        if lane not in self._lanes:
            self._lanes[lane] = deque()
            self._line.put_nowait(lane)
        self._lanes[lane].append(number)

    async def _work(self) -> None:
        while True:
            await self._turn(await self._line.get())

    async def _turn(self, lane: str) -> None:
        """See to the next update of a lane, and line the lane up again where there are more."""
        waiting = self._lanes[lane]
        number = waiting.popleft()
        with structlog.contextvars.bound_contextvars(update=number):
            await self._see_to(number)
        if waiting:
            self._line.put_nowait(lane)
        else:
            del self._lanes[lane]

    async def _see_to(self, number: int) -> None:
        starts = self._starts.pop(number, None)
        if starts is not None:
            self._begun_anew[number] = starts
            await self._written(lambda: self._inbox.set_starts(self._channel, {number: starts + 1}))
        if await self._written(lambda: self._handled(number)):
            await self._written(lambda: self._inbox.done(self._channel, (number,)))
            self._begun_anew.pop(number, None)

    async def _handled(self, number: int) -> bool:
        """Return whether an update is done with. Raises StoreError, for another try."""
        body = await self._inbox.read(self._channel, number)  # with each try: its sender may have been forgotten
        if body is None:
            return True
        try:
            return await self._handle(number, body)
        except StoreError:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            log.exception("an update was cancelled by its own handler")
        except Exception:  # a bug: it would be there the next time, and the others must not wait for it
            log.exception("an update broke its handler")
        return True

    async def _written(self, attempt: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Try until the database answers."""
        while True:
            try:
                return await attempt()
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
                await asyncio.sleep(_RETRY_S)

    async def _put_back(self) -> None:
        """Count no start against what was only interrupted: a stop is no death."""
        if self._begun_anew:
            try:
                await self._inbox.set_starts(self._channel, self._begun_anew)
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
