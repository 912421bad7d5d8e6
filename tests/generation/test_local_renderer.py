"""The renderer of one machine: whatever happens to its server, the caller is told what, soon, and can go on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from generation.client import RenderListener
from generation.engines import EngineSpec
from generation.engines.engine import Phase, Progress
from generation.errors import (
    EngineUnavailable,
    ErrorCode,
    RenderBusy,
    RenderLost,
    RenderRefused,
    RequestRejected,
)
from generation.local import LocalRenderer, RecyclePolicy
from generation.process import ChildOptions
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.scripted_engine import child_command

MakeRequest = Callable[..., ImageToVideoRequest]

OPTIONS = ChildOptions(
    engine=EngineSpec("scripted", model="ready"),
    silence_limit_s=1.0,
    start_limit_s=20.0,
    cancel_grace_s=0.3,
    command=child_command(),
)
MAX_BYTES = 10 * 2**20


@pytest.fixture(params=["unix socket", "port and token"])
async def renderer(request: pytest.FixtureRequest) -> AsyncIterator[LocalRenderer]:
    options = replace(OPTIONS, use_port=request.param == "port and token")
    async with LocalRenderer(options, os.environ) as renderer:
        await renderer.start()
        yield renderer


@pytest.fixture
async def unix_renderer() -> AsyncIterator[LocalRenderer]:
    async with LocalRenderer(OPTIONS, os.environ) as renderer:
        await renderer.start()
        yield renderer


async def render(renderer: LocalRenderer, request: ImageToVideoRequest, out: Path, **more: object) -> RenderedVideo:
    return await renderer.render(request, out=out, max_bytes=MAX_BYTES, **more)  # type: ignore[arg-type]


async def test_a_request_becomes_a_video_with_progress_and_a_still(
    renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """A render reports where it is, shows a still, and ends in an MP4 of the promised shape and a poster."""
    seen: list[Progress] = []
    stills: list[bytes] = []
    video = await render(
        renderer,
        make_request(steps=60, seed=200),
        tmp_path / "v.mp4",
        listener=RenderListener(seen.append, stills.append),
    )
    assert (video.width_px, video.height_px, video.frames, video.fps) == (96, 64, 9, 24)
    assert video.path.stat().st_size == video.size_bytes
    assert (video.seed, video.engine, video.used_ai) == (200, "scripted", False)
    assert video.poster_jpeg.startswith(b"\xff\xd8")
    assert [p.phase for p in seen][:2] == [Phase.WAITING, Phase.BEGIN]
    steps = [p.step for p in seen if p.phase is Phase.DENOISE]
    assert steps == sorted(steps)
    assert steps
    assert len(stills) == 1
    assert stills[0].startswith(b"\xff\xd8")


async def test_progress_comes_at_most_twice_a_second(
    unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """However fast the engine steps, the stream carries at most two lines a second."""
    lines: list[object] = []
    started = time.monotonic()
    await render(
        unix_renderer, make_request(steps=80), tmp_path / "v.mp4", listener=RenderListener(lines.append, lines.append)
    )
    assert len(lines) <= 2 * (time.monotonic() - started) + 2


async def test_stills_do_not_crowd_out_progress(
    unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """An engine that shows a still at every step is still seen to go on: most lines are progress."""
    steps: list[Progress] = []
    stills: list[bytes] = []
    listener = RenderListener(steps.append, stills.append)
    await render(unix_renderer, make_request(prompt="stills", steps=120), tmp_path / "v.mp4", listener=listener)
    assert 1 <= len(stills) < sum(step.phase is Phase.DENOISE for step in steps)


@pytest.mark.parametrize(
    ("verb", "exit_code"),
    [("segv", -signal.SIGSEGV), ("sigkill", -signal.SIGKILL), ("exit", 5)],
)
async def test_a_server_that_dies_is_told_within_a_second_and_replaced(
    renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path, verb: str, exit_code: int
) -> None:
    """A render whose server dies ends as lost with the exit code; the next request works; no file is left."""
    with pytest.raises(RenderLost) as lost:
        async with asyncio.timeout(2):  # two steps, then the death, then at most a second
            await render(renderer, make_request(prompt=verb), tmp_path / "v.mp4")
    assert lost.value.code is ErrorCode.SERVER_DIED
    assert lost.value.values["exit_code"] == exit_code
    assert list(tmp_path.iterdir()) == []
    assert (await render(renderer, make_request(), tmp_path / "v.mp4")).frames == 9


async def test_an_exception_in_the_engine_is_a_refusal_and_brings_a_fresh_server(
    unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """An engine's bug ends its render at once, is not run again, and the next render gets a clean process."""
    before = unix_renderer.pid
    with pytest.raises(RenderRefused) as refused:
        await render(unix_renderer, make_request(prompt="raise"), tmp_path / "v.mp4")
    assert refused.value.code is ErrorCode.ENGINE_FAULT
    assert refused.value.values["detail"] == "ZeroDivisionError"
    await render(unix_renderer, make_request(), tmp_path / "v.mp4")
    assert unix_renderer.pid != before


async def test_a_refusal_keeps_the_server(
    unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """What the model refuses by itself ends that render only; the loaded model stays."""
    before = unix_renderer.pid
    with pytest.raises(RenderRefused) as refused:
        await render(unix_renderer, make_request(prompt="refuse"), tmp_path / "v.mp4")
    assert refused.value.code is ErrorCode.OUT_OF_MEMORY
    await render(unix_renderer, make_request(), tmp_path / "v.mp4")
    assert unix_renderer.pid == before


async def test_a_request_beyond_the_engine_is_refused_before_it_begins(
    unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """The server itself refuses what its engine cannot do, and names the field."""
    with pytest.raises(RequestRejected) as rejected:
        await render(unix_renderer, make_request(negative_prompt="blur"), tmp_path / "v.mp4")
    assert rejected.value.code is ErrorCode.NOT_SUPPORTED
    assert rejected.value.values["field"] == "negative_prompt"


async def test_a_silent_engine_is_killed_at_the_silence_limit(
    renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """An engine that hangs is lost at the limit, its process is ended, and the next request works."""
    hung = renderer.pid
    assert hung is not None
    with pytest.raises(RenderLost) as lost:
        async with asyncio.timeout(OPTIONS.silence_limit_s + 2):
            await render(renderer, make_request(prompt="hang"), tmp_path / "v.mp4")
    assert lost.value.code is ErrorCode.SERVER_SILENT
    assert not psutil.pid_exists(hung)
    assert (await render(renderer, make_request(), tmp_path / "v.mp4")).frames == 9


async def test_a_cancel_stops_the_render_within_a_step_and_keeps_the_server(
    renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """Cancelling the one who waits cancels the render; the same process serves the next request."""
    before = renderer.pid
    began = asyncio.Event()
    task = asyncio.create_task(
        render(renderer, make_request(prompt="never-ends"), tmp_path / "v.mp4", listener=until_denoise(began))
    )
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(2):  # never-ends would hold the engine's only thread for ever
        assert (await render(renderer, make_request(), tmp_path / "v.mp4")).frames == 9
    assert renderer.pid == before
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


async def test_a_server_that_ignores_a_cancel_ends_itself(
    unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path
) -> None:
    """A render that does not stop in the grace time takes its process along; whoever waited is told it never began."""
    stuck = unix_renderer.pid
    began = asyncio.Event()
    task = asyncio.create_task(
        render(unix_renderer, make_request(prompt="ignore-cancel"), tmp_path / "v.mp4", listener=until_denoise(began))
    )
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(RenderBusy) as busy:
        await render(unix_renderer, make_request(), tmp_path / "v.mp4")
    assert busy.value.code is ErrorCode.SERVER_ENDED_BEFORE_START
    assert (await render(unix_renderer, make_request(), tmp_path / "v.mp4")).frames == 9
    assert unix_renderer.pid != stuck


async def test_a_full_server_says_busy(unix_renderer: LocalRenderer, make_request: MakeRequest, tmp_path: Path) -> None:
    """A server with one slot takes one render; the second is told that it never began."""
    began = asyncio.Event()
    first = asyncio.create_task(
        render(unix_renderer, make_request(prompt="never-ends"), tmp_path / "1.mp4", listener=until_denoise(began))
    )
    await began.wait()
    with pytest.raises(RenderBusy) as busy:
        async with asyncio.timeout(5):
            await render(unix_renderer, make_request(), tmp_path / "2.mp4")
    assert busy.value.code is ErrorCode.SERVER_BUSY
    first.cancel()
    await asyncio.wait((first,))


async def test_a_second_slot_waits_for_the_engine_and_shows_signs_of_life(
    make_request: MakeRequest, tmp_path: Path
) -> None:
    """With two slots the second render waits, longer than the silence limit if need be, while the first one steps."""
    async with LocalRenderer(replace(OPTIONS, slots=2, silence_limit_s=0.9), os.environ) as renderer:
        await renderer.start()
        began = asyncio.Event()
        waited: list[Progress] = []
        first = asyncio.create_task(
            render(renderer, make_request(steps=100), tmp_path / "1.mp4", listener=until_denoise(began))
        )
        await began.wait()
        second = await render(renderer, make_request(), tmp_path / "2.mp4", listener=RenderListener(waited.append))
        assert (await first).frames == second.frames == 9
    assert sum(p.phase is Phase.WAITING for p in waited) > 1


@pytest.mark.parametrize(
    ("start", "code"), [("missing", ErrorCode.WEIGHTS_MISSING), ("die", ErrorCode.SERVER_START_FAILED)]
)
async def test_a_failing_start_is_told_within_a_second_of_it(start: str, code: ErrorCode) -> None:
    """Where the engine cannot be loaded, the caller gets the engine's own reason, not a time-out."""
    options = replace(OPTIONS, engine=EngineSpec("scripted", model=start))
    async with LocalRenderer(options, os.environ) as renderer:
        with pytest.raises(EngineUnavailable) as unavailable:
            async with asyncio.timeout(5):  # most of it is Python's own start
                await renderer.start()
        assert unavailable.value.code is code
        if start == "die":
            assert unavailable.value.values["exit_code"] == 3
            assert "the disk is on fire" in str(unavailable.value.values["detail"])


async def test_a_start_that_hangs_is_ended_at_its_limit() -> None:
    """An engine that loads for ever is given up at the start limit, and its process ends."""
    options = replace(OPTIONS, engine=EngineSpec("scripted", model="hang"), start_limit_s=2.0)
    async with LocalRenderer(options, os.environ) as renderer:
        with pytest.raises(EngineUnavailable) as unavailable:
            async with asyncio.timeout(10):
                await renderer.start()
        assert unavailable.value.code is ErrorCode.SERVER_START_FAILED
    assert not any("scripted_engine" in " ".join(child.cmdline()) for child in psutil.Process().children())


async def test_repeated_failures_wait_longer_and_longer(tmp_path: Path) -> None:
    """The first restart is at once; each further failure without a success doubles the wait before the next."""
    diary = tmp_path / "diary"
    now = FixedClock()
    options = replace(OPTIONS, engine=EngineSpec("scripted", model="missing", models_dir=str(diary)))

    async def starts_after(seconds: float) -> int:
        now.seconds += seconds
        with pytest.raises(EngineUnavailable):
            await renderer.start()
        return len(diary.read_text().splitlines())

    async with LocalRenderer(options, os.environ, clock=now) as renderer:
        counts = [await starts_after(seconds) for seconds in (0, 0, 0.4, 0.2, 0.9, 0.2)]
    assert counts == [1, 2, 2, 3, 3, 4]


async def test_a_server_is_recycled_after_so_many_jobs(make_request: MakeRequest, tmp_path: Path) -> None:
    """After the set number of renders a new process takes over, between two jobs."""
    async with LocalRenderer(OPTIONS, os.environ, recycle=RecyclePolicy(after_jobs=2)) as renderer:
        pids = []
        for _ in range(4):
            await renderer.start()
            pids.append(renderer.pid)
            await render(renderer, make_request(), tmp_path / "v.mp4")
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_a_server_that_grew_too_large_is_recycled(make_request: MakeRequest, tmp_path: Path) -> None:
    """A process above the memory limit is replaced; one below it is kept."""
    policy = RecyclePolicy(above_rss_bytes=160 * 2**20)
    async with LocalRenderer(OPTIONS, os.environ, recycle=policy) as renderer:
        await renderer.start()
        first = renderer.pid
        await render(renderer, make_request(), tmp_path / "v.mp4")
        await renderer.start()
        assert renderer.pid == first
        await render(renderer, make_request(prompt="grow", steps=2), tmp_path / "v.mp4")
        await render(renderer, make_request(prompt="grow", steps=2), tmp_path / "v.mp4")
        await renderer.start()
        assert renderer.pid != first


async def test_the_server_sees_no_secret(make_request: MakeRequest) -> None:
    """A render server's environment holds no token, whatever the bot's own environment holds."""
    environ = {**os.environ, "ANIMATE_DISCORD__TOKEN": "hush-hush", "AWS_SECRET": "hush-hush", "CUDA_HOME": "/cuda"}
    async with LocalRenderer(OPTIONS, environ) as renderer:
        await renderer.start()
        seen = psutil.Process(renderer.pid).environ()
    assert "hush-hush" not in seen.values()
    assert seen["CUDA_HOME"] == "/cuda"


async def test_a_port_answers_only_to_its_token() -> None:
    """Where the server has a port, a caller without the token gets no answer from it."""
    async with LocalRenderer(replace(OPTIONS, use_port=True), os.environ) as renderer:
        await renderer.start()
        [connection] = [c for c in psutil.Process(renderer.pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert connection.laddr.ip == "127.0.0.1"
        command = [sys.executable, "-c", ASK_WITHOUT_TOKEN, str(connection.laddr.port)]
        asked = subprocess.run(command, capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["401", "401"]


async def test_the_server_dies_with_its_parent(
    make_request: MakeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the bot is killed, its render server ends at once, and the next start removes what was left on disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # of the standard library: where temporary folders are
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    [left_behind] = tmp_path.iterdir()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    psutil.wait_procs([server], timeout=2)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    async with LocalRenderer(OPTIONS, os.environ) as renderer:
        await renderer.start()
        assert not left_behind.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_server_ends_with_its_input(tmp_path: Path) -> None:
    """Wherever the system does not kill orphans by itself, the end of its input ends a server."""
    config = {
        "engine": asdict(OPTIONS.engine),
        "ffmpeg": "",
        "slots": 1,
        "cancel_grace_s": 1,
        "log_level": "info",
        "folder": str(tmp_path),
        "use_port": True,
        "token": "t",
    }
    server = subprocess.Popen(
        child_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert server.stdin is not None
    assert server.stdout is not None
    print(json.dumps(config), file=server.stdin, flush=True)
    while '"ready"' not in server.stdout.readline():
        assert server.poll() is None
    server.stdin.close()
    server.stdout.close()
    try:
        server.wait(timeout=5)
    finally:
        server.kill()


ASK_WITHOUT_TOKEN = """
import sys, httpx
url = f"http://127.0.0.1:{sys.argv[1]}"
print(httpx.get(url + "/health").status_code, httpx.post(url + "/generate", content=b"{}").status_code)
"""

START_AND_WAIT = """
import asyncio, os
from tests.generation.test_local_renderer import OPTIONS
from generation.local import LocalRenderer

async def main():
    async with LocalRenderer(OPTIONS, os.environ) as renderer:
        await renderer.start()
        print(renderer.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


class FixedClock:
    """A clock that moves only when the test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def until_denoise(began: asyncio.Event) -> RenderListener:
    return RenderListener(lambda progress: began.set() if progress.phase is Phase.DENOISE else None)
