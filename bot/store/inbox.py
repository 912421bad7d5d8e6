"""Rows of the inbox: what a platform has sent, kept before the platform is told that it has arrived."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.store.database import Connection


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """Something that a platform has sent, as it was sent."""

    number: int  # the platform's own
    lane: str  # what has the same one is seen to in order
    body: str
    person: str = ""  # the platform's id of whoever it is from; empty: it is nobody's


@dataclass(frozen=True, slots=True)
class OpenUpdate:
    """An update that nobody has seen to yet; its body stays on the disk."""

    number: int
    lane: str
    starts: int  # of the bot, after which it was begun anew


def add(connection: Connection, channel: str, updates: Iterable[NewUpdate], now_ms: int) -> list[NewUpdate]:
    """Keep updates, and return those that were not there yet."""
    return [
        update
        for update in updates
        if connection.execute(
            "INSERT INTO inbox (channel, number, lane, person, body, at_ms) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (channel, update.number, update.lane, update.person, update.body, now_ms),
        ).rowcount
    ]


def left_open(connection: Connection, channel: str) -> list[OpenUpdate]:
    """Return what nobody has seen to, in the platform's order."""
    rows = connection.execute(
        "SELECT number, lane, starts FROM inbox WHERE channel = ? AND body IS NOT NULL ORDER BY number", (channel,)
    )
    return [OpenUpdate(*row) for row in rows]


def body(connection: Connection, channel: str, number: int) -> str | None:
    """Return what an update says; None where it was seen to, or is not known."""
    row = connection.execute("SELECT body FROM inbox WHERE channel = ? AND number = ?", (channel, number)).fetchone()
    return None if row is None else row[0]


def still_open(connection: Connection, channel: str, numbers: Collection[int]) -> set[int]:
    """Return those of the updates that nobody has seen to yet, and whose sender was not forgotten."""
    found = connection.execute(
        """
        SELECT number FROM inbox
        WHERE channel = ? AND body IS NOT NULL AND number IN (SELECT value FROM json_each(?))
        """,
        (channel, json.dumps(sorted(numbers))),
    )
    return {row[0] for row in found}


def set_starts(connection: Connection, channel: str, starts: Mapping[int, int]) -> None:
    """Note after how many starts of the bot each of these updates was begun anew."""
    connection.executemany(
        "UPDATE inbox SET starts = ? WHERE channel = ? AND number = ? AND body IS NOT NULL",
        [(count, channel, number) for number, count in starts.items()],
    )


def empty(connection: Connection, handled: Collection[tuple[str, int]]) -> None:
    """Note that updates, by channel and number, were seen to: what they said is deleted."""
    connection.executemany("UPDATE inbox SET body = NULL WHERE channel = ? AND number = ?", sorted(handled))


def delete_old(connection: Connection, *, seen_to_before_ms: int, open_before_ms: int) -> None:
    """Delete the rows of what was seen to, and those that nobody will see to any more."""
    connection.execute("DELETE FROM inbox WHERE body IS NULL AND at_ms < ?", (seen_to_before_ms,))
    connection.execute("DELETE FROM inbox WHERE body IS NOT NULL AND at_ms < ?", (open_before_ms,))


def forget(connection: Connection, channel: str, person: str) -> None:
    """Delete what a person's updates say and from whom they are; the numbers stay, that none is taken for new."""
    connection.execute(
        "UPDATE inbox SET body = NULL, lane = '', person = '' WHERE channel = ? AND person = ? AND person <> ''",
        (channel, person),
    )
