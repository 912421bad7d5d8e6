"""The bot on Discord that is killed: the real adapter, services and database; only what renders is scripted."""

import asyncio
import hashlib
import signal
from dataclasses import replace
from pathlib import Path

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.adapters.discord.adapter import DiscordAdapter, DiscordOptions
from bot.app.core import Outside, Rules, assemble
from bot.service.clock import SystemClock
from bot.service.lifecycle import Lifecycle
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from config.settings import Settings
from generation.client import NO_LISTENER, RenderListener
from generation.models import CAMERA
from generation.picture import Picture
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.house import InstantDecoder
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.scripted_shrinker import ScriptedShrinker

#: As long as it takes until a status message is seen.
_RENDER_S = 0.3
_MAX_VIDEO_BYTES = 10 * 2**20


class UnhurriedRenderer(ScriptedRenderer):
    """The scripted renderer, which takes a moment."""

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        await asyncio.sleep(_RENDER_S)
        video = await super().render(request, out=out, max_bytes=max_bytes, listener=listener)
        return replace(video, sha256=hashlib.sha256(out.read_bytes()).hexdigest())


def point_at(api: str, gateway: str) -> None:
    """Lead this process's library to a Discord of ours."""
    Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


async def live_on_discord(settings: Settings, where: dict[str, str]) -> None:
    """Be a bot on the Discord that ``where`` names (api, gateway, token, cdn_host) until SIGTERM."""
    point_at(where["api"], where["gateway"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    clock, files, renderer = SystemClock(), JobFiles(settings.data_dir), UnhurriedRenderer()
    adapter = DiscordAdapter(DiscordOptions(where["token"], cdn_hosts={where["cdn_host"]}), clock)
    database = await asyncio.to_thread(Database.open, settings.data_dir, clock.now_ms())
    core = await assemble(
        Outside(
            database=database,
            files=files,
            decoder=InstantDecoder(Picture.from_rgb(bytes(96 * 64 * 3), 96, 64)),
            renderer=renderer,
            plan=RenderPlan(CAMERA, renderer.capabilities, _MAX_VIDEO_BYTES),
            channels={adapter.channel.name: adapter.channel},
            clock=clock,
            shrinker=ScriptedShrinker(),
        ),
        Rules.of(settings, frozenset()),
    )
    lifecycle = Lifecycle(core.machinery)
    await lifecycle.start()
    running = asyncio.create_task(adapter.run(core.services))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    await lifecycle.finish_work(0)
    await lifecycle.stop()
    running.cancel()
    await asyncio.wait({running})
    await database.close()
