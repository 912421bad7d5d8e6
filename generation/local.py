"""LocalRenderer: a render client that also starts, watches, recycles and restarts the server it speaks to.

The server is a child of this process: a hang can be killed, a crash does not take the chats along, and a new process
gives leaked memory back. It listens on a Unix socket in a folder of its own, or where there are none on 127.0.0.1 at a
random port with a random token.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from generation.client import NO_LISTENER, RenderListener
from generation.errors import EngineUnavailable, ErrorCode, GenerationError, RenderBusy, RenderLost
from generation.process import ChildOptions, ServerProcess
from generation.request import ImageToVideoRequest, RenderedVideo

log = logging.getLogger(__name__)

_FIRST_BACKOFF_S, _MAX_BACKOFF_S = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class RecyclePolicy:
    """When a healthy server is replaced between two jobs."""

    after_jobs: int = 200
    above_rss_bytes: int = 0  # 0: never


class LocalRenderer:
    """One render server of our own on this machine; an async context manager, whose end ends the server."""

    def __init__(
        self,
        options: ChildOptions,
        environ: Mapping[str, str],
        *,
        recycle: RecyclePolicy | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._options, self._environ, self._recycle = options, environ, recycle or RecyclePolicy()
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._server: ServerProcess | None = None
        self._starting: asyncio.Task[ServerProcess] | None = None
        self._failures = 0
        self._not_before_s = 0.0
        self._last_failure: GenerationError | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """The server's process id, or None where none runs."""
        return self._server.pid if self._server is not None and self._server.is_alive else None

    async def close(self) -> None:
        """End the server; a render under way ends in RenderBusy."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait((self._starting,))
        if self._server is not None:
            self._server.was_ended_by_us = True
            await self._server.end()

    async def start(self) -> None:
        """Have the server ready; raises EngineUnavailable with what to change, RenderBusy while it is backing off."""
        await self._ready_server()

    async def render(
        self,
        request: ImageToVideoRequest,
        *,
        out: Path,
        max_bytes: int,
        listener: RenderListener = NO_LISTENER,
    ) -> RenderedVideo:
        """Return the finished video at ``out``; ends as RenderClient.render does, a dead server with its exit code."""
        server = await self._ready_server()
        server.active += 1
        try:
            video = await server.client.render(request, out=out, max_bytes=max_bytes, listener=listener)
        except RenderLost as lost:
            raise await self._bury(server, lost) from lost
        except RenderBusy as busy:
            if busy.code is not ErrorCode.SERVER_BUSY:
                await self._bury(server, busy)
            raise
        except GenerationError as error:
            server.is_suspect = error.code is ErrorCode.ENGINE_FAULT
            raise
        finally:
            server.active -= 1
            server.jobs += 1
            self._recycle_if_due(server)
        self._failures = 0
        return video

    async def _ready_server(self) -> ServerProcess:
        if self._starting is None and self._server is not None and self._server.is_alive:
            return self._server
        if self._starting is None:
            wait_s = self._not_before_s - self._clock()
            if wait_s > 0:
                raise self._last_failure or RenderBusy(ErrorCode.SERVER_RESTARTING, retry_after_s=round(wait_s, 1))
            self._begin_start()
        assert self._starting is not None
        # Shielded: the one who waits may be cancelled, the others and the next one still want the server.
        return await asyncio.shield(self._starting)

    def _begin_start(self) -> None:
        self._starting = asyncio.create_task(self._start())
        self._starting.add_done_callback(_mark_seen)

    async def _start(self) -> ServerProcess:
        try:
            if self._server is not None:
                await self._server.end()
            self._server = await ServerProcess.start(self._options, self._environ)
            self._last_failure = None
            return self._server
        except EngineUnavailable as error:
            self._back_off(error)
            raise
        finally:
            self._starting = None

    async def _bury(self, server: ServerProcess, error: GenerationError) -> GenerationError:
        """End a server that died or must, and return what its render is to be told."""
        if server.was_ended_by_us:  # because of another render, or for good: this one is not to blame
            return RenderBusy(ErrorCode.SERVER_ENDED_BEFORE_START)
        if error.code is ErrorCode.SERVER_SILENT:
            server.was_ended_by_us = True
        else:
            await server.died_by_itself()
        exit_code = await server.end()
        log.warning("render server %s ended with %s: %s", server.pid, exit_code, error)
        self._back_off(None)
        if error.code is ErrorCode.ANSWER_BROKEN:
            return RenderLost(ErrorCode.SERVER_DIED, exit_code=exit_code)
        return error

    def _back_off(self, failure: GenerationError | None) -> None:
        """Let the first restart be at once, and each one after it without a good job in between wait longer."""
        self._last_failure = failure
        if self._failures:
            doublings = min(self._failures - 1, 10)  # a night's failures would be more than a float holds
            backoff_s = min(_FIRST_BACKOFF_S * 2**doublings, _MAX_BACKOFF_S)
            self._not_before_s = self._clock() + backoff_s
        self._failures += 1

    def _recycle_if_due(self, server: ServerProcess) -> None:
        if server is not self._server or not server.is_alive or server.active or self._starting is not None:
            return
        is_too_large = 0 < self._recycle.above_rss_bytes < server.rss_bytes()
        if server.is_suspect or is_too_large or server.jobs >= self._recycle.after_jobs:
            log.info("recycling render server %s after %s jobs", server.pid, server.jobs)
            self._begin_start()


def _mark_seen(task: "asyncio.Task[ServerProcess]") -> None:
    """Take note of a failed start that nobody waits for; the next request repeats its error."""
    if not task.cancelled():
        task.exception()
