"""What the rows of a database say, read from a copy, and compared with what people know and with the files."""

import hashlib
import json
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.store.checks import broken_promises
from tests.chaos.nursery import CAP_CREDITS, Home
from tests.chaos.people import Person

_ENDS = ("delivered", "failed", "cancelled", "undeliverable")
_USED = ("delivered", "undeliverable")
Row = dict[str, Any]


class Kind(StrEnum):
    """In which way something is wrong."""

    LOST = "lost"  # accepted, and no end, or not the right one
    DOUBLE = "double"  # one request, two jobs; one job, two ends
    ACCOUNT = "wrong account"
    STRAY = "stray"  # a file or a process that belongs to nobody
    FILE = "wrong file"  # missing, or not what was rendered
    FAULT = "fault"  # a traceback in the log


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Books:
    """All rows that matter here."""

    jobs: dict[str, Row]
    entries: list[Row]
    accounts: dict[str, Row]
    outbox: set[str]
    problems: list[Problem]

    @property
    def open_jobs(self) -> list[Row]:
        return [job for job in self.jobs.values() if job["state"] not in _ENDS]

    @property
    def is_at_rest(self) -> bool:
        return not self.open_jobs and not self.outbox


def read_books(home: Home) -> Books:
    with tempfile.TemporaryDirectory() as folder:
        home.copy(Path(folder))
        connection = sqlite3.connect(Path(folder) / "animate.db")
        connection.row_factory = sqlite3.Row
        try:
            if not connection.execute("PRAGMA user_version").fetchone()[0]:  # it died while it made the tables
                return Books({}, [], {}, set(), [])
            problems = [Problem(Kind.ACCOUNT, promise) for promise in broken_promises(connection)]
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                problems.append(Problem(Kind.LOST, f"the database: {found}"))
            return Books(
                {row["id"]: dict(row) for row in connection.execute("SELECT * FROM job ORDER BY seq")},
                [dict(row) for row in connection.execute("SELECT * FROM entry")],
                {row["id"]: dict(row) for row in connection.execute("SELECT * FROM account")},
                {row["job"] for row in connection.execute("SELECT job FROM outbox")},
                problems,
            )
        finally:
            connection.close()


@dataclass
class Checker:
    """Follows one home through all its lives."""

    home: Home
    people: Sequence[Person]
    servers_die: bool = False  # at random
    granted: dict[str, set[int]] = field(default_factory=dict)  # by account: what may have been given, thousandths
    _ended: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def after_death(self) -> list[Problem]:
        """Return what must never be wrong, also in the moment after a death."""
        books = read_books(self.home)
        return [*books.problems, *self._jobs(books), *self._ends(books), *self._sums(books), *self._files(books)]

    def at_rest(self) -> list[Problem]:
        """Return what is wrong when nothing is to be done any more and the bot has stopped."""
        books = read_books(self.home)
        problems = [Problem(Kind.LOST, f"no end: {job['id']} is {job['state']}") for job in books.open_jobs]
        problems += [Problem(Kind.LOST, f"nobody was told: {job_id}") for job_id in books.outbox]
        return [*self.after_death(), *problems, *self._expected(books), *self._strays(books), *self._faults()]

    def _jobs(self, books: Books) -> Iterator[Problem]:
        for person in self.people:
            rows = [job for job in books.jobs.values() if job["requester"] == person.id]
            by_key = Counter(job["key"] for job in rows)
            for asked in person.asked:
                if len(asked.answers) > 1 or by_key[asked.key] > 1:
                    yield Problem(Kind.DOUBLE, f"{asked}: {asked.answers}")
                if asked.job_id and not asked.is_forgotten and asked.job_id not in books.jobs:
                    yield Problem(Kind.LOST, f"no row: {asked}")
            unknown = set(by_key) - {asked.key for asked in person.asked}
            if unknown:
                yield Problem(Kind.DOUBLE, f"nobody asked for {unknown}")

    def _ends(self, books: Books) -> Iterator[Problem]:
        for job in books.jobs.values():
            if job["state"] not in _ENDS:
                continue
            end = (job["state"], job["ended_ms"], job["credits"], job["failure"], job["video"])
            if self._ended.setdefault(job["id"], end) != end:
                yield Problem(Kind.DOUBLE, f"{job['id']} ended twice: {self._ended[job['id']]}, {end}")

    def _sums(self, books: Books) -> Iterator[Problem]:
        """Compare each account with a ledger that is added up here, from jobs and prices."""
        held: defaultdict[str, int] = defaultdict(int)
        used: defaultdict[str, int] = defaultdict(int)
        kinds: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for entry in books.entries:
            kinds[entry["job"], entry["account"]].append(entry["kind"])
        for job in books.jobs.values():
            account = f"person:{job['requester']}"
            right = [["hold", "use"]] if job["state"] in _USED else [["hold", "return"]]
            if job["state"] == "cancelled":
                right.append(["hold", "use"])
            if job["state"] not in _ENDS:
                right = [["hold"]]
                held[account] += job["price_mcr"]
            if sorted(kinds[job["id"], account]) not in right:
                yield Problem(Kind.ACCOUNT, f"{job['id']} is {job['state']}: {kinds[job['id'], account]}")
        prices = {job["id"]: job["price_mcr"] for job in books.jobs.values()}
        for entry in books.entries:
            if entry["kind"] == "use":
                price: int | None = prices.get(entry["job"])  # None: its requester had it deleted
                used[entry["account"]] += entry["amount"] if price is None else price
        for name, row in books.accounts.items():
            added = {CAP_CREDITS * 1000 + given for given in self.granted.get(name, {0})}
            is_right = row["held"] == held[name] and row["used"] == used[name] and row["added"] in added
            if not is_right or row["tokens"] != row["added"] - held[name] - used[name]:
                yield Problem(Kind.ACCOUNT, f"{row}, but held {held[name]}, used {used[name]}, added {added}")

    def _files(self, books: Books) -> Iterator[Problem]:
        for job in books.jobs.values():
            picture, video = self._paths(job["id"])[0], self._paths(job["id"])[1]
            if job["has_picture"] and not picture.exists():
                yield Problem(Kind.FILE, f"the picture of {job['id']}, which is {job['state']}")
            if job["has_video"] and not video.exists():
                yield Problem(Kind.FILE, f"the video of {job['id']}, which is {job['state']}")
            elif job["has_video"] and _sha256(video) != json.loads(job["video"])["sha256"]:
                yield Problem(Kind.FILE, f"another video for {job['id']}")

    def _expected(self, books: Books) -> Iterator[Problem]:
        for person in self.people:
            mine = {job["id"] for job in books.jobs.values() if job["requester"] == person.id}
            wanted = {asked.job_id for asked in person.asked if not asked.is_forgotten}
            if mine != wanted:
                yield Problem(Kind.DOUBLE if mine > wanted else Kind.LOST, f"{person.name}: {mine} for {wanted}")
            for asked in person.asked:
                job = books.jobs.get(asked.job_id)
                if job is None:  # forgotten, or said to be lost already
                    continue
                code = json.loads(job["failure"])["code"] if job["failure"] else ""
                if not asked.may_end(job["state"], code, servers_die=self.servers_die):
                    yield Problem(Kind.LOST, f"{job['state']} {code} for {asked}")
                if asked.credits and job["credits"] != asked.credits:
                    yield Problem(Kind.ACCOUNT, f"{job['credits']} for {asked}")

    def _strays(self, books: Books) -> Iterator[Problem]:
        wanted: set[Path] = set()
        for job in books.jobs.values():
            picture, video, poster = self._paths(job["id"])
            wanted |= {picture} if job["has_picture"] else set()
            wanted |= {video, poster} if job["has_video"] else set()
        found = {path for folder in ("pictures", "videos") for path in (self.home.data / folder).iterdir()}
        yield from (Problem(Kind.STRAY, str(path)) for path in found - wanted)
        yield from (Problem(Kind.FILE, f"not there: {path}") for path in wanted - found)
        yield from (Problem(Kind.STRAY, str(path)) for path in self.home.tmp.iterdir())
        yield from (Problem(Kind.STRAY, f"process {process}") for process in self.home.processes())

    def _faults(self) -> Iterator[Problem]:
        for line in self.home.log.read_text().splitlines():
            if "Traceback" in line or "never retrieved" in line:
                yield Problem(Kind.FAULT, line)

    def _paths(self, job_id: str) -> tuple[Path, Path, Path]:
        data = self.home.data
        return data / f"pictures/{job_id}.png", data / f"videos/{job_id}.mp4", data / f"videos/{job_id}.jpg"


def require_right(problems: Iterable[Problem]) -> None:
    text = "\n".join(f"{problem.kind}: {problem.text}" for problem in problems)
    assert not text, text


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
