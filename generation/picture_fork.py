"""A child that a stem has forked for one picture: our side of it.

Saves a picture the start of Python and of Pillow. Where anything about its stem goes wrong, ``StemLost`` says so, and
the picture can still be decoded by ``generation.picture_child.ExecutedChild``.
"""

import os
import signal
import socket
import threading
from contextlib import ExitStack, suppress

from generation.picture_child import Answer, Pipes
from generation.picture_stems import PROMPT_S, Stem

_MAX_REPORT_BYTES = 16
_PIPE_BYTES = 2**20  # sixteen times the usual: a sixth less time for a photograph of 1.5 MP, 4.5 MB of pixels


class StemLost(Exception):
    """The stem did not tell what became of the child: it has died, or does not work."""


class ForkedChild:
    """A child that the stem forks: see ``generation.picture_child.Child``. ``ask`` raises StemLost, too."""

    def __init__(self, stem: Stem, prompt_s: float = PROMPT_S) -> None:
        self._stem, self._prompt_s = stem, prompt_s
        self._lock = threading.Lock()  # so that no signal is sent by a number that has just been closed
        self._pidfd: int | None = None
        self._is_unwanted = threading.Event()

    def ask(self, data: bytes) -> Answer:
        with ExitStack() as opened:
            pipes, report = self._request(opened)
            self._grasp(report)
            opened.callback(self._let_go)
            said = pipes.converse(data, self._stem.max_rgb_bytes, self.kill)
            try:
                return Answer(self._exit_code(report), *said)
            except StemLost:
                self._stem.end()  # the child is an orphan, as _let_go is to find it, only when its parent is quite dead
                raise

    def kill(self) -> None:
        self._is_unwanted.set()
        with self._lock:
            if self._pidfd is not None:
                with suppress(ProcessLookupError):  # it has ended by itself
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _request(self, opened: ExitStack) -> tuple[Pipes, socket.socket]:
        """Have the stem fork, with three new pipes whose other ends the child alone holds afterwards."""
        with ExitStack() as theirs:
            child_fds, files = [], []
            for mode in ("wb", "rb", "rb"):
                ends = os.pipe()
                his, mine = ends if mode == "wb" else reversed(ends)
                theirs.callback(os.close, his)
                _enlarge(his)
                child_fds.append(his)
                files.append(opened.enter_context(os.fdopen(mine, mode)))
            try:
                return Pipes(*files), opened.enter_context(self._stem.fork(child_fds))
            except OSError as error:
                raise StemLost(f"it takes no request: {error}") from error

    def _grasp(self, report: socket.socket) -> None:
        """Take hold of the child, so that it can be killed whatever the stem does; at once, if it is not wanted."""
        report.settimeout(self._prompt_s)
        try:
            _, fds, _, _ = socket.recv_fds(report, _MAX_REPORT_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError as error:  # TimeoutError is one
            self._stem.end()
            raise StemLost(f"it does not fork: {error}") from error
        if not fds:
            raise StemLost("it could not fork")
        with self._lock:
            self._pidfd = fds[0]
        self._stem.has_served = True
        if self._is_unwanted.is_set():
            self.kill()

    def _exit_code(self, report: socket.socket) -> int:
        """Return the child's exit code once it has ended; a stem that does not tell after a kill is ended as well."""
        while True:
            was_killed = self._is_unwanted.is_set()
            try:
                said = report.recv(_MAX_REPORT_BYTES)
            except TimeoutError:
                if not was_killed:
                    continue  # it is the caller who knows how long a child may take
                raise StemLost("it does not say how its child ended") from None
            except OSError as error:
                raise StemLost(f"it has died: {error}") from error
            if not said:
                raise StemLost("it has died")
            return int(said)

    def _let_go(self) -> None:
        """Close the pidfd, and leave no child that has lost its stem: the stem has reaped all others.

        In a container, where the bot may be process number one, such a child becomes its own to reap.
        """
        with self._lock:
            pidfd, self._pidfd = self._pidfd, None
        assert pidfd is not None  # _grasp has set it
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        os.close(pidfd)


def _enlarge(pipe_fd: int) -> None:
    """Let a pipe hold more, as far as the system allows its user."""
    import fcntl  # here, because Windows has none

    with suppress(OSError):
        fcntl.fcntl(pipe_fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
