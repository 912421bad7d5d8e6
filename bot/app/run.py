"""``animate-bot run``: every channel in one event loop, from the settings to the last answer."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

import structlog

from bot.adapters.web.access import Access
from bot.adapters.web.app import make_app
from bot.adapters.web.channel import WebChannel
from bot.adapters.web.hosts import is_loopback
from bot.adapters.web.server import CannotListen, WebServer
from bot.adapters.web.token_file import FILE_NAME as TOKEN_FILE
from bot.adapters.web.token_file import operator_token
from bot.app.chats import make_chats
from bot.app.core import Outside, Rules, StartableRenderer, assemble
from bot.app.studio import engine_choice, local_renderer, picture_decoder, video_shrinker
from bot.domain.messages import sentence
from bot.domain.options import model_within
from bot.domain.refusal_words import cannot_listen
from bot.service.animator import Decoder
from bot.service.clock import SystemClock
from bot.service.lifecycle import Lifecycle
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from bot.store.milestones import Reach, nobody_listens
from config.errors import Problem, SettingsError
from config.settings import Settings
from generation.engines import make_engine

log = structlog.get_logger(__name__)

#: So long a page that was told to hurry may take, to notice that everybody has gone.
_HURRIED_S = 0.5


async def run_bot(
    settings: Settings,
    environ: Mapping[str, str],
    announce: Callable[[str], None],
    *,
    engine: "Engine | None" = None,
    reach: Reach = nobody_listens,
) -> None:
    """Run until SIGTERM or SIGINT; a second one stops at once. ``announce`` gets the line that says where the page is.

    ``engine`` stands in for the one of the settings. Raises SettingsError, StoreError, EngineUnavailable, and OSError
    where the address is taken or not ours, before anything is served; later ChannelClosed, where a platform takes this
    bot no more: what was accepted is kept for the next start.
    """
    chats = make_chats(settings)
    if not settings.web.enabled and not chats:
        raise SettingsError([Problem("web.enabled", "", "is false, and there is no other channel: nobody could ask")])
    if chats.webhooks and not settings.web.enabled:
        raise SettingsError([Problem("telegram.webhook_url", "", "needs the page, on whose port it is: web.enabled")])
    async with AsyncExitStack() as stack:
        signals = stack.enter_context(_Signals())
        database = await asyncio.to_thread(Database.open, settings.data_dir, SystemClock().now_ms(), reach)
        stack.push_async_callback(database.close)
        server = _listen(settings) if settings.web.enabled else None
        if server is not None:
            stack.push_async_callback(_stop_page, server, signals.hurry)
        doorway = await asyncio.to_thread(_doorway, settings)
        if engine is None:
            engine = await stack.enter_async_context(_engine(settings, environ))
        outside = Outside(
            database=database,
            files=await asyncio.to_thread(JobFiles, settings.data_dir),
            decoder=engine.decoder,
            renderer=engine.renderer,
            plan=engine.plan,
            channels={WebChannel.name: WebChannel(), **chats.deliveries},
            shrinker=video_shrinker(settings, environ),
            reach=reach,
        )
        core = await assemble(outside, Rules.of(settings, frozenset({doorway.access.operator.id})))
        lifecycle = Lifecycle(core.machinery, signals.hurry)
        stack.push_async_callback(chats.stop)  # after the lifecycle has stopped: the last answers go through them
        stack.push_async_callback(lifecycle.stop)
        await lifecycle.start()
        chats.start(core.services)
        if server is not None:
            app = make_app(core.services, doorway.access, host_names=doorway.host_names, webhooks=chats.webhooks)
            await server.start(app)
        announce("animate-bot runs without its page" if server is None else _where(server, doorway))
        await _until(signals.stop.wait(), lifecycle.failure(), chats.failure())
        log.info("stopping", grace_s=settings.shutdown.grace_s)
        await lifecycle.finish_work(settings.shutdown.grace_s)
    log.info("stopped")


@dataclass(frozen=True, slots=True)
class Engine:
    """What opens pictures and what renders, and what it is asked with."""

    decoder: Decoder
    renderer: StartableRenderer
    plan: RenderPlan


@asynccontextmanager
async def _engine(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Engine]:
    choice = await asyncio.to_thread(engine_choice, settings, environ)
    if choice.why_not_ltx is not None:
        log.warning("the camera engine runs, without any AI model", reason=sentence(choice.why_not_ltx))
    async with local_renderer(settings, environ, choice) as renderer, picture_decoder(settings) as decoder:
        capabilities = make_engine(choice.spec).capabilities
        model = model_within(choice.model, capabilities)
        plan = RenderPlan(model, capabilities, settings.generation.max_video_bytes)
        yield Engine(decoder, renderer, plan)


@dataclass(frozen=True, slots=True)
class _Doorway:
    """How people come to the page."""

    access: Access
    host_names: tuple[str, ...]
    new_token: str  # the operator's, where it was made just now; it is shown this once


def _listen(settings: Settings) -> WebServer:
    """Return the page's server, its address held. Raises OSError, which names it and says what to do."""
    try:
        return WebServer(settings.web.host, settings.web.port)
    except CannotListen as error:
        address = f"{error.host}:{error.port}"
        raise OSError(error.errno, cannot_listen(str(error.strerror)), address) from error


def _doorway(settings: Settings) -> _Doorway:
    """Return who may come in. A page that others can reach, or that tells people apart, has an operator's token."""
    web = settings.web
    token = "" if web.token is None else web.token.get_secret_value()
    named = [(name, secret.get_secret_value()) for name, secret in web.tokens]
    is_new = False
    if not token and (named or web.hosts or not is_loopback(web.host)):
        token, is_new = operator_token(settings.data_dir)
        if not is_new:
            log.info("the operator's token is in the data folder", file=str(settings.data_dir / TOKEN_FILE))
    return _Doorway(Access(token, named), (*web.hosts, web.host), token if is_new else "")


def _where(server: WebServer, doorway: _Doorway) -> str:
    link = f"{server.address}#token={quote(doorway.new_token, safe='')}" if doorway.new_token else server.address
    return f"animate-bot is at {link}"


async def _stop_page(server: WebServer, hurry: asyncio.Event) -> None:
    """Let the page's answers be finished, unless a second signal comes or has come."""
    ending, hurrying = asyncio.create_task(server.stop()), asyncio.create_task(hurry.wait())
    await asyncio.wait((ending, hurrying), return_when=asyncio.FIRST_COMPLETED)
    if not ending.done():
        server.hang_up()
        await asyncio.wait((ending,), timeout=_HURRIED_S)
    for task in (ending, hurrying):
        task.cancel()
    await asyncio.wait((ending, hurrying))
    if not ending.cancelled():
        ending.result()


async def _until(*ends: Coroutine[Any, Any, object]) -> None:
    """Return when the first of these has ended; raise what it raised."""
    waiting = [asyncio.create_task(end) for end in ends]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()
    finally:
        for end in waiting:
            end.cancel()
        await asyncio.wait(waiting)


class _Signals:
    """SIGTERM and SIGINT as events: the first asks for a stop, the second for a quick one."""

    def __init__(self) -> None:
        self.stop, self.hurry = asyncio.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def _note(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()
