"""Rows of the outbox: ends that somebody is still to be told of."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from bot.store.database import Connection


@dataclass(frozen=True, slots=True)
class Pending:
    """One end on its way to a person."""

    job_id: str
    attempts: int
    since_ms: int
    in_doubt: bool  # the last try may have arrived: look first, or do what can be repeated


def due(connection: Connection, now_ms: int, limit: int) -> list[Pending]:
    """Return what may be tried now, the longest waiting first."""
    rows = connection.execute(
        "SELECT * FROM outbox WHERE not_before_ms <= ? ORDER BY not_before_ms, job LIMIT ?", (now_ms, limit)
    )
    return [_pending(row) for row in rows]


def find(connection: Connection, job_id: str) -> Pending | None:
    """Return a job's row; None where nobody is to be told any more."""
    row = connection.execute("SELECT * FROM outbox WHERE job = ?", (job_id,)).fetchone()
    return None if row is None else _pending(row)


def next_due_ms(connection: Connection, now_ms: int) -> int | None:
    """Return when the next one that may not be tried yet may be tried."""
    due_ms: int | None = connection.execute(
        "SELECT min(not_before_ms) FROM outbox WHERE not_before_ms > ?", (now_ms,)
    ).fetchone()[0]
    return due_ms


def postpone(connection: Connection, pending: Pending, not_before_ms: int) -> None:
    """Note a try that did not arrive, or of which nobody knows: what is known after it, and when the next may be."""
    connection.execute(
        "UPDATE outbox SET attempts = ?, not_before_ms = ?, in_doubt = ? WHERE job = ?",
        (pending.attempts, not_before_ms, int(pending.in_doubt), pending.job_id),
    )


def told(connection: Connection, job_id: str) -> None:
    """Note that the person knows how their job ended, or never will."""
    connection.execute("DELETE FROM outbox WHERE job = ?", (job_id,))
    connection.execute("UPDATE job SET told = 1 WHERE id = ?", (job_id,))


def all_at_once(connection: Connection) -> None:
    """Let everything be tried now: after a start, nobody knows how long the bot was away, nor what it sent last."""
    connection.execute("UPDATE outbox SET not_before_ms = 0, in_doubt = 1")


def hasten(connection: Connection, channel: str, but_not: Collection[str]) -> None:
    """Let what waits for a channel be tried now, but for some jobs."""
    rows = connection.execute("SELECT job FROM outbox JOIN job ON job.id = outbox.job WHERE channel = ?", (channel,))
    connection.executemany(
        "UPDATE outbox SET not_before_ms = 0 WHERE job = ?", [(row[0],) for row in rows if row[0] not in but_not]
    )


def _pending(row: sqlite3.Row) -> Pending:
    return Pending(row["job"], row["attempts"], row["since_ms"], bool(row["in_doubt"]))
