"""RenderClient: asks a render server, wherever it is, for a video.

Ends in a RenderedVideo on disk or in one of: RenderBusy (never began), RenderLost (began and vanished), or what the
server said (RequestRejected, RenderRefused, EncodeFailed, EngineUnavailable). Cancelling the task that awaits
``render`` cancels the render. Whatever the end, no half-written file is left.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx

from generation.engines.engine import Phase, Progress
from generation.errors import ErrorCode, GenerationError, RenderBusy, RenderLost
from generation.request import ImageToVideoRequest, RenderedVideo
from generation.wire import MAX_LINE_BYTES, Still, VideoHeader, pack_request, unpack_error, unpack_line

_CONNECT_LIMIT_S = 5.0
_WRITE_BYTES = 1024 * 1024
#: Ours says 503; 429, 502 and 504 come from proxies in between; 401, 403 and 404 mean a wrong token or address.
_NEVER_BEGAN = frozenset({401, 403, 404, 429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RenderListener:
    """Who is told of a render's progress; called on the event loop."""

    on_progress: Callable[[Progress], None] = lambda progress: None
    on_still: Callable[[bytes], None] = lambda jpeg: None


NO_LISTENER = RenderListener()


class RenderClient:
    """One render server behind a URL, or behind a Unix socket, whose URL then is only a name."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        silence_limit_s: float = 120.0,
        socket_path: str = "",
    ) -> None:
        self._silence_limit_s = silence_limit_s
        self._http = httpx.AsyncClient(
            base_url=base_url,
            transport=httpx.AsyncHTTPTransport(uds=socket_path) if socket_path else None,
            # Our silence limit is the only sign of a hung GPU: a heartbeat thread would prove nothing about it.
            timeout=httpx.Timeout(silence_limit_s, connect=_CONNECT_LIMIT_S, pool=None),
            headers={"authorization": f"Bearer {token}"} if token else {},
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def render(
        self,
        request: ImageToVideoRequest,
        *,
        out: Path,
        max_bytes: int,
        listener: RenderListener = NO_LISTENER,
    ) -> RenderedVideo:
        """Return the finished video at ``out``, which appears whole or not at all."""
        body = await asyncio.to_thread(pack_request, request, max_bytes)
        begun = asyncio.Event()
        try:
            async with self._http.stream("POST", "/generate", content=body) as response:
                await _require_accepted(response)
                async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_raw())) as chunks:
                    answer = _Answer(chunks)
                    header = await _follow(answer, listener, begun)
                    poster_jpeg = await _save(answer, header, out)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise RenderBusy(ErrorCode.SERVER_UNREACHABLE, detail=type(error).__name__) from error
        except httpx.ReadTimeout as error:
            raise RenderLost(ErrorCode.SERVER_SILENT, silence_limit_s=self._silence_limit_s) from error
        except httpx.TransportError as error:
            if begun.is_set():
                raise RenderLost(ErrorCode.ANSWER_BROKEN, detail=type(error).__name__) from error
            raise RenderBusy(ErrorCode.SERVER_ENDED_BEFORE_START) from error
        return RenderedVideo(
            path=out,
            width_px=header.width_px,
            height_px=header.height_px,
            frames=header.frames,
            fps=header.fps,
            size_bytes=header.mp4_bytes,
            sha256=header.sha256,
            seed=request.seed,
            engine=header.engine,
            model=header.model,
            used_ai=header.used_ai,
            render_seconds=header.render_seconds,
            poster_jpeg=poster_jpeg,
        )

    async def health(self) -> dict[str, Any]:
        """Return what ``GET /health`` says; raises RenderBusy where nobody answers."""
        try:
            response = await self._http.get("/health", timeout=_CONNECT_LIMIT_S)
            facts: dict[str, Any] = response.json()
        except (httpx.TransportError, json.JSONDecodeError) as error:
            raise RenderBusy(ErrorCode.SERVER_UNREACHABLE, detail=type(error).__name__) from error
        return facts


async def _require_accepted(response: httpx.Response) -> None:
    """Raise what a status other than 200 means."""
    if response.status_code == 200:
        return
    content = await response.aread()
    try:
        error: GenerationError = unpack_error(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = f"HTTP {response.status_code}"
        if response.status_code in _NEVER_BEGAN:
            error = RenderBusy(ErrorCode.SERVER_UNREACHABLE, detail=detail)
        else:
            error = RenderLost(ErrorCode.ANSWER_BROKEN, detail=detail)
    raise error


async def _follow(answer: "_Answer", listener: RenderListener, begun: asyncio.Event) -> VideoHeader:
    """Pass progress on until the header of the video; raises the error that the server sends instead."""
    while (text := await answer.line()) is not None:
        match unpack_line(text):
            case Progress() as progress:
                if progress.phase is not Phase.WAITING:
                    begun.set()
                listener.on_progress(progress)
            case Still(jpeg):
                listener.on_still(jpeg)
            case VideoHeader() as header:
                return header
            case GenerationError() as error:
                raise error
    if begun.is_set():
        raise RenderLost(ErrorCode.ANSWER_BROKEN, detail="the answer ended early")
    raise RenderBusy(ErrorCode.SERVER_ENDED_BEFORE_START)


async def _save(answer: "_Answer", header: VideoHeader, out: Path) -> bytes:
    """Write the MP4 to ``out``, whole or not at all, and return the poster that follows it."""
    part = out.with_name(f".{out.name}.part")
    digest = hashlib.sha256()
    left = header.mp4_bytes
    try:
        with part.open("wb") as file:
            while left:
                piece = await answer.piece(min(left, _WRITE_BYTES))
                left -= len(piece)
                await asyncio.to_thread(_append, file, digest, piece)
            poster_jpeg = b""
            while len(poster_jpeg) < header.poster_bytes:
                poster_jpeg += await answer.piece(header.poster_bytes - len(poster_jpeg))
            if digest.hexdigest() != header.sha256:
                raise RenderLost(ErrorCode.ANSWER_BROKEN, detail="the checksum differs")
            await asyncio.to_thread(os.fsync, file.fileno())
        part.replace(out)
        await asyncio.to_thread(_sync_folder, out.parent)
    finally:
        part.unlink(missing_ok=True)
    return poster_jpeg


def _append(file: BinaryIO, digest: "hashlib._Hash", piece: bytes) -> None:
    file.write(piece)
    digest.update(piece)


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Answer:
    """The bytes of an answer, first read as lines, then by count."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()

    async def line(self) -> bytes | None:
        """Return the next line without its end, or None where the answer is over."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                raise RenderLost(ErrorCode.ANSWER_BROKEN, detail="a line without end")
            if not await self._fill():
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    async def piece(self, max_bytes: int) -> bytes:
        """Return at least one and at most ``max_bytes`` bytes; raises RenderLost where the answer is over."""
        if not self._buffer and not await self._fill():
            raise RenderLost(ErrorCode.ANSWER_BROKEN, detail="the answer ended early")
        piece = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        return piece

    async def _fill(self) -> bool:
        chunk = await anext(self._chunks, None)
        self._buffer += chunk or b""
        return chunk is not None
