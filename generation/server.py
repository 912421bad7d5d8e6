"""The render server: a small ASGI app around one engine.

``POST /generate`` renders and streams (see ``generation.wire``); closing the connection is the cancel. ``GET /health``
says what the engine is and whether it is ready. The same app runs as the bot's own child and on other machines.

One thread renders, so that renders are serial and one CUDA context stays with one thread. A render that ignores its
cancel for ``cancel_grace_s`` ends the process: two renders on one card would be worse than a restart.
"""

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from generation.engines.engine import Engine, Phase, Progress
from generation.errors import ErrorCode, GenerationError, RenderBusy, RequestRejected
from generation.job import RenderJob
from generation.wire import MAX_BODY_BYTES, VideoHeader, pack_error, pack_line, unpack_request

log = logging.getLogger(__name__)

#: sysexits' EX_SOFTWARE: an engine that could not be stopped.
STUCK_EXIT_CODE = 70
_LINE_INTERVAL_S = 0.5
_TICKS_A_STILL = 4
_FILE_CHUNK_BYTES = 256 * 1024

_STATUS = {"busy": 503, "engine": 503, "request": 422}


class ServerState(StrEnum):
    """Whether a server takes work."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How one server works: who may ask, how many at once, where its files are."""

    work_dir: Path  # for unfinished MP4s; the server's own
    ffmpeg: Path
    slots: int = 1
    cancel_grace_s: float = 10.0
    token: str = ""  # needed wherever the server has a port


class RenderServer:
    """One engine, one thread for it, and the renders that are in the house."""

    def __init__(
        self, engine: Engine, options: ServerOptions, on_stuck: Callable[[], None] = lambda: os._exit(STUCK_EXIT_CODE)
    ) -> None:
        self.engine, self.options = engine, options
        self.state = ServerState.LOADING
        self.failure: GenerationError | None = None
        self._on_stuck = on_stuck
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._jobs: set[RenderJob] = set()

    async def load(self) -> None:
        """Load the engine on its thread; raises EngineUnavailable, which ``/health`` and every request then repeat."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self.engine.load)
        except GenerationError as error:
            self.state, self.failure = ServerState.FAILED, error
            raise
        self.state = ServerState.READY

    def app(self) -> Starlette:
        """Return the ASGI app."""
        return Starlette(
            routes=[
                Route("/health", self._health, methods=["GET"]),
                Route("/generate", _Generate(self), methods=["POST"]),
            ]
        )

    def admit(self) -> None:
        """Raise RenderBusy or EngineUnavailable where one more render cannot come in now."""
        if self.failure is not None:
            raise self.failure
        if self.state is not ServerState.READY:
            raise RenderBusy(ErrorCode.SERVER_RESTARTING, retry_after_s=1)
        if sum(not job.is_cancelled for job in self._jobs) >= self.options.slots:
            raise RenderBusy(ErrorCode.SERVER_BUSY)

    def start(self, body: bytes) -> RenderJob:
        """Begin the render that ``body`` asks for; raises RequestRejected for what the engine cannot do."""
        request, max_bytes = unpack_request(body)
        self.engine.capabilities.require(request)
        self.admit()
        job = RenderJob(self.engine, request, max_bytes, self.options)
        self._jobs.add(job)
        job.done.add_done_callback(lambda _: self._jobs.discard(job))
        job.start(self._thread)
        return job

    def cancel(self, job: RenderJob) -> None:
        """Stop a render within its next step, or the whole process after the grace time.

        Nothing is awaited here: a server that waits for a stuck render takes the next one beside it meanwhile.
        """
        job.cancel()
        asyncio.get_running_loop().call_later(self.options.cancel_grace_s, self._require_ended, job)

    def _require_ended(self, job: RenderJob) -> None:
        if job.is_in_engine:
            log.error("the engine ignored a cancel for %s s; ending the process", self.options.cancel_grace_s)
            self.state = ServerState.LOADING
            for other in self._jobs - {job}:
                other.fail(RenderBusy(ErrorCode.SERVER_ENDED_BEFORE_START))
            asyncio.get_running_loop().call_later(0.1, self._on_stuck)  # the others' last lines go out first

    def others_progress(self, job: RenderJob) -> int:
        """A number that grows while other renders make progress: what a waiting render shows as its sign of life."""
        return sum(other.beats for other in self._jobs if other is not job)

    async def _health(self, request: Request) -> JSONResponse:
        if not is_allowed(request.headers.get("authorization", ""), self.options.token):
            return JSONResponse({"state": "unauthorized"}, 401)
        return JSONResponse(
            {
                "state": self.state,
                "error": None if self.failure is None else pack_error(self.failure),
                "slots": self.options.slots,
                "active": len(self._jobs),
                "capabilities": asdict(self.engine.capabilities),
            }
        )


class _Generate:
    """``POST /generate`` as plain ASGI: the disconnect must be heard while the answer is being sent."""

    def __init__(self, server: RenderServer) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Request(scope).headers
        try:
            if not is_allowed(headers.get("authorization", ""), self._server.options.token):
                await JSONResponse({"kind": "unauthorized"}, 401)(scope, receive, send)
                return
            self._server.admit()
            body = await _read_body(receive)
            if body is None:
                return
            job = self._server.start(body)
        except GenerationError as error:
            await JSONResponse(pack_error(error), _STATUS.get(error.kind, 500))(scope, receive, send)
            return
        answer = asyncio.ensure_future(self._answer(job, send))
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not answer.done() or not job.done.done():
                answer.cancel()
                self._server.cancel(job)
            job.close()
        with suppress(asyncio.CancelledError, OSError):
            await answer

    async def _answer(self, job: RenderJob, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/octet-stream")],
            }
        )

        async def write(content: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": content, "more_body": more})

        await self._stream_progress(job, write)
        try:
            video = await job.done
        except GenerationError as error:
            await write(pack_line(error), more=False)
            return
        encoded = video.encoded
        header = VideoHeader(
            mp4_bytes=encoded.size_bytes,
            poster_bytes=len(encoded.poster_jpeg),
            width_px=encoded.width_px,
            height_px=encoded.height_px,
            frames=job.request.shape.frames,
            fps=job.request.shape.fps,
            sha256=encoded.sha256,
            engine=self._server.engine.capabilities.engine,
            model=self._server.engine.capabilities.model,
            used_ai=self._server.engine.capabilities.uses_ai,
            render_seconds=video.render_seconds,
        )
        await write(pack_line(header))
        with encoded.path.open("rb") as mp4:
            while chunk := await asyncio.to_thread(mp4.read, _FILE_CHUNK_BYTES):
                await write(chunk)
        await write(encoded.poster_jpeg, more=False)

    async def _stream_progress(self, job: RenderJob, write: Callable[[bytes], Awaitable[None]]) -> None:
        seen_others = None
        while not job.entered.done() and not job.done.done():
            others = self._server.others_progress(job)
            if others != seen_others:  # the renders before it go on: a line, or the client takes us for dead
                seen_others = others
                await write(pack_line(Progress(Phase.WAITING, 0, 1)))
            await asyncio.wait((job.entered, job.done), timeout=_LINE_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED)
        if job.entered.done():
            await write(pack_line(Progress(Phase.BEGIN, 0, 1)))
            job.announced.set()
        ticks = 0
        while not job.done.done():
            await asyncio.wait((job.done,), timeout=_LINE_INTERVAL_S)
            # An engine may make stills faster than this: they must not crowd out the progress.
            line = job.take_line(prefer_still=ticks % _TICKS_A_STILL == 0)
            ticks += 1
            if line is not None and not job.done.done():
                await write(pack_line(line))


def is_allowed(authorization: str, token: str) -> bool:
    """Whether a request may pass: where there is a token, it must come as a bearer token."""
    return not token or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body, or None where the client has gone; raises RequestRejected past the limit."""
    parts, size_bytes = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        size_bytes += len(part)
        if size_bytes > MAX_BODY_BYTES:
            raise RequestRejected(ErrorCode.MALFORMED, field="body")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
