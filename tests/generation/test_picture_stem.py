"""The stem, which forks a child for each picture: what it must never cost, leak or outlive."""

import asyncio
import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pillow_heif
import psutil
import pytest

from generation import picture_decoder
from generation.picture import PictureDecoder, PictureLimits
from generation.picture_fork import ForkedChild, StemLost
from generation.picture_stems import Stem, Stems
from tests.generation.crafted_pictures import encoded, photograph, plain
from tests.generation.picture_processes import (
    DOES_NOT_END,
    children_of,
    decoders,
    descendants,
    is_alive,
    is_reaped,
    stems,
    until,
)

pillow_heif.register_heif_opener()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no stems on this system")

REAL_PROGRAM = Path(picture_decoder.__file__)
#: A child that has its picture, and so is known to the bot, shows it like this; see ``hanging``.
HANGS = f"os.nice(1); {DOES_NOT_END}"
#: Hangs where a stem is its parent, and does its work where it has been executed.
HANGS_IN_A_FORK = f"""
import os, runpy, sys
if "/generation/picture_stem.py" in open(f"/proc/{{os.getppid()}}/cmdline").read():
    sys.stdin.buffer.read()
    {HANGS}
runpy.run_path({str(REAL_PROGRAM)!r}, run_name="__main__")
"""
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)

NewDecoder = Callable[..., PictureDecoder]
ProgramOf = Callable[[str], Path]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After each test no process is left, not even a zombie."""
    before = set(descendants())
    yield
    assert [child for child in descendants() if child not in before] == []


@pytest.fixture
async def new_decoder() -> AsyncIterator[NewDecoder]:
    """Makes decoders, and closes them."""
    made: list[PictureDecoder] = []

    def new(limits: PictureLimits | None = None, **options: Any) -> PictureDecoder:
        made.append(PictureDecoder(limits or PictureLimits(), **options))
        return made[-1]

    yield new
    for decoder in made:
        await decoder.close()


@pytest.fixture
def program_of(tmp_path: Path) -> ProgramOf:
    """Writes a program for children to run."""

    def program(text: str) -> Path:
        path = tmp_path / "program.py"
        path.write_text(text)
        return path

    return program


@pytest.fixture
def stem(program_of: ProgramOf) -> Iterator[Stem]:
    """A stem that has forked its first child; those that get ``wait`` do not end."""
    waits = f"import os, sys\nif sys.stdin.buffer.read() == b'wait': {HANGS}"
    stem = Stem(program_of(waits), PictureLimits())
    assert ForkedChild(stem).ask(b"end").exit_code == 0
    yield stem
    stem.end()


def hanging() -> list[psutil.Process]:
    """The children that have read their picture and do not end."""
    own_niceness = psutil.Process().nice()
    return [child for child in decoders() if child.nice() > own_niceness]


def said_by(error: RuntimeError) -> str:
    """The last line that a child has written to its stderr."""
    return str(error).partition(": ")[2].partition(": ")[2]


# What it saves and what it leaves


async def test_a_hundred_pictures_leave_no_zombie_and_no_open_file(new_decoder: NewDecoder) -> None:
    """After a hundred pictures, taken and refused, bot and stem have the files that they had after the first."""
    decoder = new_decoder()
    photo = plain(80, 80)
    await decoder.decode(photo)
    [stem] = stems()
    await until_idle(stem)
    before = psutil.Process().num_fds()
    pictures = (decoder.decode(photo if number % 5 else b"no picture") for number in range(100))
    outcomes = await asyncio.gather(*pictures, return_exceptions=True)
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 20
    assert stems() == [stem]
    assert children_of(stem.pid) == []
    assert psutil.Process().num_fds() == before
    await until_idle(stem)


async def until_idle(stem: psutil.Process) -> None:
    """Wait until it has nothing open but its socket and, twice, /dev/null: it closes a child's report at last."""
    async with asyncio.timeout(3):
        while stem.num_fds() != 3:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_stem_has_one_thread_whatever_its_children_decode(new_decoder: NewDecoder) -> None:
    """A fork copies one thread only, so none is started ahead; HEIF's library, which does, is loaded by its child."""
    decoder = new_decoder()
    for image_format in ("JPEG", "HEIF"):
        await decoder.decode(encoded(photograph(120, 80), image_format))
    [stem] = stems()
    assert stem.num_threads() == 1
    assert not any("heif" in mapped.path for mapped in stem.memory_maps())


async def test_a_stem_is_replaced_after_its_pictures(new_decoder: NewDecoder) -> None:
    """Nothing that children share lasts for ever: with two pictures a stem, the third comes from another."""
    decoder = new_decoder(pictures_of_a_stem=2)
    seen = []
    for _ in range(4):
        await decoder.decode(plain(80, 80))
        seen.append([stem.pid for stem in stems()])
    [[first], none_in_between, [second], none_at_the_end] = seen
    assert first != second
    assert none_in_between == none_at_the_end == []


async def test_closing_ends_the_stem_and_not_the_decoder(new_decoder: NewDecoder) -> None:
    """After close() no process is left; a picture that comes later is decoded all the same."""
    decoder = new_decoder()
    await decoder.decode(plain(80, 80))
    [stem] = stems()
    await decoder.close()
    assert is_reaped(stem)
    assert (await decoder.decode(plain(80, 80))).width_px == 80


async def test_a_decoder_that_nobody_closes_takes_its_stem_along() -> None:
    """Who forgets to close a decoder leaves no process when it is gone."""
    decoder = PictureDecoder(PictureLimits())
    await decoder.decode(plain(80, 80))
    [stem] = stems()
    del decoder
    async with asyncio.timeout(3):
        while not is_reaped(stem):  # its threads may still have to let go of it
            gc.collect()
            await asyncio.sleep(0.005)


async def test_no_stem_is_started_before_the_first_picture(new_decoder: NewDecoder) -> None:
    """A bot that never gets a picture pays nothing."""
    new_decoder()
    assert stems() == []


# What a child can see


async def test_a_child_sees_neither_the_bots_files_nor_the_stems_socket(
    new_decoder: NewDecoder, program_of: ProgramOf, tmp_path: Path
) -> None:
    """Three pipes are all that is open in a child, even while another picture is decoded beside it."""
    tells = (
        "import os, signal, sys\n"
        "data = sys.stdin.buffer.read()\n"
        "if data == b'wait': signal.alarm(8); signal.pause()\n"
        "links = []\n"
        "for fd in os.listdir('/proc/self/fd'):\n"
        "    try: links.append(fd + os.readlink('/proc/self/fd/' + fd).partition(':')[0])\n"
        "    except FileNotFoundError: pass\n"  # that of listdir
        "sys.exit(' '.join(sorted(links)))\n"
    )
    decoder = new_decoder(program=program_of(tells))
    with (tmp_path / "secret").open("w") as secret, socket.socket() as conversation:
        os.set_inheritable(secret.fileno(), True)
        os.set_inheritable(conversation.fileno(), True)
        beside = asyncio.create_task(decoder.decode(b"wait"))
        await until(decoders, 1)
        with pytest.raises(RuntimeError) as told:
            await decoder.decode(b"tell")
        assert said_by(told.value) == "0pipe 1pipe 2pipe"
        beside.cancel()
        await asyncio.wait({beside})


# What bounds a child


def test_a_forked_child_takes_its_limits_before_it_reads() -> None:
    """Memory, CPU time, files and core dumps are bounded, and its priority is lower, before a byte is read."""
    stem = Stem(REAL_PROGRAM, PictureLimits())
    with ExitStack() as opened:
        opened.callback(stem.end)
        pipes = [os.pipe() for _ in range(3)]
        for fd in (fd for pipe in pipes for fd in pipe):
            opened.callback(os.close, fd)
        opened.enter_context(stem.fork([pipes[0][0], pipes[1][1], pipes[2][1]]))
        [child] = asyncio.run(until(lambda: [child for child in decoders() if is_limited(child)], 1))
        assert child.rlimit(psutil.RLIMIT_AS) == (2**30, 2**30)
        assert child.rlimit(psutil.RLIMIT_CPU) == (5, 5)
        assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (64, 64)
        assert child.nice() > psutil.Process().nice()


def is_limited(child: psutil.Process) -> bool:
    """Whether it has the last of its limits; it will not get a byte in this test."""
    return child.rlimit(psutil.RLIMIT_AS)[1] != psutil.RLIM_INFINITY


async def test_the_memory_that_a_child_inherits_counts(new_decoder: NewDecoder, program_of: ProgramOf) -> None:
    """With 200 MB for a child, what it gets and what it has from its stem are 200 MB together."""
    program = program_of(
        "import runpy, sys\n"
        f"decoder = runpy.run_path({str(REAL_PROGRAM)!r})\n"
        "import json\n"
        "decoder['_limit_this_process'](decoder['Limits'](**json.loads(sys.argv[1])))\n"
        "pieces = []\n"
        "try:\n"
        "    while True: pieces.append(bytearray(1_000_000))\n"
        "except MemoryError:\n"
        "    got = len(pieces); del pieces\n"
        "size = int(open('/proc/self/status').read().partition('VmPeak:')[2].split()[0]) * 1024\n"
        "sys.exit(f'{got > 100} {195_000_000 < size <= 200_000_000}')\n"
    )
    with pytest.raises(RuntimeError) as told:
        await new_decoder(PictureLimits(max_memory_bytes=200_000_000), program=program).decode(b"any")
    assert said_by(told.value) == "True True"


# When a stem dies or does not work


async def test_a_stem_killed_in_mid_picture_costs_nobody_an_answer(
    new_decoder: NewDecoder, program_of: ProgramOf
) -> None:
    """Two pictures under way are decoded without their stem, the children die with it, and the next has another."""
    decoder = new_decoder(program=program_of(HANGS_IN_A_FORK))
    decodings = [asyncio.create_task(decoder.decode(plain(80, 80))) for _ in range(2)]
    children = await until(hanging, 2)
    [stem] = stems()
    stem.kill()
    pictures = await asyncio.gather(*decodings)
    assert [picture.width_px for picture in pictures] == [80, 80]
    assert is_reaped(stem)
    assert not any(is_alive(child) for child in children)
    later = asyncio.create_task(decoder.decode(plain(80, 80)))
    await until(hanging, 1)
    [another] = stems()
    assert another != stem
    another.kill()
    await later


async def test_a_bot_that_inherits_orphans_reaps_those_of_its_stem(
    new_decoder: NewDecoder, program_of: ProgramOf
) -> None:
    """As process number one of a container the bot becomes the parent of what a killed stem leaves: no zombie stays."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        decoding = asyncio.create_task(new_decoder(program=program_of(HANGS_IN_A_FORK)).decode(plain(80, 80)))
        [child] = await until(hanging, 1)
        stems()[0].kill()
        await decoding
        assert is_reaped(child)
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0)


async def test_closing_in_mid_picture_costs_nobody_an_answer(new_decoder: NewDecoder, program_of: ProgramOf) -> None:
    """A picture under way is decoded without the stem that is closed."""
    decoder = new_decoder(program=program_of(HANGS_IN_A_FORK))
    decoding = asyncio.create_task(decoder.decode(plain(80, 80)))
    await until(hanging, 1)
    await decoder.close()
    assert (await decoding).width_px == 80


def test_a_stem_that_does_not_fork_is_given_up(stem: Stem) -> None:
    """A stem that hangs is killed after a while, and its picture is not told that it was too costly."""
    [process] = stems()
    process.suspend()
    with pytest.raises(StemLost, match="does not fork"):
        ForkedChild(stem, prompt_s=0.2).ask(b"any")
    process.wait(5)


async def test_a_stem_that_hangs_does_not_protect_its_child(stem: Stem) -> None:
    """A child is killed at once whatever its stem does; the stem that then does not report it is ended, too."""
    child = ForkedChild(stem, prompt_s=1)
    asking = asyncio.get_running_loop().run_in_executor(None, child.ask, b"wait")
    [process] = await until(hanging, 1)
    [stem_process] = stems()
    stem_process.suspend()
    child.kill()
    while is_alive(process):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert not asking.done()
    with pytest.raises(StemLost, match="how its child ended"):
        await asking


def test_a_stem_that_cannot_start_is_not_tried_with_every_picture(program_of: ProgramOf) -> None:
    """Where a stem ends at once, the pictures of the next minute are not kept waiting for another."""
    broken = program_of("import no_such_library")
    limits = PictureLimits()
    lender = Stems(REAL_PROGRAM, limits, pictures_each=500, stem_program=broken)
    stem = lender.lend()
    assert stem is not None
    with pytest.raises(StemLost):
        ForkedChild(stem).ask(plain(80, 80))
    stem.is_lost = True
    assert lender.take_back(stem)
    stem.end()
    assert lender.lend() is None


# When the bot dies


def test_the_bots_death_ends_the_stem_and_its_children(program_of: ProgramOf) -> None:
    """A bot killed in mid-picture leaves nothing running."""
    program = program_of(DOES_NOT_END)
    bot = (
        "import asyncio\n"
        "from pathlib import Path\n"
        "from generation.picture import PictureDecoder, PictureLimits\n"
        "async def main():\n"
        f"    decoder = PictureDecoder(PictureLimits(), program=Path({str(program)!r}))\n"
        "    await asyncio.gather(*(decoder.decode(b'any') for _ in range(2)))\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", bot]) as process:
        left = [*asyncio.run(until(lambda: decoders(process.pid), 2)), *stems(process.pid)]
        process.send_signal(signal.SIGKILL)
    assert len(left) == 3
    _, alive = psutil.wait_procs(left, timeout=3)
    assert alive == []
