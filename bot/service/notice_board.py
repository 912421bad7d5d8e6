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
    """Has each new notice posted once; one that cannot be posted is skipped, and the log says so once."""

    def __init__(self, admin: Admin, board: Board, post: PostNotices, every_s: float = _EVERY_S) -> None:
        self._admin, self._board, self._post, self._every_s = admin, board, post, every_s
        self._last: int | None = None
        self._is_closed = False

    async def begin(self) -> None:
        """Take what there is already for told: only what comes from now on is posted. Raises StoreError."""
        found = await self._admin.notices_since(0)
        self._last = found[-1].id if found else 0

    async def run(self) -> None:
        """Post until the bot stops; without ``begin`` before, from now on."""
        with self._board.subscribe(None) as changes:
            while True:
                new = await self._new()
                if new:
                    if await self._told(new):
                        self._last = new[-1].id
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
