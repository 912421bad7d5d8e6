"""Rows of notes: what a channel must remember between two messages of a person."""

import sqlite3

from bot.store.database import Connection


def keep(connection: Connection, channel: str, name: str, person: str, body: str, now_ms: int) -> None:
    """Have a note under a name, in place of an older one."""
    connection.execute(
        """
        INSERT INTO note (channel, name, person, body, at_ms) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (channel, name) DO UPDATE SET person = excluded.person, body = excluded.body, at_ms = excluded.at_ms
        """,
        (channel, name, person, body, now_ms),
    )


def read(connection: Connection, channel: str, name: str, since_ms: int) -> str | None:
    """Return a note that was made since then."""
    row = connection.execute(
        "SELECT body FROM note WHERE channel = ? AND name = ? AND at_ms >= ?", (channel, name, since_ms)
    ).fetchone()
    return None if row is None else row[0]


def drop(connection: Connection, channel: str, name: str) -> None:
    connection.execute("DELETE FROM note WHERE channel = ? AND name = ?", (channel, name))


def notes_of(connection: Connection, person: str) -> list[dict[str, object]]:
    """Return all notes about a person, the oldest first."""
    rows = connection.execute("SELECT * FROM note WHERE person = ? ORDER BY at_ms, name", (person,))
    return list(map(_plain, rows))


def delete_of(connection: Connection, person: str) -> None:
    """Delete all notes about a person."""
    connection.execute("DELETE FROM note WHERE person = ?", (person,))


def delete_old(connection: Connection, before_ms: int) -> None:
    connection.execute("DELETE FROM note WHERE at_ms < ?", (before_ms,))


def _plain(row: sqlite3.Row) -> dict[str, object]:
    return {"channel": row["channel"], "name": row["name"], "body": row["body"], "at": row["at_ms"] / 1000}
