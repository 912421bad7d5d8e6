"""Rows of accounts and their ledger: credits are set aside with a job's row and end with it, each exactly once."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.credits import Bucket, Limit
from bot.domain.job import CreditState
from bot.store.database import Connection

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Level:
    """An account and the limit that the settings give accounts of its kind."""

    account: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Balance:
    """An account now: its bucket, refilled, and the limit that holds for it."""

    bucket: Bucket
    limit: Limit


class Shortage(Exception):
    """An account has not enough for a job."""

    def __init__(self, level: Level, balance: Balance) -> None:
        super().__init__(level, balance)
        self.level, self.balance = level, balance


def person_account(person_id: str) -> str:
    return f"person:{person_id}"


def place_account(place: str) -> str:
    return f"place:{place}"


def balance(connection: Connection, level: Level, now_ms: int) -> Balance:
    """Return an account as it is now; one that does not exist yet is full."""
    row = connection.execute("SELECT * FROM account WHERE id = ?", (level.account,)).fetchone()
    if row is None:
        return Balance(Bucket(level.limit.cap_mcr, 0, now_ms), level.limit)
    limit = Limit(
        level.limit.cap_mcr if row["cap"] is None else row["cap"],
        level.limit.per_day_mcr if row["per_day"] is None else row["per_day"],
    )
    return Balance(Bucket(row["tokens"], row["held"], row["at_ms"]).at(now_ms, limit), limit)


def hold(connection: Connection, job_id: str, levels: Iterable[Level], price_mcr: int, now_ms: int) -> None:
    """Set a job's price aside on each level; raises Shortage for the first that has too little."""
    for level in levels:
        now = refill(connection, level, now_ms)
        if now.bucket.tokens_mcr < price_mcr:
            raise Shortage(level, now)
        connection.execute(
            "UPDATE account SET tokens = tokens - :price, held = held + :price WHERE id = :id",
            {"price": price_mcr, "id": level.account},
        )
        connection.execute(
            "INSERT INTO entry (job, account, kind, amount, at_ms) VALUES (?, ?, 'hold', ?, ?)",
            (job_id, level.account, price_mcr, now_ms),
        )


def settle(connection: Connection, job_id: str, end: CreditState, now_ms: int) -> None:
    """Use up a job's credits or give them back, on every level where they are held."""
    kind = {CreditState.USED: "use", CreditState.RETURNED: "return"}[end]
    holds = connection.execute("SELECT account, amount FROM entry WHERE job = ? AND kind = 'hold'", (job_id,))
    for account, amount in holds.fetchall():
        connection.execute(
            "INSERT INTO entry (job, account, kind, amount, at_ms) VALUES (?, ?, ?, ?, ?)",
            (job_id, account, kind, amount, now_ms),
        )
        target = "used" if kind == "use" else "tokens"
        connection.execute(
            f"UPDATE account SET held = held - :amount, {target} = {target} + :amount WHERE id = :id",  # noqa: S608
            {"amount": amount, "id": account},
        )


def refill(connection: Connection, level: Level, now_ms: int) -> Balance:
    """Write down what an account has earned until now, making it where it does not exist; return it."""
    now = balance(connection, level, now_ms)
    connection.execute(
        """
        INSERT INTO account (id, tokens, added, at_ms) VALUES (:id, :tokens, :tokens, :at)
        ON CONFLICT (id) DO UPDATE SET added = added + (:tokens - tokens), tokens = :tokens, at_ms = :at
        """,
        {"id": level.account, "tokens": now.bucket.tokens_mcr, "at": now.bucket.at_ms},
    )
    return now


def grant(connection: Connection, level: Level, amount_mcr: int, now_ms: int) -> Balance:
    """Give credits, also beyond the cap; a negative amount takes, but not more than there is."""
    now = refill(connection, level, now_ms)
    change_mcr = max(amount_mcr, -now.bucket.tokens_mcr)
    connection.execute(
        "UPDATE account SET tokens = tokens + :change, added = added + :change WHERE id = :id",
        {"change": change_mcr, "id": level.account},
    )
    return balance(connection, level, now_ms)


def set_limit(connection: Connection, level: Level, limit: Limit | None, now_ms: int) -> Balance:
    """Give an account a limit of its own, or with None the settings' again; what is above the new cap goes."""
    refill(connection, level, now_ms)
    connection.execute(
        "UPDATE account SET cap = ?, per_day = ? WHERE id = ?",
        (limit and limit.cap_mcr, limit and limit.per_day_mcr, level.account),
    )
    now = balance(connection, level, now_ms)
    excess_mcr = now.bucket.tokens_mcr + now.bucket.held_mcr - now.limit.cap_mcr
    return grant(connection, level, -excess_mcr, now_ms) if excess_mcr > 0 else now


def move(connection: Connection, old: str, new: str, limit: Limit, now_ms: int) -> None:
    """Let an account and its ledger have another id; of two accounts one is made, in which both have spent."""
    rows = [_refilled(connection, Level(account, limit), now_ms) for account in (old, new)]
    if rows[0] is None:
        return
    if rows[1] is None:
        connection.execute(
            """
            INSERT INTO account (id, tokens, held, used, added, at_ms, cap, per_day)
            SELECT ?, tokens, held, used, added, at_ms, cap, per_day FROM account WHERE id = ?
            """,
            (new, old),
        )
    else:
        _merge(connection, rows[0], rows[1])
    connection.execute("UPDATE entry SET account = ? WHERE account = ?", (new, old))
    connection.execute("DELETE FROM account WHERE id = ?", (old,))


def _refilled(connection: Connection, level: Level, now_ms: int) -> sqlite3.Row | None:
    query = "SELECT * FROM account WHERE id = ?"
    if connection.execute(query, (level.account,)).fetchone() is None:
        return None
    refill(connection, level, now_ms)
    row: sqlite3.Row = connection.execute(query, (level.account,)).fetchone()
    return row


def _merge(connection: Connection, old: sqlite3.Row, new: sqlite3.Row) -> None:
    # One of them was made, and was full, only because the place was known under two ids: what was spent of it is spent
    # of the other. Which one it is no row says; taken the wrong way round it comes to less, because an account with a
    # history has earned again what it has spent.
    tokens = max(old["tokens"] - new["held"] - new["used"], new["tokens"] - old["held"] - old["used"], 0)
    held, used = old["held"] + new["held"], old["used"] + new["used"]
    connection.execute(
        """
        UPDATE account SET tokens = :tokens, held = :held, used = :used, added = :tokens + :held + :used,
            cap = coalesce(:cap, cap), per_day = coalesce(:per_day, per_day)
        WHERE id = :id
        """,
        {
            "tokens": tokens,
            "held": held,
            "used": used,
            "cap": old["cap"],
            "per_day": old["per_day"],
            "id": new["id"],
        },
    )
