"""The real bot on a Discord of our own: real discord.py, real services and database; a test steers what renders."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import discord
import pytest
import yarl

from bot.adapters.discord.adapter import DiscordAdapter, DiscordOptions
from bot.app.core import Outside, Rules, assemble
from bot.service.lifecycle import Lifecycle
from bot.service.roles import Roles
from bot.service.status_messages import Pace
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from generation.models import CAMERA
from generation.picture import Picture
from tests.adapters.bot_in_hand import BotInHand
from tests.adapters.discord.scenes import Harbour, harbour
from tests.loopback.clock import FixedClock
from tests.loopback.discord import LoopbackDiscord
from tests.loopback.house import GENEROUS, InstantDecoder
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.scripted_shrinker import ScriptedShrinker

#: The bot's own pace, a hundred times as fast: what matters is the order of things.
FAST = Pace(0.04, 0.15, 0.002, 0.05, head_start_s=0.01)
FAST_CHANNEL_S = 0.013
PICTURE = b"a picture, as any other"
#: Who the bot's operator is on Discord.
OPERATOR = "operator"
PLACE_RULES = replace(GENEROUS, max_picture_bytes=300_000)


Bot = BotInHand[DiscordAdapter]
OpenBot = Callable[..., AbstractAsyncContextManager[Bot]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def world(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackDiscord]:
    """A Discord to which the library's addresses lead; what it is sent must fit Discord's own schema."""
    async with LoopbackDiscord.open(clock=lambda: clock.now_ms() / 1000) as world:
        monkeypatch.setattr(discord.http.Route, "BASE", world.api)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(world.gateway_url))
        yield world
    assert world.violations == []
    assert world.protocol_errors == []


@pytest.fixture
def scene(world: LoopbackDiscord) -> Harbour:
    """A server with a channel, in which Anna and Ben are."""
    return harbour(world)


@pytest.fixture
def open_bot(tmp_path: Path, world: LoopbackDiscord, picture: Picture, clock: FixedClock) -> OpenBot:
    """Start a bot; the same folder again is the same bot after a restart."""

    @asynccontextmanager
    async def open_bot(
        *,
        rules: Rules = PLACE_RULES,
        renderer: ScriptedRenderer | None = None,
        options: DiscordOptions | None = None,
        works: bool = True,
        is_online: bool = True,
    ) -> AsyncIterator[Bot]:
        renderer, shrinker = renderer or ScriptedRenderer(), ScriptedShrinker()
        options = options or DiscordOptions(
            world.token, cdn_hosts={world.cdn_host}, pace=FAST, channel_every_s=FAST_CHANNEL_S, pause_s=0.01
        )
        adapter = DiscordAdapter(options, clock)
        database = await asyncio.to_thread(Database.open, tmp_path, clock.now_ms())
        files = JobFiles(tmp_path)
        core = await assemble(
            Outside(
                database=database,
                files=files,
                decoder=InstantDecoder(picture),
                renderer=renderer,
                plan=RenderPlan(CAMERA, renderer.capabilities, 10_000_000),
                channels={adapter.channel.name: adapter.channel},
                clock=clock,
                monotonic_s=lambda: clock.now_ms() / 1000,
                shrinker=shrinker,
            ),
            rules,
        )
        lifecycle = Lifecycle(core.machinery)
        if works:
            await lifecycle.start()
        else:
            await core.machinery.queue.load()
        running = asyncio.create_task(adapter.run(core.services))
        try:
            if is_online:
                await world.until_ready()
            yield Bot(core, adapter, running, database, files, renderer, shrinker, clock, lifecycle)
        finally:
            renderer.release()
            await lifecycle.finish_work(0)
            await lifecycle.stop()
            running.cancel()
            await asyncio.wait({running})
            await database.close()

    return open_bot


@pytest.fixture
async def bot(open_bot: OpenBot) -> AsyncIterator[Bot]:
    async with open_bot() as bot:
        yield bot


def with_admins(rules: Rules, *ids: int) -> Rules:
    """Return the rules with these people of Discord's as admins of the bot."""
    return replace(rules, roles=Roles(frozenset(f"discord:{number}" for number in ids)))
