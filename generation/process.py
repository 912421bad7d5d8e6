"""One life of a local render server: from exec to its exit code."""

import asyncio
import json
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from generation.client import RenderClient
from generation.engines import EngineSpec
from generation.errors import EngineUnavailable, ErrorCode, GenerationError
from generation.wire import unpack_error

log = logging.getLogger(__name__)

#: What a render server may see of the environment: how to find programs, libraries, the card and caches. No secrets.
_ENVIRONMENT_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "SYSTEMROOT",
)
_ENVIRONMENT_KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "OMP_", "MKL_", "PYTORCH_", "TORCH_", "TORCHINDUCTOR_", "TRITON_")
_ENVIRONMENT_SET = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
_DIED_BY_ITSELF_S = 0.5
_LAST_LINES = 20
_FOLDER_PREFIX = "animate-"


@dataclass(frozen=True, slots=True)
class ChildOptions:
    """How a local render server is started and treated."""

    engine: EngineSpec
    ffmpeg: str = ""  # empty: the bundled one
    slots: int = 1
    silence_limit_s: float = 120.0
    start_limit_s: float = 600.0
    cancel_grace_s: float = 10.0
    log_level: str = "info"
    use_port: bool = not hasattr(socket, "AF_UNIX")
    command: tuple[str, ...] = (sys.executable, "-I", "-m", "generation.child")


class ServerProcess:
    """A running render server and the client that speaks to it. Made by ``start`` only."""

    def __init__(self, process: Process, folder: Path) -> None:
        self.active = 0  # renders under way
        self.jobs = 0  # renders that came to an end, good or bad
        self.is_suspect = False  # its engine failed in a way that a new process may cure
        self.is_ending = False
        self.was_ended_by_us = False  # and not because of what it answered
        self._process, self._folder = process, folder
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._client: RenderClient | None = None
        self._log_task = asyncio.create_task(self._pass_on_log())

    @classmethod
    async def start(cls, options: ChildOptions, environ: Mapping[str, str]) -> "ServerProcess":
        """Return a server whose engine is loaded.

        Raises EngineUnavailable, with the engine's own reason where it gave one, when that fails or takes too long.
        """
        folder = await asyncio.to_thread(_new_folder)
        process = await asyncio.create_subprocess_exec(
            *options.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=clean_environment(environ),
            start_new_session=True,  # Ctrl-C in a terminal is the bot's to handle
        )
        server = cls(process, folder)
        try:
            async with asyncio.timeout(options.start_limit_s):
                await server._become_ready(options)
        except TimeoutError as error:
            await server.end()
            raise EngineUnavailable(
                ErrorCode.SERVER_START_FAILED, detail=f"not ready after {options.start_limit_s:g} s", exit_code=None
            ) from error
        except BaseException:
            await server.end()
            raise
        return server

    @property
    def client(self) -> RenderClient:
        assert self._client is not None  # set before start() returns
        return self._client

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None and not self.is_ending

    def rss_bytes(self) -> int:
        """Resident memory of the process, 0 where it is gone."""
        with suppress(psutil.Error):
            return int(psutil.Process(self.pid).memory_info().rss)
        return 0

    async def died_by_itself(self) -> None:
        """Give a dying process half a second, so that its exit code is its own and not our kill's."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DIED_BY_ITSELF_S):
                await self._process.wait()

    async def end(self) -> int:
        """End the process, if it has not ended by itself, clean up, and return its exit code (-11 for SIGSEGV)."""
        self.is_ending = True
        assert self._process.stdin is not None
        self._process.stdin.close()  # a healthy server exits at the end of its input
        await self.died_by_itself()
        with suppress(ProcessLookupError):
            self._process.kill()
        exit_code = await self._process.wait()
        await asyncio.wait((self._log_task,), timeout=_DIED_BY_ITSELF_S)
        self._log_task.cancel()
        if self._client is not None:
            await self._client.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        return exit_code

    async def _become_ready(self, options: ChildOptions) -> None:
        token = secrets.token_urlsafe(32) if options.use_port else ""
        socket_path = "" if options.use_port else str(self._folder / "socket")
        config = {
            "engine": asdict(options.engine),
            "ffmpeg": options.ffmpeg,
            "slots": options.slots,
            "cancel_grace_s": options.cancel_grace_s,
            "log_level": options.log_level,
            "folder": str(self._folder),
            "use_port": options.use_port,
            "token": token,
        }
        stdin = self._process.stdin
        assert stdin is not None
        with suppress(ConnectionResetError, BrokenPipeError):  # it died at once: its status says so below
            stdin.write(json.dumps(config).encode() + b"\n")
            await stdin.drain()
        port = (await self._status("listening")).get("port")
        self._client = RenderClient(
            f"http://127.0.0.1:{port}" if options.use_port else "http://render-server",
            token=token,
            silence_limit_s=options.silence_limit_s,
            socket_path=socket_path,
        )
        await self._status("ready")

    async def _status(self, expected: str) -> dict[str, Any]:
        """Return the next status line; raises EngineUnavailable where it is not the expected one."""
        stdout = self._process.stdout
        assert stdout is not None
        line = await stdout.readline()
        if not line:
            exit_code = await self._process.wait()
            await asyncio.wait((self._log_task,), timeout=_DIED_BY_ITSELF_S)
            raise EngineUnavailable(
                ErrorCode.SERVER_START_FAILED,
                detail=self._last_lines[-1] if self._last_lines else "",
                exit_code=exit_code,
            )
        facts: dict[str, Any] = json.loads(line)
        if facts["state"] == "failed":
            error: GenerationError = unpack_error(facts)
            raise error
        assert facts["state"] == expected, facts
        return facts

    async def _pass_on_log(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while line := await stderr.readline():
            text = line.decode(errors="replace").rstrip()
            self._last_lines.append(text)
            log.info("render server %s: %s", self.pid, text)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a render server may see of ``environ``: a list of what is kept, so that no secret is forgotten."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in _ENVIRONMENT_KEPT or name.startswith(_ENVIRONMENT_KEPT_PREFIXES)
    }
    return {**kept, **_ENVIRONMENT_SET}


def _new_folder() -> Path:
    """Make a folder for one server, and remove those whose owner was killed before it could.

    In the system's folder for such things, because a Unix socket's path has 107 bytes at most.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*-*"):
        owner = left.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)  # somebody else's stays: the system refuses it
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-"))
    (folder / "work").mkdir()
    return folder
