"""The notice board: what admins are to be told is posted where the operator wants it, in few messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.service.admin import Admin
from bot.service.board import QUEUE, Board, BoardClosed
from bot.service.delivery import TryLater
from bot.service.views import Notice
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

_EVERY_S = 10.0


class NoticesClosed(Exception):
    """Nothing can be posted there: its text says why."""


#: Posts notices in one message. Raises NoticesClosed, and TryLater to be given the same ones again.
PostNotices = Callable[[Sequence[Notice]], Awaitable[None]]


class NoticeBoard:
    """Has each new notice posted once; one that cannot be posted is skipped, and the log says so once.

    Up to where a channel has posted them is kept: what came while the bot was away is posted after its next start.
    """

    def __init__(self, admin: Admin, board: Board, channel: str, post: PostNotices, every_s: float = _EVERY_S) -> None:
        self._admin, self._board, self._channel, self._post, self._every_s = admin, board, channel, post, every_s
        self._last: int | None = None
        self._is_closed = False

    async def begin(self) -> None:
        """Go on where the channel has stopped; the first time ever with what comes from now on. Raises StoreError."""
        self._last = await self._admin.last_posted(self._channel)

    async def run(self) -> None:
        """Post until the bot stops; it begins by itself where nobody has had it ``begin``."""
        with self._board.subscribe(None) as changes:
            while True:
                new = await self._new()
                if new:
                    if await self._told(new):
                        await self._note(new[-1].id)
                    await asyncio.sleep(self._every_s)  # what comes meanwhile goes into one message
                    continue
                try:
                    while QUEUE not in await changes.changed():
                        continue  # a job's progress is no notice
                except BoardClosed:
                    return

    async def _new(self) -> Sequence[Notice]:
        """Return what nobody was told yet."""
        try:
            if self._last is None:
                await self.begin()
            return await self._admin.notices_since(self._last or 0)
        except StoreError as error:
            log.error("the notices could not be read", reason=str(error))
            return ()

    async def _note(self, number: int) -> None:
        self._last = number
        try:
            await self._admin.note_posted(self._channel, number)
        except StoreError as error:  # after a restart these would be posted once more: better than never
            log.error("it was not noted which notices were posted", reason=str(error))

    async def _told(self, notices: Sequence[Notice]) -> bool:
        """Post notices; return whether they need not be tried again."""
        try:
            await self._post(notices)
        except NoticesClosed as reason:
            if not self._is_closed:
                log.error("notices cannot be posted where the settings want them", reason=str(reason))
            self._is_closed = True
            return True
        except TryLater as later:
            log.info("notices will be posted later", reason=repr(later))
            return False
        self._is_closed = False
        return True
