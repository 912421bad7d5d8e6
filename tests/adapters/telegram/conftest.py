"""The real bot on a Telegram of our own: real library, real services and database; a test steers what renders."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.limiter import Rate, Rates
from bot.adapters.telegram.options import TelegramOptions
from bot.app.core import Outside, Rules, assemble
from bot.service.animator import Decoder
from bot.service.lifecycle import Lifecycle
from bot.service.roles import Roles
from bot.service.status_messages import Pace
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from bot.store.milestones import Reach, nobody_listens
from generation.models import CAMERA
from generation.picture import Picture
from tests.adapters.bot_in_hand import BotInHand
from tests.adapters.telegram.scenes import Harbour, harbour
from tests.loopback.clock import FixedClock
from tests.loopback.house import GENEROUS, PATIENCE_S, InstantDecoder
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.scripted_shrinker import ScriptedShrinker
from tests.loopback.telegram import LoopbackTelegram

#: The bot's own pace, a hundred times as fast: what matters is the order of things.
FAST = Pace(0.04, 0.15, 0.002, 0.05, 0.013)
#: No waiting for turns, but for tests of the turns themselves.
NO_LIMITS = Rates(Rate(1_000, 0.001), Rate(1_000, 0.001), Rate(1_000, 0.001))
PLACE_RULES = replace(GENEROUS, max_picture_bytes=300_000)


Bot = BotInHand[TelegramAdapter]
OpenBot = Callable[..., AbstractAsyncContextManager[Bot]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def telegram(clock: FixedClock) -> AsyncIterator[LoopbackTelegram]:
    """A Telegram on this machine; what it is sent must fit Telegram's own description."""
    async with LoopbackTelegram.open(clock=lambda: clock.now_ms() / 1000) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest.fixture
def scene(telegram: LoopbackTelegram) -> Harbour:
    """Anna and Ben, each with a private chat, and together in a group and in a forum."""
    return harbour(telegram)


def quick(telegram: LoopbackTelegram, **changes: object) -> TelegramOptions:
    """Return the options of a bot on this Telegram that waits for nothing long."""
    usual = TelegramOptions(
        telegram.token, telegram.base_url, pace=FAST, rates=NO_LIMITS, poll_s=5, pause_s=0.01, album_wait_s=0.05
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # a test may name any option


@pytest.fixture
def open_bot(tmp_path: Path, telegram: LoopbackTelegram, picture: Picture, clock: FixedClock) -> OpenBot:
    """Start a bot; the same folder again is the same bot after a restart."""

    @asynccontextmanager
    async def open_bot(
        *,
        rules: Rules = PLACE_RULES,
        renderer: ScriptedRenderer | None = None,
        options: TelegramOptions | None = None,
        decoder: Decoder | None = None,
        works: bool = True,
        is_online: bool = True,
        reach: Reach = nobody_listens,
        files: type[JobFiles] = JobFiles,
    ) -> AsyncIterator[Bot]:
        renderer, shrinker = renderer or ScriptedRenderer(), ScriptedShrinker()
        adapter = TelegramAdapter(options or quick(telegram), clock)
        database = await asyncio.to_thread(Database.open, tmp_path, clock.now_ms(), reach)
        job_files = files(tmp_path)
        core = await assemble(
            Outside(
                database=database,
                files=job_files,
                decoder=decoder or InstantDecoder(picture),
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
                async with asyncio.timeout(PATIENCE_S):
                    await adapter.until_ready()
            yield Bot(core, adapter, running, database, job_files, renderer, shrinker, clock, lifecycle)
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
    """Return the rules with these people of Telegram's as admins of the bot; the options name them as well."""
    return replace(rules, roles=Roles(frozenset(f"telegram:{number}" for number in ids)))
