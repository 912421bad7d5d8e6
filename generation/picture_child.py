"""One child process that decodes one picture: what is said to it, what it leaves behind, and the way that execs it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Protocol

_MAX_HEADER_BYTES = 200
_MAX_COMPLAINT_BYTES = 4_096
_RGB_BYTES = 3  # a pixel


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may be, and what decoding it may cost."""

    max_bytes: int = 20_000_000  # Telegram's bots can fetch no more
    max_pixels: int = 50_000_000
    max_jpeg_pixels: int = 200_000_000  # a JPEG can be decoded at 1/8 of its sides
    min_side_px: int = 64
    max_side_px: int = 20_000
    max_ratio: float = 4.0  # of the longer side to the shorter
    max_output_pixels: int = 2_000_000  # a larger picture is scaled down: no video frame has more
    max_memory_bytes: int = 2**30  # of address space; 50 MP do not fit into half of it
    max_cpu_s: int = 5  # the costliest of 48 MP take 2.5 s
    max_wall_s: float = 10.0

    @property
    def max_rgb_bytes(self) -> int:
        """The most that a decoded picture can have."""
        return self.max_output_pixels * _RGB_BYTES

    def as_argument(self) -> str:
        """Return the limits as the decoder program takes them."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a child left behind, unchecked."""

    exit_code: int  # -9 for a SIGKILL
    header: bytes
    rgb: bytes
    complaint: str  # the last line of its stderr


class Child(Protocol):
    """One run of the decoder program: ``ask`` blocks its thread, ``kill`` may come from another one at any time."""

    def ask(self, data: bytes) -> Answer:
        """Return what the child says to ``data``, once it has ended, is reaped and its pipes are closed."""

    def kill(self) -> None:
        """End the child, or see to it that it ends once it has begun."""


@dataclass(frozen=True, slots=True)
class Pipes:
    """Our side of what a child reads and writes."""

    data: IO[bytes]
    answer: IO[bytes]
    complaint: IO[bytes]

    def converse(self, data: bytes, max_rgb_bytes: int, kill: Callable[[], None]) -> tuple[bytes, bytes, str]:
        """Return the header, the pixels and the last line of the complaint that the child has for ``data``.

        A child that writes more than ``max_rgb_bytes`` of pixels is ended with ``kill``.
        """
        # The child reads everything before it writes, so writing first cannot lock the two; and a child that has
        # died breaks the pipe, but may have told why.
        with contextlib.suppress(BrokenPipeError), self.data:
            self.data.write(data)
        header = self.answer.readline(_MAX_HEADER_BYTES)
        rgb = self.answer.read(max_rgb_bytes + 1)
        if len(rgb) > max_rgb_bytes:
            kill()
        complaint = self.complaint.read(_MAX_COMPLAINT_BYTES).decode(errors="replace").strip()
        return header, rgb, complaint.rpartition("\n")[2]


class ExecutedChild:
    """A child that is a new process, and knows nothing but its program: works everywhere, costs a start of Python."""

    def __init__(self, program: Path, limits: PictureLimits) -> None:
        self._command = [sys.executable, "-I", "-B", str(program), limits.as_argument()]
        self._max_rgb_bytes = limits.max_rgb_bytes
        self._is_unwanted = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, data: bytes) -> Answer:
        with subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={},  # no token, no path
            process_group=0,  # Ctrl-C is for the parent, which decides what becomes of the child
        ) as process:
            self._process = process
            if self._is_unwanted.is_set():
                self.kill()
            # typeshed makes these optional; they exist because they were asked for above.
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            pipes = Pipes(process.stdin, process.stdout, process.stderr)
            said = pipes.converse(data, self._max_rgb_bytes, self.kill)
        return Answer(process.returncode, *said)

    def kill(self) -> None:
        self._is_unwanted.set()
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may end by itself in this very moment
                os.killpg(process.pid, signal.SIGKILL)  # and what it may have started
