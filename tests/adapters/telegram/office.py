"""The admins' chat: notices that are posted without the usual pause, by a line of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.adapters.telegram.notices import notice_board
from bot.adapters.telegram.posts import Posts
from bot.service.services import Services
from tests.adapters.telegram.conftest import Bot
from tests.adapters.telegram.line import open_line
from tests.loopback.telegram import Group, LoopbackTelegram

_QUICK_S = 0.01


@dataclass(frozen=True)
class _Desk:
    """As much of a desk as notices need."""

    services: Services
    posts: Posts


@asynccontextmanager
async def noticed(telegram: LoopbackTelegram, bot: Bot, room: Group) -> AsyncIterator[None]:
    """Post in a chat what admins are to be told from now on."""
    async with open_line(telegram) as line:
        desk: Any = _Desk(bot.services, line.posts)
        notices = notice_board(desk, room.id, _QUICK_S)
        await notices.begin()
        task = asyncio.create_task(notices.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
