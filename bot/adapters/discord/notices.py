"""Notices: what admins are to be told is posted where the operator wants it, in few messages."""

import asyncio
from collections.abc import Sequence

import aiohttp
import discord
import structlog

from bot.adapters.discord.admin_answer import fitting
from bot.adapters.discord.text import shown
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay, TokenRevoked, plain_errors
from bot.service.admin import Admin
from bot.service.board import QUEUE, Board, BoardClosed
from bot.service.delivery import TooLarge, TryLater
from bot.service.views import Notice
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

_EVERY_S = 10.0
_MAX_CHARACTERS = 1_900  # a plain message holds 2,000
_MAX_LINE_CHARACTERS = 300


class Notices:
    """Posts each new notice once; one that cannot be posted is skipped, and the log says so once."""

    def __init__(self, admin: Admin, board: Board, channel: int, every_s: float = _EVERY_S) -> None:
        self._admin, self._board, self._channel, self._every_s = admin, board, channel, every_s
        self._last: int | None = None
        self._is_closed = False

    async def begin(self) -> None:
        """Take what there is already for told: only what comes from now on is posted."""
        found = await self._admin.notices_since(0)
        self._last = found[-1].id if found else 0

    async def run(self, client: discord.Client) -> None:
        """Post until the bot stops."""
        with self._board.subscribe(None) as changes:
            while True:
                new = await self._new()
                if new:
                    if await self._post(client, new):
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

    async def _post(self, client: discord.Client, notices: Sequence[Notice]) -> bool:
        """Post notices in one message; return whether they need not be tried again."""
        lines = [f"<t:{round(notice.at_s)}:T> {shown(notice.message, _MAX_LINE_CHARACTERS)}" for notice in notices]
        text = "\n".join(fitting(lines, _MAX_CHARACTERS))
        try:
            with plain_errors():
                # The nonce makes one message of two tries.
                await client.get_partial_messageable(self._channel).send(text, nonce=f"n{notices[0].id}")
        except (NoWay, MessageGone, ContentBlocked, TooLarge) as reason:
            if not self._is_closed:
                log.error("notices cannot be posted in the channel admin_channel", reason=str(reason))
            self._is_closed = True
            return True
        except (TryLater, TokenRevoked, aiohttp.ClientError) as later:
            log.info("notices will be posted later", reason=repr(later))
            return False
        self._is_closed = False
        return True
