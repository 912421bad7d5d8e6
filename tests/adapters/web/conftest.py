"""The real bot behind its real page: real database, real pictures, real sockets; a test steers only what renders."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import FastAPI

from bot.adapters.web.access import LOCAL, OPERATOR, Access
from bot.adapters.web.app import make_app
from bot.adapters.web.channel import WebChannel
from bot.adapters.web.event_stream import HEARTBEAT_S
from bot.adapters.web.guard import BodyLimits
from bot.adapters.web.server import WebServer
from bot.app.core import Outside, Rules, assemble
from bot.domain.credits import Limit
from bot.service.clock import SystemClock
from bot.service.lifecycle import Lifecycle
from bot.service.limits import QueueLimits
from bot.service.quotas import QuotaLimits
from bot.service.retention import KeepRules
from bot.service.roles import Roles
from bot.service.services import Services
from bot.service.views import QueueView
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from generation.client import NO_LISTENER, RenderListener
from generation.engines import EngineSpec, make_engine
from generation.engines.engine import Phase, Progress
from generation.errors import EngineUnavailable
from generation.models import find_model
from generation.picture import Picture, PictureDecoder, PictureLimits
from generation.request import ImageToVideoRequest, RenderedVideo

TIMEOUT_S = 30.0
VIDEO = bytes(range(256)) * 40
STILL = b"\xff\xd8\xff a still"
OPERATOR_TOKEN = "operator-token-0123456789"
ANNAS_TOKEN, BENS_TOKEN = "annas-token-0123456789", "bens-token-01234567890"
MAX_PICTURE_BYTES = 300_000

RULES = Rules(
    queue=QueueLimits(max_waiting_per_person=5, max_waiting=200, requests_per_minute=60, min_free_bytes=0),
    quota=QuotaLimits(person=Limit(20_000, 20_000)),
    keep=KeepRules(pictures_days=30, videos_days=30, max_bytes=0),
    roles=Roles(frozenset({LOCAL.id, OPERATOR.id})),
    give_up_after_s=60,
    max_picture_bytes=MAX_PICTURE_BYTES,
)


class SteeredRenderer:
    """Renders nothing by itself: a test shows progress, and lets the running render end."""

    def __init__(self, failure: EngineUnavailable | None = None) -> None:
        self._failure = failure  # of its engine
        self.requests: list[ImageToVideoRequest] = []
        self._listeners: asyncio.Queue[RenderListener] = asyncio.Queue()
        self._ends: asyncio.Queue[BaseException | None] = asyncio.Queue()

    async def start(self) -> None:
        """Be ready at once, or never."""
        if self._failure is not None:
            raise self._failure

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        self.requests.append(request)
        self._listeners.put_nowait(listener)
        end = await self._ends.get()
        if end is not None:
            raise end
        out.write_bytes(VIDEO)
        shape = request.shape
        return RenderedVideo(
            out, shape.width_px, shape.height_px, shape.frames, shape.fps, len(VIDEO), "5" * 64, request.seed,
            "camera", "camera", used_ai=False, render_seconds=1.5, poster_jpeg=STILL,
        )  # fmt: skip

    async def running(self) -> RenderListener:
        """Wait for the next render to begin, and return whom it tells of its progress."""
        async with asyncio.timeout(TIMEOUT_S):
            return await self._listeners.get()

    def finish(self, error: BaseException | None = None) -> None:
        """Let one render end: with a video, or with ``error``."""
        self._ends.put_nowait(error)


class RememberingDecoder(PictureDecoder):
    """The real decoder, which starts its child process only once for the same bytes."""

    known: ClassVar[dict[bytes, Picture]] = {}

    async def decode(self, data: bytes) -> Picture:
        if data not in self.known:
            self.known[data] = await super().decode(data)
        return self.known[data]


@dataclass(frozen=True)
class Site:
    """A running bot, and a client of its page."""

    services: Services
    renderer: SteeredRenderer
    app: FastAPI
    files: JobFiles
    client: httpx.AsyncClient
    picture: bytes
    server: WebServer | None = None

    def as_person(self, token: str) -> httpx.AsyncClient:
        """Return a client that sends ``token``."""
        transport = None if self.server is not None else httpx.ASGITransport(self.app)
        return httpx.AsyncClient(
            transport=transport, base_url=self.client.base_url, headers={"Authorization": f"Bearer {token}"}
        )

    async def submit(self, client: httpx.AsyncClient | None = None, **options: str) -> Any:
        """Send a job, and return it as it was accepted."""
        answer = await (client or self.client).post("/api/jobs", files={"picture": self.picture}, data=options)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def status(self, job_id: str, wanted: str) -> Any:
        """Wait until a job has this status, as its stream of changes tells, and return it."""
        requester = (await self.services.jobs.get(LOCAL, job_id)).job.requester
        async with asyncio.timeout(TIMEOUT_S):
            with self.services.board.subscribe(None) as subscription:
                while (view := await self.services.jobs.get(requester, job_id)).job.state != wanted:
                    await subscription.changed()
        return view

    async def queue(self, is_wanted: Callable[[QueueView], bool]) -> None:
        """Wait until the queue is so."""
        async with asyncio.timeout(TIMEOUT_S):
            with self.services.board.subscribe(None) as subscription:
                while not is_wanted(self.services.queue.view()):
                    await subscription.changed()

    async def held_mcr(self) -> int:
        return (await self.services.quotas.view(LOCAL.id)).held_mcr


@dataclass(frozen=True)
class SitePlan:
    """What a test may want to be different."""

    access: Callable[[], Access] = Access
    rules: Rules = RULES
    limits: BodyLimits = field(default_factory=lambda: BodyLimits(MAX_PICTURE_BYTES, linger_s=0.5))
    host_names: Iterable[str] = ()
    engine_failure: EngineUnavailable | None = None
    heartbeat_s: float = HEARTBEAT_S
    is_served: bool = False  # over a socket; otherwise the app is called directly


OpenSite = Callable[..., Any]


@pytest.fixture
def open_site(tmp_path: Path, picture: Picture) -> OpenSite:
    """Opens a site: ``async with open_site(...) as site``, with any field of SitePlan."""

    def open_(**changes: Any) -> Any:
        return _open_site(tmp_path / "data", picture.png, replace(SitePlan(), **changes))

    return open_


@pytest.fixture
async def site(open_site: OpenSite) -> AsyncIterator[Site]:
    """A bot for whoever is on this machine; its app is called directly."""
    async with open_site() as site:
        yield site


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a state of the server that nothing tells of, as that a connection was closed."""
    async with asyncio.timeout(TIMEOUT_S):
        while not is_so():  # noqa: ASYNC110 (there is no event of it)
            await asyncio.sleep(0.005)


def people_with_tokens() -> Access:
    return Access(OPERATOR_TOKEN, [("anna", ANNAS_TOKEN), ("ben", BENS_TOKEN)])


@asynccontextmanager
async def _open_site(data_folder: Path, picture: bytes, plan: SitePlan) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        database = await asyncio.to_thread(Database.open, data_folder, SystemClock().now_ms())
        stack.push_async_callback(database.close)
        files, renderer = JobFiles(data_folder), SteeredRenderer(plan.engine_failure)
        capabilities = make_engine(EngineSpec("camera", "camera", "", "cpu")).capabilities
        decoder = await stack.enter_async_context(
            RememberingDecoder(PictureLimits(max_bytes=plan.rules.max_picture_bytes))
        )
        outside = Outside(
            database=database,
            files=files,
            decoder=decoder,
            renderer=renderer,
            plan=RenderPlan(find_model("camera"), capabilities, 10_000_000),
            channels={WebChannel.name: WebChannel()},
        )
        core = await assemble(outside, plan.rules)
        lifecycle = Lifecycle(core.machinery)
        await lifecycle.start()
        stack.push_async_callback(lifecycle.stop)
        stack.push_async_callback(lifecycle.finish_work, 0)
        app = make_app(
            core.services, plan.access(), host_names=plan.host_names, limits=plan.limits, heartbeat_s=plan.heartbeat_s
        )
        server = None
        if plan.is_served:
            server = WebServer("127.0.0.1", 0)
            await server.start(app)
            stack.push_async_callback(server.stop)
        transport = None if server is not None else httpx.ASGITransport(app)
        url = "http://localhost" if server is None else server.address
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=url))
        yield Site(core.services, renderer, app, files, client, picture, server)


# --- the whole bot, in a process of its own


@dataclass(frozen=True, slots=True)
class WebBot:
    """A bot that was started as an operator starts it."""

    url: str
    operator_token: str
    process: asyncio.subprocess.Process


@pytest.fixture
async def web_bot(tmp_path: Path) -> AsyncIterator[WebBot]:
    """``animate-bot run`` with the camera engine, its data in ``tmp_path``; a token is needed."""
    async with running_bot(tmp_path, {"ANIMATE_WEB__TOKEN": OPERATOR_TOKEN}) as bot:
        yield bot


@asynccontextmanager
async def running_bot(folder: Path, settings: dict[str, str]) -> AsyncIterator[WebBot]:
    """Run the bot until the block ends; it is stopped as a service manager stops it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ANIMATE_")}
    environ |= {
        "ANIMATE_DATA_DIR": str(folder),
        "ANIMATE_GENERATION__ENGINE": "camera",
        "ANIMATE_RETENTION__MIN_FREE_BYTES": "0",
        "ANIMATE_SHUTDOWN__GRACE_S": "0",
        "ANIMATE_WEB__PORT": "0",
        **settings,
    }
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", stdout=PIPE, stderr=log, env=environ, cwd=folder
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            line = (await process.stdout.readline()).decode()
        assert "http://" in line, (folder / "log").read_text()
        url = line[line.index("http://") :].split("#")[0].strip()
        yield WebBot(url, environ.get("ANIMATE_WEB__TOKEN", ""), process)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def progress(step: int, steps: int = 10) -> Progress:
    return Progress(Phase.DRAW, step, steps)
