"""Rows of persons: who has asked, how many of their jobs wait, who is banned."""

from dataclasses import dataclass

from bot.domain.job import Requester
from bot.store.database import Connection


@dataclass(frozen=True, slots=True)
class Ban:
    """Why somebody may not ask, and until when (None: for good)."""

    reason: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as the database has them."""

    requester: Requester
    seen_ms: int
    waiting: int
    running: int
    jobs: int
    ban: Ban | None


def touch(connection: Connection, requester: Requester, now_ms: int) -> None:
    """Have a row for the requester, with the name that they go by now."""
    connection.execute(
        """
        INSERT INTO person (id, platform, user, name, seen_ms) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_ms = excluded.seen_ms
        """,
        (requester.id, requester.platform, requester.user, requester.name, now_ms),
    )


def find_ban(connection: Connection, person_id: str, now_ms: int) -> Ban | None:
    """Return the ban that holds now, if there is one."""
    row = connection.execute(
        """
        SELECT ban_reason, banned_until_ms FROM person
        WHERE id = ? AND banned_ms IS NOT NULL AND (banned_until_ms IS NULL OR banned_until_ms > ?)
        """,
        (person_id, now_ms),
    ).fetchone()
    return None if row is None else Ban(row["ban_reason"], row["banned_until_ms"])


def ban(connection: Connection, requester: Requester, reason: str, now_ms: int, until_ms: int | None) -> None:
    """Let somebody ask no more, whether they have asked before or not."""
    connection.execute(
        """
        INSERT INTO person (id, platform, user, name, seen_ms, banned_ms, banned_until_ms, ban_reason)
        VALUES (:id, :platform, :user, :name, :now, :now, :until, :reason)
        ON CONFLICT (id) DO UPDATE SET banned_ms = :now, banned_until_ms = :until, ban_reason = :reason
        """,
        {
            "id": requester.id,
            "platform": requester.platform,
            "user": requester.user,
            "name": requester.name,
            "now": now_ms,
            "until": until_ms,
            "reason": reason,
        },
    )


def unban(connection: Connection, person_id: str) -> bool:
    """Let somebody ask again; return whether they were banned."""
    changed = connection.execute(
        """
        UPDATE person SET banned_ms = NULL, banned_until_ms = NULL, ban_reason = NULL
        WHERE id = ? AND banned_ms IS NOT NULL
        """,
        (person_id,),
    ).rowcount
    return changed > 0


def exists(connection: Connection, person_id: str) -> bool:
    return connection.execute("SELECT 1 FROM person WHERE id = ?", (person_id,)).fetchone() is not None


def latest(connection: Connection, limit: int, now_ms: int) -> list[PersonRow]:
    """Return those who were active most recently."""
    rows = connection.execute(
        """
        SELECT person.*,
            (SELECT count(*) FROM job WHERE requester = person.id) AS jobs,
            (SELECT count(*) FROM job WHERE requester = person.id AND state IN ('running', 'rendered')) AS running
        FROM person ORDER BY seen_ms DESC LIMIT ?
        """,
        (limit,),
    ).fetchall()
    return [
        PersonRow(
            Requester(row["platform"], row["user"], row["name"]),
            row["seen_ms"],
            row["waiting"],
            row["running"],
            row["jobs"],
            find_ban(connection, row["id"], now_ms) if row["banned_ms"] is not None else None,
        )
        for row in rows
    ]


def forget(connection: Connection, person_id: str) -> None:
    """Delete what is known of a person without jobs; of somebody who is banned only the ban stays."""
    connection.execute("UPDATE person SET name = '' WHERE id = ?", (person_id,))
    connection.execute(
        """
        DELETE FROM person WHERE id = ? AND banned_ms IS NULL
        AND NOT EXISTS (SELECT 1 FROM job WHERE requester = person.id)
        """,
        (person_id,),
    )
