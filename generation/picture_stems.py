"""Stems, the processes that fork decoders (``generation.picture_stem``): their start, their replacement, their end.

Only Linux has all that they need (pidfds, the signal at a parent's death); elsewhere no stem is ever lent.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from functools import cache, partial
from pathlib import Path

from generation.picture_child import PictureLimits

log = logging.getLogger(__name__)

STEM_PROGRAM = Path(__file__).with_name("picture_stem.py")
#: A stem starts in 0.2 s and forks in 2 ms; one that has not after this time will not.
PROMPT_S = 5.0
_RETRY_AFTER_S = 60.0  # where a stem could not even start, or never forked


class Stem:
    """A running stem. May be used by several threads; ``active`` and ``pictures`` belong to ``Stems``."""

    def __init__(self, program: Path, limits: PictureLimits, stem_program: Path = STEM_PROGRAM) -> None:
        self.active = 0  # pictures under way
        self.pictures = 0  # taken so far
        self.has_served = False
        self.is_lost = False
        self.max_rgb_bytes = limits.max_rgb_bytes
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                # From the thread of the event loop: Linux ends the stem with the thread that has started it.
                process = subprocess.Popen(
                    [sys.executable, "-I", "-B", str(stem_program), str(program), limits.as_argument()],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={},  # no token, no path
                    process_group=0,  # Ctrl-C is for the parent
                )
            except BaseException:
                self._requests.close()
                raise
        self._requests.settimeout(PROMPT_S)
        self._lock = threading.Lock()  # so that nothing is sent on, or to, a number that has just become free
        self._end = partial(_end, self._lock, self._requests, process)
        weakref.finalize(self, self._end)  # where nobody has ended it by the time this object or Python ends

    def end(self) -> None:
        """Kill the process and wait until it is reaped: milliseconds. It may have ended already."""
        self._end()

    def fork(self, pipe_fds: list[int]) -> socket.socket:
        """Ask for a child with these as its stdin, stdout and stderr, and return the socket of the reports on it.

        Raises OSError where the stem has died.
        """
        report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                with self._lock:
                    socket.send_fds(self._requests, [b"f"], [*pipe_fds, theirs.fileno()])
            except BaseException:
                report.close()
                raise
        return report


def _end(lock: threading.Lock, requests: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    with lock:
        requests.close()
        process.kill()
        process.wait()


class Stems:
    """Lends the stem in use: started with the first picture, replaced after ``pictures_each`` or when it was lost.

    Its methods belong to the thread of the event loop. What every 500th picture pays is the start of one stem; what
    that bounds is how long the children share what they inherit.
    """

    def __init__(
        self, program: Path, limits: PictureLimits, pictures_each: int, stem_program: Path = STEM_PROGRAM
    ) -> None:
        self._program, self._limits, self._stem_program = program, limits, stem_program
        self._pictures_each = pictures_each
        self._stem: Stem | None = None
        self._none_before_s = 0.0  # of the monotonic clock

    def lend(self) -> Stem | None:
        """Return a stem for one picture, or None where there is none to be had."""
        if self._stem is None:
            self._stem = self._start()
        stem = self._stem
        if stem is not None:
            stem.active += 1
            stem.pictures += 1
            if stem.pictures >= self._pictures_each:
                self._stem = None
        return stem

    def take_back(self, stem: Stem) -> bool:
        """Note that a picture is over; whether the stem's last one is, so that its ``end`` is due."""
        stem.active -= 1
        if stem.is_lost and self._stem is stem:
            self._stem = None
        if stem.is_lost and not stem.has_served:
            self._none_before_s = time.monotonic() + _RETRY_AFTER_S
        return stem.active == 0 and stem is not self._stem

    def retire(self) -> Stem | None:
        """Return the stem in use, if there is one, which is lent no more."""
        stem, self._stem = self._stem, None
        return stem

    def _start(self) -> Stem | None:
        if self._pictures_each == 0 or time.monotonic() < self._none_before_s or not _stems_work_here():
            return None
        try:
            return Stem(self._program, self._limits, self._stem_program)
        except OSError as error:
            log.warning("pictures are decoded without a stem for now: %s", error)
            self._none_before_s = time.monotonic() + _RETRY_AFTER_S
            return None


@cache
def _stems_work_here() -> bool:
    """Whether this system has pidfds and lets us use them; a sandbox may not."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        own = os.pidfd_open(os.getpid())
    except OSError:
        return False
    try:
        signal.pidfd_send_signal(own, 0)
    except OSError:
        return False
    finally:
        os.close(own)
    return True
