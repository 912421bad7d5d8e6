"""The doctor's look at the machine: what is installed, where it may write, and the page's port.

Nothing is sent over the network, and nothing that was made is left behind.
"""

import errno
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from bot.domain import doctor_words as words
from bot.service.doctor import Check
from bot.store.sqlite_version import OLDEST_SQLITE, WAL_RESET_FIXED_IN, Version
from generation.errors import EngineUnavailable
from generation.ffmpeg import find_ffmpeg

#: As ``requires-python`` of the project has it.
OLDEST_PYTHON = (3, 11)

_FFMPEG_LIMIT_S = 20
_FFMPEG_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # it needs no more, and gets no token
_X264_LINE = re.compile(r"^\s*V\S*\s+libx264\s", re.MULTILINE)


def python_checks(version: tuple[int, int, int]) -> Iterator[Check]:
    """Whether Python is new enough."""
    if version[:2] < OLDEST_PYTHON:
        yield Check.fail("python", words.python_too_old(_dotted(version), _dotted(OLDEST_PYTHON)))
    else:
        yield Check.ok("python", words.python_version(_dotted(version)))


def sqlite_checks(version: Version) -> Iterator[Check]:
    """Whether SQLite has what the store needs, and none of its known ways to damage a database."""
    if version < OLDEST_SQLITE:
        yield Check.fail("sqlite", words.sqlite_too_old(_dotted(version), _dotted(OLDEST_SQLITE)))
    elif version < WAL_RESET_FIXED_IN:
        yield Check.warn("sqlite", words.sqlite_has_wal_bug(_dotted(version), _dotted(WAL_RESET_FIXED_IN)))
    else:
        yield Check.ok("sqlite", words.sqlite_version(_dotted(version)))


def ffmpeg_checks(path: str, environ: Mapping[str, str]) -> Iterator[Check]:
    """Whether ffmpeg is there, runs and encodes H.264; an empty ``path`` is the bundled one."""
    try:
        ffmpeg = find_ffmpeg(path)
    except EngineUnavailable as error:
        yield Check.fail("ffmpeg", words.ffmpeg_missing(str(error.values["path"])))
        return
    try:
        done = subprocess.run(
            [str(ffmpeg), "-encoders"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={name: environ[name] for name in _FFMPEG_ENVIRONMENT if name in environ},
            timeout=_FFMPEG_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Check.fail("ffmpeg", words.ffmpeg_fails(str(ffmpeg), str(error)))
        return
    banner = re.match(r"ffmpeg version (\S+)", done.stderr)
    version = banner[1] if banner else "of an unknown version"
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        yield Check.fail("ffmpeg", words.ffmpeg_fails(str(ffmpeg), last_line))
    elif not _X264_LINE.search(done.stdout):
        yield Check.fail("ffmpeg", words.ffmpeg_has_no_x264(str(ffmpeg), version))
    else:
        yield Check.ok("ffmpeg", words.ffmpeg_works(str(ffmpeg), version))


def data_folder_checks(folder: Path, min_free_bytes: int) -> Iterator[Check]:
    """Whether the data folder is there or can be made, can be written, and has room for new jobs."""
    place = _existing_part(folder)
    if not place.is_dir():
        yield Check.fail("data_dir", words.folder_is_a_file(str(place), "ANIMATE_DATA_DIR"))
    elif reason := _why_not_writable(place):
        yield Check.fail("data_dir", words.folder_not_writable(str(place), reason, "ANIMATE_DATA_DIR"))
    elif (free_bytes := shutil.disk_usage(place).free) < min_free_bytes:
        yield Check.fail("data_dir", words.disk_nearly_full(str(place), free_bytes, min_free_bytes))
    else:
        yield Check.ok("data_dir", words.folder_ready(str(folder), free_bytes, exists=place == folder))


def models_folder_checks(folder: Path) -> Iterator[Check]:
    """Whether weights can be fetched to the folder; one that can only be read may hold all that is needed."""
    place = _existing_part(folder)
    if not place.is_dir():
        yield Check.fail("models_dir", words.folder_is_a_file(str(place), "ANIMATE_MODELS_DIR"))
    elif reason := _why_not_writable(place):
        yield Check.warn("models_dir", words.models_not_writable(str(place), reason))
    else:
        free_bytes = shutil.disk_usage(place).free
        yield Check.ok("models_dir", words.folder_ready(str(folder), free_bytes, exists=place == folder))


def port_checks(host: str, port: int) -> Iterator[Check]:
    """Whether the page can listen there: by listening there for an instant."""
    if port == 0:
        yield Check.ok("port", words.any_port())
        return
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        yield Check.fail("port", words.host_is_elsewhere(host, error.strerror or str(error)))
        return
    errors = [_bind_error(family, place) for family, _, _, _, place in found]
    if any(error is not None and error.errno == errno.EADDRINUSE for error in errors):
        yield _taken(address, port)
    elif (refusal := errors[0]) is None or None in errors:  # localhost may have an address that the machine lacks
        yield Check.ok("port", words.port_is_free(address))
    elif refusal.errno == errno.EACCES:
        yield Check.fail("port", words.port_is_forbidden(address))
    else:
        yield Check.fail("port", words.host_is_elsewhere(host, refusal.strerror or str(refusal)))


def _bind_error(family: socket.AddressFamily, place: tuple[Any, ...]) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            if os.name == "posix":  # elsewhere it would let us in beside another program
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(place)
    except OSError as error:
        return error
    return None


def _taken(address: str, port: int) -> Check:
    process = _listening_process(port)
    if process is None:
        return Check.fail("port", words.port_is_taken(address, ""))
    try:
        shown = f"{process.name()} (process {process.pid})"
        is_bot = _is_bot(process.cmdline())
    except psutil.Error:  # it ended meanwhile, or is another user's
        return Check.fail("port", words.port_is_taken(address, ""))
    if is_bot:
        return Check.warn("port", words.port_has_a_bot(address, shown))
    return Check.fail("port", words.port_is_taken(address, shown))


def _listening_process(port: int) -> psutil.Process | None:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return psutil.Process(connection.pid)
    except (psutil.Error, OSError):  # macOS tells nobody but root
        return None
    return None


def _is_bot(command: list[str]) -> bool:
    is_program = any(Path(part).name in ("animate-bot", "animate-bot.exe") for part in command)
    return is_program or any(pair == ("-m", "bot") for pair in pairwise(command))


def _existing_part(folder: Path) -> Path:
    """The folder, or of what it is to be made in the part that is there; a link that leads nowhere is there."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _why_not_writable(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder):  # has no name, so that even a kill leaves nothing
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
