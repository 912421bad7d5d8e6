"""The render server as a process of its own: ``python -m generation.child``, started by ``generation.local``.

Its first line of stdin is the configuration as JSON; its stdout says in JSON lines where it listens and whether the
engine is ready. It exits when stdin closes, so that no orphan keeps the GPU, and carries no secret in its environment.
"""

import asyncio
import ctypes
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import uvicorn

from generation.engines import EngineSpec, make_engine
from generation.engines.engine import Engine
from generation.errors import GenerationError
from generation.ffmpeg import find_ffmpeg
from generation.server import RenderServer, ServerOptions
from generation.wire import pack_error

_NICENESS = 5  # the bot's event loop comes first
_PR_SET_PDEATHSIG = 1  # prctl(2)

#: sysexits' EX_CONFIG: the engine cannot be loaded as configured; the status line says why.
LOAD_FAILED_EXIT_CODE = 78


def main(make: Callable[[EngineSpec], Engine] = make_engine) -> None:
    """Read the configuration, load the engine that ``make`` gives for it, serve until stdin closes."""
    status = _own_stdout()
    _die_with_parent()
    config: dict[str, Any] = json.loads(sys.stdin.readline())
    folder = Path(config["folder"])
    threading.Thread(target=_exit_at_end_of_input, name="parent-watch", daemon=True).start()
    os.nice(_NICENESS)
    logging.basicConfig(level=config["log_level"].upper(), format="%(levelname)s %(name)s: %(message)s")
    sys.exit(asyncio.run(_serve(make, config, folder, status)))


async def _serve(make: Callable[[EngineSpec], Engine], config: Mapping[str, Any], folder: Path, status: TextIO) -> int:
    def say(**facts: object) -> None:
        print(json.dumps(facts), file=status, flush=True)

    try:
        options = ServerOptions(
            work_dir=folder / "work",
            ffmpeg=find_ffmpeg(config["ffmpeg"]),
            slots=config["slots"],
            cancel_grace_s=config["cancel_grace_s"],
            token=config["token"],
        )
        server = RenderServer(make(EngineSpec(**config["engine"])), options)
        listener = _listen("" if config["use_port"] else str(folder / "socket"))
        # The bot has a line of its own for each render; uvicorn's would say the same twice in other words.
        quiet = uvicorn.Config(server.app(), log_config=None, log_level="warning", access_log=False, lifespan="off")
        http = _Uvicorn(quiet)
        serving = asyncio.create_task(http.serve(sockets=[listener]))
        say(state="listening", port=listener.getsockname()[1] if config["use_port"] else 0)
        await server.load()
        say(state="ready")
    except GenerationError as error:
        say(state="failed", **pack_error(error))
        return LOAD_FAILED_EXIT_CODE
    await serving  # until stdin closes, which ends the process
    return 0


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers: this process ends with its stdin, and a SIGTERM needs no ceremony."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _listen(socket_path: str) -> socket.socket:
    """Return a bound socket: a Unix one at ``socket_path``, or 127.0.0.1 at any free port where that is empty."""
    if socket_path:
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        unix.bind(socket_path)
        unix.listen()
        return unix
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.bind(("127.0.0.1", 0))
    tcp.listen()
    return tcp


def _own_stdout() -> TextIO:
    """Return the real stdout for the status lines, and turn fd 1 to stderr: a library's print must not be one."""
    status = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return status


def _die_with_parent() -> None:
    """Ask Linux to kill this process with its parent, even when a C library holds the GIL for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _exit_at_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # ffmpeg too
    os._exit(0)


if __name__ == "__main__":
    main()
