"""Server-sent events: one long answer that says what changed, ends at once when it has to, and leaves nothing behind.

Plain ASGI and not ``fastapi.sse``: that keeps two tasks and two queues for each reader, so that a slow one gets old
news, and has no last word when the server stops.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.service.board import BoardClosed, Subscription

HEARTBEAT_S = 15.0  # proxies take a connection that is silent for a minute for dead
_LAST_WORD_S = 0.2
_RETRY_MS = 2_000


class EventWriter:
    """Writes events to one reader; each call waits until the reader has taken the ones before."""

    def __init__(self, send: Send, heartbeat_s: float) -> None:
        self._send, self._heartbeat_s = send, heartbeat_s

    async def event(self, name: str, body: BaseModel) -> None:
        # JSON holds no line end, so that the data is one line.
        await self.write(f"event: {name}\ndata: {body.model_dump_json()}\n\n")

    async def write(self, text: str, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": more})

    async def changes(self, subscription: Subscription) -> AsyncIterator[frozenset[str]]:
        """Yield what changed, whenever something does; a comment goes out where nothing does for a while."""
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    changed = await subscription.changed()
            except TimeoutError:
                await self.write(": still here\n\n")
            else:
                yield changed


Tell = Callable[[EventWriter], Awaitable[None]]


class OpenStreams:
    """All streams of one server, so that they can be ended."""

    def __init__(self, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.heartbeat_s = heartbeat_s
        self.closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def answer(self, tell: Tell) -> "EventStream":
        """Return an answer that lasts as long as ``tell`` writes, the reader reads and the server runs."""
        return EventStream(tell, self)

    def add(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Say goodbye to every reader; who does not take it within a moment is left."""
        self.closing.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * _LAST_WORD_S)


class EventStream(Response):
    """The answer of a stream."""

    media_type = "text/event-stream"

    def __init__(self, tell: Tell, streams: OpenStreams, background: BackgroundTask | None = None) -> None:
        self._tell, self._streams = tell, streams
        self.status_code, self.background = 200, background
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        writer = EventWriter(send, self._streams.heartbeat_s)
        told = asyncio.create_task(self._run(writer))
        self._streams.add(told)
        gone = asyncio.create_task(_disconnected(receive))
        closing = asyncio.create_task(self._streams.closing.wait())
        try:
            await asyncio.wait((told, gone, closing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_left_early = not told.done()
            for task in (told, gone, closing):
                task.cancel()
            await asyncio.gather(told, gone, closing, return_exceptions=True)
        if not is_left_early:
            told.result()  # an error of ours goes on to the log
        elif not gone.cancelled():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await writer.write("event: bye\ndata: {}\n\n" if is_left_early else "", more=False)

    async def _run(self, writer: EventWriter) -> None:
        await writer.write(f"retry: {_RETRY_MS}\n\n")
        with suppress(BoardClosed):
            await self._tell(writer)
            return
        await writer.write("event: bye\ndata: {}\n\n")


def add_stream_route(routes: APIRouter, path: str, endpoint: Callable[..., Awaitable[EventStream]]) -> None:
    """Let ``path`` answer with a stream, and say so in the API's description."""
    content: dict[int | str, dict[str, Any]] = {
        200: {"content": {EventStream.media_type: {"schema": {"type": "string"}}}}
    }
    routes.add_api_route(
        path, endpoint, methods=["GET"], status_code=200, response_class=EventStream, responses=content
    )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
