"""Where bots that are to be killed come from, and the folder that outlives them."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from tests.chaos.bot_under_test import Order

ROOT = Path(__file__).parents[2]
TOKENS = {name: f"{name}-of-the-chaos-0123456789" for name in ("anna", "ben", "cleo", "dana")}
OPERATOR_TOKEN = "operator-of-the-chaos-0123456789"
CAP_CREDITS = 1_000

_IMPORT_S = 60  # a slow machine that does other things too

_SETTINGS = {
    "ANIMATE_GENERATION__ENGINE": "camera",
    "ANIMATE_LOG__FORMAT": "json",
    "ANIMATE_QUEUE__MAX_WAITING": "10000",
    "ANIMATE_QUEUE__MAX_WAITING_PER_PERSON": "1000",
    "ANIMATE_QUEUE__REQUESTS_PER_MINUTE": "100000",
    "ANIMATE_QUOTA__CAP": str(CAP_CREDITS),
    "ANIMATE_QUOTA__CREDITS_PER_DAY": "0",
    "ANIMATE_RETENTION__MIN_FREE_BYTES": "0",
    "ANIMATE_SHUTDOWN__GRACE_S": "0",
    "ANIMATE_WEB__PORT": "0",
    "ANIMATE_WEB__TOKEN": OPERATOR_TOKEN,
    "ANIMATE_WEB__TOKENS": ",".join(f"{name}:{token}" for name, token in TOKENS.items()),
}


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that outlives its bots: data, log, and a folder of its own for temporary files."""

    folder: Path

    @classmethod
    @contextmanager
    def new(cls) -> Iterator[Self]:
        # Not pytest's own folder: a Unix socket's path has 107 bytes at most.
        with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
            home = cls(Path(folder).resolve())
            home.data.mkdir()
            home.tmp.mkdir()
            yield home

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def tmp(self) -> Path:
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def environ(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return all that a bot of this home may see of the environment."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        places = {"HOME": str(self.folder), "ANIMATE_DATA_DIR": str(self.data), "TMPDIR": str(self.tmp)}
        return {**kept, **places, **_SETTINGS, **(settings or {})}

    def processes(self) -> list[psutil.Process]:
        """Return the processes that work in this home: bots, their render servers, what opens pictures, ffmpeg."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self.folder:
                    found.append(process)
        return found

    def number(self, query: str, *values: str) -> int:
        """Return what a query counts; the bot may be at work."""
        database = sqlite3.connect(f"file:{self.data}/animate.db?mode=ro", uri=True)
        try:
            found: int = database.execute(query, values).fetchone()[0]
            return found
        finally:
            database.close()

    def is_at_rest(self) -> bool:
        """Return whether every job has ended and everybody knows."""
        open_jobs = "SELECT count(*) FROM job WHERE ended_ms IS NULL"
        return self.number(f"SELECT ({open_jobs}) + (SELECT count(*) FROM outbox)") == 0

    def copy(self, target: Path) -> None:
        """Copy the database as it lies there, its log of writes with it: opening it would change it."""
        for name in ("animate.db", "animate.db-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(self.data / name, target / name)


@dataclass
class Bot:
    """One life."""

    born: "Future[int]" = field(default_factory=Future)
    _address: "Future[str | None]" = field(default_factory=Future)
    _end: "Future[int]" = field(default_factory=Future)
    died_at: str = ""  # the milestone
    server_deaths: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.born.result(_IMPORT_S)

    @property
    def is_over(self) -> bool:
        return self._end.done()

    async def address(self) -> str | None:
        """Wait until the page is served, and return where; None where it ended before."""
        return await asyncio.wrap_future(self._address)

    async def ended(self) -> int:
        """Wait for the end, and return the exit code."""
        return await asyncio.shield(asyncio.wrap_future(self._end))

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def server(self) -> psutil.Process | None:
        """Return its render server, where one runs."""
        with suppress(psutil.Error):
            for child in psutil.Process(self.pid).children():
                if any("scripted_engine" in part for part in child.cmdline()):
                    return child
        return None

    def fail(self, error: Exception) -> None:
        """Let whoever waits know that nothing more will be told."""
        for future in (self.born, self._address, self._end):
            if not future.done():
                future.set_exception(error)

    def note(self, event: str, facts: Mapping[str, Any]) -> None:
        match event:
            case "born":
                self.born.set_result(facts["pid"])
            case "address":
                line: str = facts["line"]
                self._address.set_result(line[line.index("http://") :].partition("#")[0])
            case "reached":
                self.died_at = facts["milestone"]
            case "server killed":
                self.server_deaths.append(facts["moment"])
            case "ended":
                if not self._address.done():
                    self._address.set_result(None)
                self._end.set_result(facts["code"])


class Nursery:
    """The program that forks bots; its end is theirs."""

    def __init__(self) -> None:
        self._bots: dict[int, Bot] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.bot_under_test"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def bear(self, home: Home, settings: Mapping[str, str] | None = None, **order: Any) -> Bot:
        """Start a bot; ``order`` names further fields of Order."""
        number, bot = len(self._bots), Bot()
        self._bots[number] = bot
        assert self._process.stdin is not None
        full = Order(number, str(home.folder), str(home.log), home.environ(settings), **order)
        self._process.stdin.write(full.line)
        self._process.stdin.flush()
        return bot

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            facts = json.loads(line)
            self._bots[facts.pop("number")].note(facts.pop("event"), facts)
        for bot in self._bots.values():
            bot.fail(RuntimeError("the nursery has ended"))
