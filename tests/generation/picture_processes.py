"""Finding the processes that decode pictures: stems, and the children that decode, however they were made."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import psutil

from generation.picture_stems import STEM_PROGRAM

#: Longer than any test waits, but not for ever: a child that nobody ends must not hold the test run.
DOES_NOT_END = "import signal; signal.alarm(8); signal.pause()"


def children_of(pid: int) -> list[psutil.Process]:
    """The children of a process, zombies too."""
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.is_dir():
        return _known(lambda: psutil.Process(pid).children())
    # psutil would read every process of the machine, and some of these tests ask without a pause.
    numbers = [number for task in tasks.iterdir() for number in _read(task / "children").split()]
    return [child for number in numbers for child in _known(lambda number=number: [psutil.Process(int(number))])]


def descendants() -> list[psutil.Process]:
    """Everything that this process has started, zombies too."""
    found = children_of(os.getpid())
    for child in found:
        found.extend(children_of(child.pid))
    return found


def stems(of_pid: int | None = None) -> list[psutil.Process]:
    """The stems of a process, of this one by default."""
    return [child for child in children_of(of_pid or os.getpid()) if _program(child) == str(STEM_PROGRAM)]


def decoders(of_pid: int | None = None) -> list[psutil.Process]:
    """The running children that decode for a process, zombies too; a fork of it that has not exec'd yet is none."""
    children = children_of(of_pid or os.getpid())
    executed = [child for child in children if _program(child) not in {None, str(STEM_PROGRAM)}]
    return executed + [child for stem in stems(of_pid) for child in children_of(stem.pid)]


async def until(find: Callable[[], list[psutil.Process]], count: int) -> list[psutil.Process]:
    """Wait until there are so many, and return them."""
    async with asyncio.timeout(5):
        while len(found := find()) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)  # no event tells of a process
    return found


def is_reaped(process: psutil.Process) -> bool:
    """Whether not even a zombie is left; asked of the kernel, since a look into /proc takes long enough to miss one."""
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


def is_alive(process: psutil.Process) -> bool:
    """Whether it is there and no zombie."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _program(process: psutil.Process) -> str | None:
    """The Python program that an isolated Python runs."""
    try:
        command = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return None
    return command[3] if command[1:3] == ["-I", "-B"] else None


def _known(find: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    try:
        return find()
    except psutil.NoSuchProcess:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended meanwhile
        return ""
