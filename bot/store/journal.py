"""Rows that are written once and read by admins: what was done, what was reported, what they are to be told."""

import json
import sqlite3
from collections.abc import Mapping

from bot.store.database import Connection

_KEPT_NOTICES = 1_000


def begin_audit(connection: Connection, who: str, command: str, arguments: Mapping[str, str], now_ms: int) -> int:
    """Note that somebody asks for something, before it is done; return the entry's number."""
    number = connection.execute(
        "INSERT INTO audit (at_ms, who, command, arguments, outcome) VALUES (?, ?, ?, ?, 'begun')",
        (now_ms, who, command, json.dumps(dict(arguments))),
    ).lastrowid
    assert number is not None
    return number


def end_audit(connection: Connection, number: int, outcome: str) -> None:
    """Note how it went."""
    connection.execute("UPDATE audit SET outcome = ? WHERE id = ?", (outcome, number))


def audit(connection: Connection, limit: int) -> list[dict[str, object]]:
    """Return the latest entries, the newest first."""
    return list(map(_audited, connection.execute("SELECT * FROM audit ORDER BY id DESC LIMIT ?", (limit,))))


def audit_of(connection: Connection, who: str) -> list[dict[str, object]]:
    """Return all that one person has asked for, the oldest first."""
    return list(map(_audited, connection.execute("SELECT * FROM audit WHERE who = ? ORDER BY id", (who,))))


def add_report(connection: Connection, job_id: str, reporter: str, reason: str, now_ms: int) -> bool:
    """Note that somebody finds a video wrong; once a person and job, the last reason stays.

    Return whether it is a new one.
    """
    known = connection.execute(
        "SELECT 1 FROM report WHERE job = ? AND reporter = ? AND resolved_ms IS NULL", (job_id, reporter)
    ).fetchone()
    connection.execute(
        """
        INSERT INTO report (job, reporter, reason, at_ms) VALUES (?, ?, ?, ?)
        ON CONFLICT (job, reporter) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms, resolved_ms = NULL
        """,
        (job_id, reporter, reason, now_ms),
    )
    return known is None


def open_reports(connection: Connection, limit: int) -> list[dict[str, object]]:
    """Return the reports that no admin has dealt with yet, the oldest first."""
    rows = connection.execute("SELECT * FROM report WHERE resolved_ms IS NULL ORDER BY id LIMIT ?", (limit,))
    return list(map(_reported, rows))


def reports_by(connection: Connection, reporter: str) -> list[dict[str, object]]:
    """Return all that one person has reported, the oldest first."""
    return list(map(_reported, connection.execute("SELECT * FROM report WHERE reporter = ? ORDER BY id", (reporter,))))


def resolve_report(connection: Connection, report_id: int, now_ms: int) -> bool:
    """Close a report; False where there is no such open one."""
    return (
        connection.execute(
            "UPDATE report SET resolved_ms = ? WHERE id = ? AND resolved_ms IS NULL", (now_ms, report_id)
        ).rowcount
        > 0
    )


def resolve_reports_of(connection: Connection, job_id: str, now_ms: int) -> None:
    """Close every open report of a job."""
    connection.execute("UPDATE report SET resolved_ms = ? WHERE job = ? AND resolved_ms IS NULL", (now_ms, job_id))


def add_notice(connection: Connection, code: str, details: Mapping[str, object], now_ms: int) -> None:
    """Note something that admins are to be told; only the latest thousand are kept."""
    connection.execute(
        "INSERT INTO notice (at_ms, code, details) VALUES (?, ?, ?)", (now_ms, code, json.dumps(dict(details)))
    )
    connection.execute("DELETE FROM notice WHERE id <= (SELECT max(id) FROM notice) - ?", (_KEPT_NOTICES,))


def notices(connection: Connection, limit: int) -> list[tuple[int, str, dict[str, object]]]:
    """Return instant, code and details of the latest notices, the newest first."""
    rows = connection.execute("SELECT at_ms, code, details FROM notice ORDER BY id DESC LIMIT ?", (limit,))
    return [(row["at_ms"], row["code"], json.loads(row["details"])) for row in rows]


def notices_since(connection: Connection, number: int) -> list[tuple[int, int, str, dict[str, object]]]:
    """Return number, instant, code and details of the notices after ``number``, the oldest first."""
    rows = connection.execute("SELECT id, at_ms, code, details FROM notice WHERE id > ? ORDER BY id", (number,))
    return [(row["id"], row["at_ms"], row["code"], json.loads(row["details"])) for row in rows]


def last_posted(connection: Connection, channel: str) -> int:
    """Return the number of the last notice that a channel has posted; a new channel's is the newest there is."""
    connection.execute(
        "INSERT INTO posted (channel, notice) SELECT ?, coalesce(max(id), 0) FROM notice WHERE true "
        "ON CONFLICT (channel) DO NOTHING",
        (channel,),
    )
    number: int = connection.execute("SELECT notice FROM posted WHERE channel = ?", (channel,)).fetchone()[0]
    return number


def set_last_posted(connection: Connection, channel: str, number: int) -> None:
    """Note that a channel has posted every notice up to this one."""
    connection.execute("UPDATE posted SET notice = ? WHERE channel = ?", (number, channel))


def _audited(row: sqlite3.Row) -> dict[str, object]:
    return {
        "at": row["at_ms"] / 1000,
        "who": row["who"],
        "command": row["command"],
        "arguments": json.loads(row["arguments"]),
        "outcome": row["outcome"],
    }


def _reported(row: sqlite3.Row) -> dict[str, object]:
    return {
        "id": row["id"],
        "job": row["job"],
        "by": row["reporter"],
        "reason": row["reason"],
        "at": row["at_ms"] / 1000,
    }
