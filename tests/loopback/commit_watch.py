"""CommitWatch: looks at the rows after every commit, and says what must not be."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app.core import Rules
from bot.domain.job import END_STATES, TRANSITIONS, JobState
from bot.store import queue_order
from bot.store.checks import broken_promises
from bot.store.database import FILE_NAME
from bot.store.milestones import Change, after_commit
from tests.loopback.ledger_model import LedgerModel

_CHANGES = {after_commit(change): change for change in Change}
_PRIORITY_RUN = 3
_UNCHANGING = (
    "state",
    "credits",
    "failure",
    "ended_ms",
    "video",
    "price_mcr",
    "requester",
    "key",
    "seed",
    "created_ms",
)
#: With what a scripted render may fail, by the first word of its prompt; other words never fail.
_FAILURES = {
    "lost": {"server_died"},
    "lost-once": {"server_died"},
    "encode": {"encoded_file_too_large"},
    "encode-once": {"encoder_died"},
    "refuse": {"out_of_memory"},
    "bug": {"bug"},
}

Row = dict[str, Any]


@dataclass
class CommitWatch:
    """What the rows were after the last commit, and a ledger of its own."""

    folder: Path
    rules: Rules
    ledger: LedgerModel
    rows: dict[str, Row] = field(default_factory=dict)
    queue: Row = field(default_factory=dict)
    bans: dict[str, Row] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    known: dict[str, Row] = field(default_factory=dict)  # every job that ever was, as it was last
    replaced: set[str] = field(default_factory=set)  # jobs in whose place another one stands
    lost_videos: set[str] = field(default_factory=set)  # somebody deleted the file
    owner_cancels: set[str] = field(default_factory=set)  # jobs that their owner has tried to cancel
    admin_cancels: set[str] = field(default_factory=set)  # likewise
    half_done: set[str] = field(default_factory=set)  # jobs whose render was seen to hold in its second half
    admin_change: Callable[[], None] | None = None  # what the running admin command does to the ledger
    problems: list[str] = field(default_factory=list)
    _admin_commits: int = 0
    _connection: sqlite3.Connection | None = None

    def begin_command(self, change: Callable[[], None] | None) -> None:
        """Expect an admin command: its second commit makes the change, after the first one has noted it."""
        self.admin_change, self._admin_commits = change, 0

    def reached(self, milestone: str) -> None:
        change = _CHANGES.get(milestone)
        if change is not None:
            try:
                self._look(change)
            except AssertionError as error:
                self.problems.append(f"after {change}: {error}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def claim_order(self, now_ms: int) -> list[str]:
        """Return the waiting jobs in the order in which they would be claimed, by claiming them in a copy."""
        copy = sqlite3.connect(":memory:", isolation_level=None)
        copy.row_factory = sqlite3.Row
        self.connection.backup(copy)
        order = []
        while (job := queue_order.claim(copy, now_ms)) is not None:
            order.append(job.id)
        copy.close()
        return order

    @property
    def connection(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self.folder / FILE_NAME, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
        return self._connection

    def broken_promises(self) -> str:
        """Return what the bot's own check of its books finds."""
        return "; ".join(broken_promises(self.connection))

    def _look(self, change: Change) -> None:
        before = self.rows
        self.rows = {row["id"]: dict(row) for row in self.connection.execute("SELECT * FROM job")}
        self.known |= self.rows
        if change is Change.REVISE:
            self._replaced(before)
        for job_id in before.keys() - self.rows.keys():
            self._forgotten(change, before[job_id])
        for job_id in before.keys() & self.rows.keys():  # before what is new: their credits may pay for it
            self._changed(change, before[job_id], self.rows[job_id], before)
        for job_id in self.rows.keys() - before.keys():
            self._accepted(change, self.rows[job_id], before)
        if change is Change.ADMIN:
            self._admin_commits += 1
            if self._admin_commits == 2 and self.admin_change is not None:
                self.admin_change()
        self.queue = dict(self.connection.execute("SELECT * FROM queue").fetchone())
        banned = self.connection.execute("SELECT * FROM person WHERE banned_ms IS NOT NULL")
        self.bans = {row["id"]: dict(row) for row in banned}
        self._require_crowds_behind_newcomers()
        self._compare_accounts()

    def _accepted(self, change: Change, row: Row, before: dict[str, Row]) -> None:
        assert change in (Change.ACCEPT, Change.REVISE), f"{row['id']} appeared"
        assert row["state"] == "queued", row
        queued = [job for job in before.values() if job["state"] == "queued" and job["id"] not in self.replaced]
        waiting = Counter(job["requester"] for job in queued)
        limits = self.rules.queue
        assert waiting[row["requester"]] < limits.max_waiting_per_person, "more of a person wait than may"
        assert waiting.total() < limits.max_waiting, "more wait than may"
        ban = self.bans.get(row["requester"])
        is_banned = ban is not None and (ban["banned_until_ms"] is None or ban["banned_until_ms"] > row["created_ms"])
        assert not is_banned, f"{row['requester']} is banned"
        self.ledger.hold(row["id"], row["requester"], row["place"], row["price_mcr"], row["created_ms"])

    def _replaced(self, before: dict[str, Row]) -> None:
        """Require that one waiting job has ended without a trace, and one of the same key stands for it."""
        [new] = [self.rows[job_id] for job_id in self.rows.keys() - before.keys()]
        [old] = [row for row in before.values() if (row["requester"], row["key"]) == (new["requester"], new["key"])]
        left = self.rows[old["id"]]
        assert old["state"] == "queued", f"{old['id']} was {old['state']}"
        trace = [left[name] for name in ("state", "credits", "told", "prompt", "options", "key", "has_picture")]
        assert trace == ["cancelled", "returned", 1, "", "{}", None, 0], f"{left}"
        kept = ("place", "address", "has_end_picture", "channel")
        assert [old[name] for name in kept] == [new[name] for name in kept], f"{old} {new}"
        self.replaced.add(old["id"])

    def _forgotten(self, change: Change, row: Row) -> None:
        assert change is Change.FORGET, f"{row['id']} is gone"
        self.forgotten.add(row["id"])
        if row["state"] in END_STATES:
            return
        ends = self.connection.execute("SELECT kind FROM entry WHERE job = ? AND kind <> 'hold'", (row["id"],))
        kinds = {end["kind"] for end in ends}
        assert len(kinds) == 1, f"{row['id']} ended {kinds}"
        may_be = {"use"} if row["state"] == "rendered" else {"return"}
        if row["state"] == "running" and _word(row) == "half":
            may_be = {"use", "return"}
        assert kinds <= may_be, f"{row['id']} was {row['state']}: {kinds}"
        self.ledger.end(row["id"], is_used=kinds == {"use"})

    def _changed(self, change: Change, old: Row, new: Row, before: dict[str, Row]) -> None:
        if old["state"] in END_STATES:
            assert all(old[name] == new[name] for name in _UNCHANGING), f"an end changed: {old} {new}"
        if old["state"] == new["state"]:
            return
        follows = TRANSITIONS[JobState(old["state"])]
        assert new["state"] in follows, f"{new['id']}: {old['state']} became {new['state']}"
        if new["state"] == "running":
            assert change is Change.CLAIM, change
            assert new["id"] == self._first(before), "another one was first"
        if new["state"] in END_STATES:
            self._ended(old, new)

    def _ended(self, old: Row, new: Row) -> None:
        may_be = {"delivered": {"used"}, "undeliverable": {"used"}, "failed": {"returned"}}.get(
            new["state"], {"returned"}
        )
        if new["state"] == "cancelled" and old["state"] == "running" and _word(new) == "half":
            may_be = {"used", "returned"} if new["id"] in self.owner_cancels else may_be
            if new["id"] in self.half_done - self.admin_cancels:
                may_be = {"used"}
        assert new["credits"] in may_be, f"{new['id']} {new['state']}: credits {new['credits']}"
        if new["state"] == "failed":
            codes = {"video_lost"} if new["id"] in self.lost_videos else _FAILURES.get(_word(new), set())
            assert any(code in new["failure"] for code in codes), new["failure"]
        self.ledger.end(new["id"], is_used=new["credits"] == "used")

    def _first(self, before: dict[str, Row]) -> str | None:
        waiting = defaultdict(list)
        for row in before.values():
            if row["state"] == "queued":
                waiting[row["lane"]].append((row["tag"], row["seq"], row["id"]))
        urgent, normal = sorted(waiting["priority"]), sorted(waiting["normal"])
        takes_urgent = urgent and (not normal or self.queue["priority_run"] < _PRIORITY_RUN)
        chosen = urgent if takes_urgent else normal
        return chosen[0][2] if chosen else None

    def _require_crowds_behind_newcomers(self) -> None:
        tags = defaultdict(list)
        for row in self.rows.values():
            if (row["state"], row["lane"]) == ("queued", "normal") and row["started_ms"] is None:
                tags[row["requester"]].append(row["tag"])
        for person, waiting in tags.items():
            before = [tag for tag in waiting if tag <= self.queue["virtual_time"]]
            assert len(before) <= 1, f"{len(before)} jobs of {person} would go before somebody new"

    def _compare_accounts(self) -> None:
        rows = self.connection.execute("SELECT id, tokens, held, used, added, at_ms, cap, per_day FROM account")
        found = {row["id"]: tuple(row)[1:] for row in rows}
        right = self.ledger.columns()
        assert found == right, f"accounts {set(found.items()) ^ set(right.items())}"


def _word(row: Row) -> str:
    word: str = row["prompt"].split(" ")[0]
    return word
