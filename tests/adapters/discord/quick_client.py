"""A client of the bot's own parts that a test paces: what happens every few seconds happens at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.adapters.discord.admin_commands import admin_actions, admin_group
from bot.adapters.discord.admin_panel import QueuePanels
from bot.adapters.discord.card_painter import CardPainter
from bot.adapters.discord.client import AnimateClient
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.downloads import Downloads
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.presses import answer_presses
from bot.service.status_messages import StatusMessages
from tests.adapters.discord.conftest import Bot
from tests.loopback.discord import LoopbackDiscord

QUICK_S = 0.02


@dataclass(frozen=True)
class Quick:
    """A client that is logged in and connects; its parts are a test's to start."""

    client: AnimateClient
    desk: Desk


@asynccontextmanager
async def quick_client(bot: Bot, world: LoopbackDiscord) -> AsyncIterator[Quick]:
    """Connect in place of the bot's own adapter, which is stopped."""
    bot.running.cancel()
    await asyncio.wait({bot.running})
    await world.until(lambda: not world.gateway.is_ready)
    posts = Posts(bot.clock, lambda: None)
    cards = StatusMessages(bot.services, CardPainter(bot.services, posts, bot.clock, time.monotonic))
    desk = Desk(bot.services, cards, posts, Downloads(1_000), bot.clock, frozenset())
    client = AnimateClient(posts.use, partial(bot.services.channel_is_back, "discord"), QUICK_S)
    panels = QueuePanels(desk, QUICK_S)
    client.tree.add_command(admin_group(desk, panels))
    answer_presses(client, {**admin_actions(desk), **panels.actions})
    async with client:
        await client.login(world.token)
        connecting = asyncio.create_task(client.connect())
        await world.until_ready()
        yield Quick(client, desk)
        await client.close()
        await asyncio.wait({connecting})
