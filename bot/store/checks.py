"""Whether a database is whole, and its books are right."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bot.store.errors import StoreError, StoreProblem

#: Each finds rows that must not exist; what is promised stands before it.
_INVARIANTS = (
    (
        "an account holds what its open jobs hold",
        """
        SELECT account.id FROM account
        LEFT JOIN (
            SELECT hold.account AS id, sum(hold.amount) AS amount FROM entry AS hold
            WHERE hold.kind = 'hold' AND NOT EXISTS (
                SELECT 1 FROM entry AS done
                WHERE done.job = hold.job AND done.account = hold.account AND done.kind <> 'hold'
            ) GROUP BY hold.account
        ) AS open USING (id)
        WHERE account.held <> coalesce(open.amount, 0)
        """,
    ),
    (
        "a job's credits are where its ledger has them",
        """
        SELECT job.id FROM job JOIN entry ON entry.job = job.id AND entry.kind = 'hold'
        LEFT JOIN entry AS done ON done.job = job.id AND done.account = entry.account AND done.kind <> 'hold'
        WHERE job.credits <> CASE done.kind WHEN 'use' THEN 'used' WHEN 'return' THEN 'returned' ELSE 'held' END
           OR (done.amount IS NOT NULL AND done.amount <> entry.amount)
        """,
    ),
    (
        "what ends was held before",
        """
        SELECT done.job FROM entry AS done WHERE done.kind <> 'hold' AND NOT EXISTS (
            SELECT 1 FROM entry AS hold
            WHERE hold.job = done.job AND hold.account = done.account AND hold.kind = 'hold'
        )
        """,
    ),
    (
        "a person's waiting jobs are counted",
        """
        SELECT person.id FROM person
        LEFT JOIN (SELECT requester AS id, count(*) AS n FROM job WHERE state = 'queued' GROUP BY requester) USING (id)
        WHERE person.waiting <> coalesce(n, 0)
        """,
    ),
    (
        "the tag of everybody's second job is known",
        """
        SELECT id FROM person WHERE second_tag IS NOT (
            SELECT tag FROM job WHERE requester = person.id AND state = 'queued' AND lane = 'normal'
            ORDER BY tag, seq LIMIT 1 OFFSET 1
        )
        """,
    ),
    (
        "the queue's counters are right",
        """
        SELECT id FROM queue WHERE waiting <> (SELECT count(*) FROM job WHERE state = 'queued')
        OR active <> (SELECT count(*) FROM person WHERE waiting > 0)
        """,
    ),
    (
        "whoever is to be told of an end is in the outbox until they are",
        """
        SELECT job.id FROM job LEFT JOIN outbox ON outbox.job = job.id
        WHERE (job.state = 'rendered' OR (job.state IN ('failed', 'cancelled') AND job.told = 0))
              <> (outbox.job IS NOT NULL)
        """,
    ),
)


def broken_promises(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield every promise that the rows do not keep, with the first row that breaks it."""
    for promise, query in _INVARIANTS:
        row = connection.execute(query).fetchone()
        if row is not None:
            yield f"{promise} (not so: {row[0]})"


def require_sound(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError where the file is damaged (DAMAGED) or its books are wrong (INCONSISTENT)."""
    found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(StoreProblem.DAMAGED, path=str(path), detail=found)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise StoreError(StoreProblem.DAMAGED, path=str(path), detail=f"a row of {broken[0]} points nowhere")
    wrong = "; ".join(broken_promises(connection))
    if wrong:
        raise StoreError(StoreProblem.INCONSISTENT, path=str(path), detail=wrong)
