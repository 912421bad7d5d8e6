"""The render client against servers that misbehave on the wire: each end has its type, and no file is left."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from generation.client import RenderClient
from generation.errors import ErrorCode, GenerationError, RenderBusy, RenderLost, RenderRefused
from generation.request import ImageToVideoRequest
from generation.wire import VideoHeader, pack_error, pack_line

MakeRequest = Callable[..., ImageToVideoRequest]
AnswerWith = Callable[[bytes], Awaitable[RenderClient]]

MP4, POSTER = b"m" * 100_000, b"p" * 500
HEADER = VideoHeader(
    mp4_bytes=len(MP4),
    poster_bytes=len(POSTER),
    width_px=96,
    height_px=64,
    frames=9,
    fps=24,
    sha256=hashlib.sha256(MP4).hexdigest(),
    engine="e",
    model="m",
    used_ai=True,
    render_seconds=1.5,
)
BEGIN = b'{"type": "progress", "phase": "begin", "step": 0, "steps": 1}\n'
WAITING = b'{"type": "progress", "phase": "waiting", "step": 0, "steps": 1}\n'
OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"


@pytest.fixture
async def answer_with() -> AsyncIterator[AnswerWith]:
    """A client of a server on loopback that gives these very bytes to whoever asks, then hangs up."""
    async with asyncio.TaskGroup() as tasks:
        servers: list[asyncio.Server] = []
        clients: list[RenderClient] = []

        async def start(answer: bytes) -> RenderClient:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                await reader.readexactly(int(length.split(b":")[1]))
                writer.write(answer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            servers.append(server)
            port = server.sockets[0].getsockname()[1]
            clients.append(RenderClient(f"http://127.0.0.1:{port}", silence_limit_s=5))
            return clients[-1]

        yield start
        for client in clients:
            tasks.create_task(client.close())
        for server in servers:
            server.close()


async def test_a_whole_answer_becomes_a_file(
    answer_with: AnswerWith, make_request: MakeRequest, tmp_path: Path
) -> None:
    """What the server says and sends is what the caller gets, with the request's own seed."""
    client = await answer_with(OK + WAITING + BEGIN + pack_line(HEADER) + MP4 + POSTER)
    video = await client.render(make_request(seed=11), out=tmp_path / "v.mp4", max_bytes=10**6)
    assert video.path.read_bytes() == MP4
    assert (video.seed, video.model, video.used_ai, video.render_seconds) == (11, "m", True, 1.5)
    assert video.poster_jpeg == POSTER
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


BUSY = json.dumps(pack_error(RenderBusy(ErrorCode.SERVER_BUSY))).encode()
REFUSAL = pack_line(RenderRefused(ErrorCode.NOT_FINITE))


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (OK + BEGIN + pack_line(HEADER) + MP4[:-1], RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + pack_line(HEADER) + MP4 + POSTER[:-1], RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + pack_line(HEADER) + b"x" + MP4[1:] + POSTER, RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN, RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + b"not json\n", RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + b'{"type": "tea"}\n', RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + b'{"type": "video"}\n', RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + b"x" * 3_000_000, RenderLost, ErrorCode.ANSWER_BROKEN),
        (OK + BEGIN + REFUSAL, RenderRefused, ErrorCode.NOT_FINITE),
        (OK, RenderBusy, ErrorCode.SERVER_ENDED_BEFORE_START),
        (OK + WAITING, RenderBusy, ErrorCode.SERVER_ENDED_BEFORE_START),
        (b"", RenderBusy, ErrorCode.SERVER_ENDED_BEFORE_START),
        (b"HTTP/1.1 503 Full\r\nconnection: close\r\n\r\n" + BUSY, RenderBusy, ErrorCode.SERVER_BUSY),
        (b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n<html>", RenderBusy, ErrorCode.SERVER_UNREACHABLE),
        (b"HTTP/1.1 401 No\r\nconnection: close\r\n\r\n{}", RenderBusy, ErrorCode.SERVER_UNREACHABLE),
        (b"HTTP/1.1 500 Oh\r\nconnection: close\r\n\r\nOh", RenderLost, ErrorCode.ANSWER_BROKEN),
    ],
)
async def test_every_other_answer_has_its_end_and_leaves_no_file(
    answer_with: AnswerWith,
    make_request: MakeRequest,
    tmp_path: Path,
    answer: bytes,
    error: type[GenerationError],
    code: ErrorCode,
) -> None:
    """Cut, garbled or refused: what began is lost, what never began is busy, and nothing half-written stays."""
    client = await answer_with(answer)
    with pytest.raises(error) as ended:
        await client.render(make_request(), out=tmp_path / "v.mp4", max_bytes=10**6)
    assert ended.value.code is code
    assert list(tmp_path.iterdir()) == []


async def test_nobody_there_is_busy(make_request: MakeRequest, tmp_path: Path) -> None:
    """Where nothing listens, the render never began."""
    client = RenderClient("http://render-server", socket_path=str(tmp_path / "none"))
    with pytest.raises(RenderBusy) as busy:
        await client.render(make_request(), out=tmp_path / "v.mp4", max_bytes=10**6)
    assert busy.value.code is ErrorCode.SERVER_UNREACHABLE
    await client.close()


async def test_a_video_replaces_what_stood_there_only_when_it_is_whole(
    answer_with: AnswerWith, make_request: MakeRequest, tmp_path: Path
) -> None:
    """A broken answer leaves an older file as it was."""
    out = tmp_path / "v.mp4"
    out.write_bytes(b"older")
    client = await answer_with(OK + BEGIN + pack_line(HEADER) + MP4[:-1])
    with pytest.raises(RenderLost):
        await client.render(make_request(), out=out, max_bytes=10**6)
    assert out.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [out]
