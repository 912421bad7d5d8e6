"""The child process that decodes: one picture each, limited, two at a time, and never left behind.

Each story about a child holds for both kinds: forked by a stem, and executed anew.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest

from generation import picture_decoder
from generation.errors import ErrorCode, PictureRejected
from generation.picture import Picture, PictureDecoder, PictureLimits
from tests.generation.crafted_pictures import encoded, photograph, plain, scan_bomb
from tests.generation.picture_processes import (
    DOES_NOT_END,
    children_of,
    decoders,
    descendants,
    is_alive,
    is_reaped,
    until,
)

DecoderOf = Callable[..., PictureDecoder]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After each test no process is left, not even a zombie."""
    before = set(descendants())
    yield
    assert [child for child in descendants() if child not in before] == []


@pytest.fixture(params=[500, 0], ids=["forked", "executed"])
async def new_decoder(request: pytest.FixtureRequest) -> AsyncIterator[DecoderOf]:
    """Makes decoders whose children are of one kind, and closes them."""
    if request.param and sys.platform != "linux":
        pytest.skip("there are no stems on this system")
    made: list[PictureDecoder] = []

    def new(limits: PictureLimits | None = None, **options: Any) -> PictureDecoder:
        made.append(PictureDecoder(limits or PictureLimits(), pictures_of_a_stem=request.param, **options))
        return made[-1]

    yield new
    for decoder in made:
        await decoder.close()


@pytest.fixture
def decoder_of(tmp_path: Path, new_decoder: DecoderOf) -> DecoderOf:
    """A decoder whose child runs the given program instead of the real one."""

    def decoder(program: str, max_wall_s: float = 10) -> PictureDecoder:
        path = tmp_path / "program.py"
        path.write_text(f"import sys; data = sys.stdin.buffer.read()\n{program}\n")
        return new_decoder(PictureLimits(max_wall_s=max_wall_s), program=path)

    return decoder


async def refusal(decoding: "asyncio.Task[Picture]") -> ErrorCode:
    with pytest.raises(PictureRejected) as caught:
        await decoding
    return caught.value.code


# How a child ends


async def test_a_child_that_is_killed_costs_its_picture_only(decoder_of: DecoderOf) -> None:
    """A decoder killed from outside (by the kernel, short of memory) ends in a refusal."""
    decoding = asyncio.create_task(decoder_of(DOES_NOT_END).decode(b"any"))
    [child] = await until(decoders, 1)
    child.kill()
    assert await refusal(decoding) is ErrorCode.PICTURE_TOO_COSTLY


async def test_a_child_that_does_not_end_is_killed_at_the_wall_limit(decoder_of: DecoderOf) -> None:
    """A decoder that hangs ends in a refusal when its time is over."""
    started_at = time.monotonic()
    decoding = asyncio.create_task(decoder_of(DOES_NOT_END, max_wall_s=0.3).decode(b"any"))
    assert await refusal(decoding) is ErrorCode.PICTURE_TOO_COSTLY
    assert 0.3 <= time.monotonic() - started_at < 5


async def test_a_child_that_never_reads_is_killed_at_the_wall_limit(tmp_path: Path, new_decoder: DecoderOf) -> None:
    """Bytes that nobody takes do not hold the caller."""
    program = tmp_path / "program.py"
    program.write_text(DOES_NOT_END)
    decoder = new_decoder(PictureLimits(max_wall_s=0.3), program=program)
    assert await refusal(asyncio.create_task(decoder.decode(bytes(5_000_000)))) is ErrorCode.PICTURE_TOO_COSTLY


@pytest.mark.parametrize(
    ("death", "code"),
    [
        (signal.SIGSEGV, ErrorCode.PICTURE_BROKEN),
        (signal.SIGABRT, ErrorCode.PICTURE_TOO_COSTLY),  # C++ code that gets no more memory
        (signal.SIGXCPU, ErrorCode.PICTURE_TOO_COSTLY),
    ],
)
async def test_a_child_that_crashes_is_a_refusal(decoder_of: DecoderOf, death: signal.Signals, code: ErrorCode) -> None:
    """A decoder brought down by a picture ends in a refusal of that picture."""
    program = f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.kill(os.getpid(), {death:d})"
    assert await refusal(asyncio.create_task(decoder_of(program).decode(b"any"))) is code


async def test_a_decoder_that_does_not_work_is_a_fault_not_a_refusal(decoder_of: DecoderOf) -> None:
    """A missing library is not blamed on the picture: the error says what the program said last."""
    with pytest.raises(RuntimeError, match=r"exit code 1: ModuleNotFoundError: No module named 'no_such_library'"):
        await decoder_of("import no_such_library").decode(b"any")


async def test_a_library_that_is_missing_is_a_fault_not_a_refusal(tmp_path: Path, new_decoder: DecoderOf) -> None:
    """Without pillow-heif a HEIC is not called broken; a JPEG is decoded all the same."""
    program = tmp_path / "program.py"
    program.write_text(
        "import runpy, sys\n"
        "sys.modules['pillow_heif'] = None\n"
        f"runpy.run_path({picture_decoder.__file__!r}, run_name='__main__')\n"
    )
    decoder = new_decoder(program=program)
    with pytest.raises(RuntimeError, match="pillow_heif"):
        await decoder.decode(b"\x00\x00\x00\x18ftypheic" + bytes(12))
    assert (await decoder.decode(plain(80, 80))).width_px == 80


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no JSON",
        "[" * 150,
        "7",
        "{}",
        '{"width_px": 10, "height_px": 10}\n' + "x" * 299,
        '{"width_px": 10, "height_px": 10}\n' + "x" * 301,
        '{"width_px": -10, "height_px": -10}\n' + "x" * 300,
        '{"width_px": "10", "height_px": 10}\n' + "x" * 300,
        '{"width_px": 1e999, "height_px": 10}\n' + "x" * 300,
        '{"code": "server_died", "width_px": 10, "height_px": 10}',
        '{"code": "no_such_code"}',
    ],
)
async def test_an_answer_that_does_not_add_up_is_a_refusal(decoder_of: DecoderOf, answer: str) -> None:
    """Nothing that a decoder says is believed: as many bytes as its size needs, or no picture."""
    decoding = asyncio.create_task(decoder_of(f"sys.stdout.write({answer!r})").decode(b"any"))
    assert await refusal(decoding) is ErrorCode.PICTURE_BROKEN


async def test_an_endless_answer_is_cut_off(decoder_of: DecoderOf) -> None:
    """A child that writes more than any picture has is ended at once, not at its time limit."""
    started_at = time.monotonic()
    flood = 'print(\'{"width_px": 10, "height_px": 10}\')\nwhile True: sys.stdout.write("x" * 65536)'
    assert await refusal(asyncio.create_task(decoder_of(flood).decode(b"any"))) is ErrorCode.PICTURE_BROKEN
    assert time.monotonic() - started_at < 8


async def test_a_child_that_complains_without_end_is_killed_at_the_wall_limit(decoder_of: DecoderOf) -> None:
    """Nobody reads more of stderr than the last words of a fault."""
    flood = 'while True: sys.stderr.write("x" * 65536)'
    decoding = asyncio.create_task(decoder_of(flood, max_wall_s=0.5).decode(b"any"))
    assert await refusal(decoding) is ErrorCode.PICTURE_TOO_COSTLY


# Cancelling


async def cancelled(decoding: "asyncio.Task[Picture]") -> None:
    """Cancel and wait for the end, which must not take long."""
    decoding.cancel()
    async with asyncio.timeout(3):
        with pytest.raises(asyncio.CancelledError):
            await decoding


async def test_cancelling_the_caller_kills_the_child(decoder_of: DecoderOf) -> None:
    """Once the cancelled caller has ended, its child has too, and is reaped."""
    decoding = asyncio.create_task(decoder_of(DOES_NOT_END).decode(b"any"))
    [child] = await until(decoders, 1)
    await cancelled(decoding)
    assert is_reaped(child)


async def test_cancelling_before_the_child_runs_leaves_none(decoder_of: DecoderOf) -> None:
    """A caller cancelled at one of its first steps leaves nothing, even if its child was just being started."""
    decoder = decoder_of(DOES_NOT_END)
    for steps in range(4):
        decoding = asyncio.create_task(decoder.decode(b"any"))
        for _ in range(steps):
            await asyncio.sleep(0)
        await cancelled(decoding)
        assert decoders() == []


async def test_cancelling_gives_the_turns_to_others(new_decoder: DecoderOf) -> None:
    """Two cancelled decodings leave the decoder as good as new."""
    decoder = new_decoder()
    slow_picture = scan_bomb(extra_scans=90)
    slow = [asyncio.create_task(decoder.decode(slow_picture)) for _ in range(2)]
    await until(decoders, 2)
    for decoding in slow:
        await cancelled(decoding)
    assert (await decoder.decode(plain(80, 80))).width_px == 80


async def test_what_a_child_has_started_is_killed_with_it(decoder_of: DecoderOf) -> None:
    """A decoder taken over by its picture gains nothing by starting another process."""
    program = 'import subprocess, signal; subprocess.Popen(["sleep", "8"]); signal.alarm(8); signal.pause()'
    decoding = asyncio.create_task(decoder_of(program).decode(b"any"))
    [child] = await until(decoders, 1)
    [started] = await until(lambda: children_of(child.pid), 1)
    await cancelled(decoding)
    assert is_reaped(child)
    async with asyncio.timeout(3):  # who reaps it is not ours to say
        while is_alive(started):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


# Limits


async def test_two_children_at_once_and_no_more(decoder_of: DecoderOf) -> None:
    """Of five pictures two are decoded at a time; as one ends, the next begins."""
    decoder = decoder_of(DOES_NOT_END)
    waiting = {asyncio.create_task(decoder.decode(b"any")) for _ in range(5)}
    while len(waiting) > 1:
        one, _other = await until(decoders, 2)
        one.kill()
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert [await refusal(decoding) for decoding in done] == [ErrorCode.PICTURE_TOO_COSTLY]
        assert len(decoders()) <= 2
    await until(decoders, 1)
    await cancelled(waiting.pop())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the limits of another process")
def test_the_decoder_limits_itself_before_it_reads() -> None:
    """Memory, CPU time, files and core dumps are bounded, and its priority is lower, before a byte is read."""
    limits = json.dumps(asdict(PictureLimits()))
    program = picture_decoder.__file__
    with subprocess.Popen(
        [sys.executable, "-I", program, limits], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        child = psutil.Process(started.pid)
        deadline = time.monotonic() + 10
        while child.rlimit(psutil.RLIMIT_AS)[1] == psutil.RLIM_INFINITY and time.monotonic() < deadline:
            os.sched_yield()
        assert child.rlimit(psutil.RLIMIT_AS) == (2**30, 2**30)
        assert child.rlimit(psutil.RLIMIT_CPU) == (5, 5)
        assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (64, 64)
        assert child.nice() > psutil.Process().nice()
        assert not any("PIL" in mapped.path for mapped in child.memory_maps())
        started.kill()


async def test_a_child_has_no_secrets_and_its_own_group(decoder_of: DecoderOf) -> None:
    """Environment, working directory and process group of the caller are not the child's."""
    decoding = asyncio.create_task(decoder_of(DOES_NOT_END).decode(b"any"))
    [child] = await until(decoders, 1)
    assert os.environ
    assert child.environ() == {}
    assert child.cwd() == "/"
    assert os.getpgid(child.pid) == child.pid
    decoding.cancel()
    await asyncio.wait({decoding})


# The caller's event loop


async def longest_lag_s(until: "asyncio.Future[Any]") -> float:
    """Return by how much the event loop was late at worst, asked every 2 ms."""
    longest = 0.0
    while not until.done():
        asked_at = time.perf_counter()
        await asyncio.sleep(0.002)
        longest = max(longest, time.perf_counter() - asked_at - 0.002)
    return longest


async def test_five_photographs_and_a_bomb_leave_the_event_loop_free(new_decoder: DecoderOf) -> None:
    """While five photographs are decoded and a bomb is refused, the chat is never kept waiting for 100 ms."""
    decoder = new_decoder()
    photo = encoded(photograph(1_600, 1_067), "JPEG", quality=90)
    bomb = scan_bomb()
    lags_s = []
    for _ in range(3):  # other processes on the machine may hold the loop up: the best of three is ours
        work = asyncio.gather(*(decoder.decode(data) for data in (photo, bomb, *[photo] * 4)), return_exceptions=True)
        lags_s.append(await longest_lag_s(work))
        first, refused, *others = await work
        assert isinstance(refused, PictureRejected)
        assert refused.code is ErrorCode.PICTURE_TOO_COSTLY
        assert all(isinstance(picture, Picture) for picture in (first, *others))
        if lags_s[-1] < 0.1:
            return
    pytest.fail(f"the event loop was held up for {min(lags_s):.3f} s")
