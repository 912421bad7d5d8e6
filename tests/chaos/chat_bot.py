"""The bot in a chat that is killed: a real adapter, services and database; only what renders is scripted."""

import asyncio
import hashlib
import signal
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bot.app.core import Outside, Rules, assemble
from bot.service.clock import Clock
from bot.service.delivery import Channel
from bot.service.lifecycle import Lifecycle
from bot.service.services import Services
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from bot.store.milestones import Reach
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


class Adapter(Protocol):
    """A platform's adapter."""

    @property
    def channel(self) -> Channel: ...

    async def run(self, services: Services) -> None: ...


class UnhurriedRenderer(ScriptedRenderer):
    """The scripted renderer, which takes a moment."""

    def __init__(self, render_s: float) -> None:
        super().__init__()
        self._render_s = render_s

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        await asyncio.sleep(self._render_s)
        video = await super().render(request, out=out, max_bytes=max_bytes, listener=listener)
        return replace(video, sha256=hashlib.sha256(out.read_bytes()).hexdigest())


async def live_in_chat(
    settings: Settings, adapter: Adapter, clock: Clock, reach: Reach, render_s: float = _RENDER_S
) -> None:
    """Be a bot whose only channel is this one, until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    files, renderer = JobFiles(settings.data_dir), UnhurriedRenderer(render_s)
    database = await asyncio.to_thread(Database.open, settings.data_dir, clock.now_ms(), reach)
    core = await assemble(
        Outside(
            database=database,
            files=files,
            decoder=InstantDecoder(Picture.from_rgb(bytes(96 * 64 * 3), 96, 64)),
            renderer=renderer,
            plan=RenderPlan(CAMERA, renderer.capabilities, _MAX_VIDEO_BYTES),
            channels={adapter.channel.name: adapter.channel},
            clock=clock,
            reach=reach,
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
