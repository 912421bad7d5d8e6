"""The program that forks a decoder for each picture, so that Python and Pillow are loaded once and not every time.

``generation.picture_stems`` starts it by its path, with the path of the decoder program and its limits as arguments,
and a Unix socket as stdin. Each message on that socket brings four file descriptors: what the decoder has as stdin,
stdout and stderr, and a socket on which this program reports: first the child's pidfd, when it has ended its exit code
(as subprocess has it: -9 for a SIGKILL). No report means that there is no child.

What this program must never do is read a picture: a child that a picture has taken over has nothing of the others'.
A child holds its three pipes and no other file, runs the decoder program as if it had been started with it, and that
program takes its limits before it reads; the memory that the child inherits counts towards them. What a child of exec
would have for itself and these share until the program is replaced: where things lie in memory (ASLR), the seed of the
hashes.

It has one thread, because a fork copies only one. So HEIF is left to the children: its library starts threads. It ends
when its socket does or its parent dies; its children die with it.
"""

import ctypes
import gc
import io  # noqa: F401 - as those below: loaded for the decoder program
import json  # noqa: F401
import math  # noqa: F401
import os
import re  # noqa: F401
import resource
import select
import signal
import socket
import sys
import traceback
import typing  # noqa: F401
import warnings  # noqa: F401
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import NoReturn

# For each child two: its pidfd and the socket of its reports. The descriptors of a request are closed after the fork.
_MAX_OPEN_FILES = 256
_REQUEST_FDS = 4
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    program, limits = sys.argv[1:]
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a parent that is gone already has closed the socket
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    sys.argv = [program, limits]  # what the decoder will find
    code = compile(Path(program).read_bytes(), program, "exec")
    _load_pillow()
    gc.collect()
    gc.freeze()  # or the children's collector would write to, and so copy, everything that they share
    _Stem(socket.socket(fileno=0), code, prctl).serve()


def _load_pillow() -> None:
    """Load all that decoding needs, except what starts threads."""
    from PIL import (  # noqa: F401
        AvifImagePlugin,
        GifImagePlugin,
        Image,
        ImageCms,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,  # EXIF is a TIFF
        WebPImagePlugin,
    )

    Image.preinit()


class _Stem:
    """The children under way, each by its pidfd, with the socket for its reports."""

    def __init__(self, requests: socket.socket, code: CodeType, prctl: "ctypes._NamedFuncPointer") -> None:
        self._requests, self._code, self._prctl = requests, code, prctl
        self._children: dict[int, tuple[int, socket.socket]] = {}
        self._poll = select.poll()
        self._poll.register(requests, select.POLLIN)

    def serve(self) -> None:
        """Fork and reap until the other side closes."""
        while True:
            for fd, _ in self._poll.poll():
                if fd != self._requests.fileno():
                    self._reap(fd)
                    continue
                message, fds, _, _ = socket.recv_fds(self._requests, 1, _REQUEST_FDS)
                if not message:
                    return self._kill_all()
                try:
                    self._take(fds)
                finally:
                    for received in fds:
                        os.close(received)

    def _take(self, fds: list[int]) -> None:
        """Fork a child for a request, or close its report where that cannot be."""
        if len(fds) != _REQUEST_FDS:
            return
        *pipes, report_fd = fds
        own_pid = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            return
        if pid == 0:
            self._be_decoder(own_pid, pipes)
        os.setpgid(pid, pid)  # here too, so that it is done before anybody hears of the child
        pidfd = os.pidfd_open(pid)
        report = socket.socket(fileno=os.dup(report_fd))
        self._children[pidfd] = pid, report
        self._poll.register(pidfd, select.POLLIN)
        with suppress(OSError):
            socket.send_fds(report, [b"pidfd"], [pidfd])

    def _reap(self, pidfd: int) -> None:
        pid, report = self._children.pop(pidfd)
        self._poll.unregister(pidfd)
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # what it may have started; until it is reaped, the number is its own
        ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        assert ended is not None  # WNOHANG is not asked for
        exit_code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        os.close(pidfd)
        with report, suppress(OSError):
            report.send(b"%d" % exit_code)

    def _kill_all(self) -> None:
        for pidfd in self._children:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    def _be_decoder(self, parent_pid: int, pipes: list[int]) -> NoReturn:
        """Run the decoder program in this child, with its pipes and nothing else of the parent's open."""
        exit_code = 1
        try:
            self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == parent_pid:  # else it has died before that
                os.setpgid(0, 0)
                for fd, pipe in enumerate(pipes):
                    # What Python's own sys.stdin and so on stand on; they have not been touched until now.
                    os.dup2(pipe, fd)
                os.closerange(3, _MAX_OPEN_FILES)
                exec(self._code, {"__name__": "__main__", "__file__": sys.argv[0]})  # noqa: S102 - our own program
                exit_code = 0
        except SystemExit as ended:
            exit_code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            if not isinstance(ended.code, int | None):
                sys.stderr.write(f"{ended.code}\n")
        except BaseException:  # noqa: BLE001 - nothing may get from here into the parent's loop
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
            os._exit(exit_code)


if __name__ == "__main__":
    main()
