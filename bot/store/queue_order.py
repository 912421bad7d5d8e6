"""The order of the waiting jobs: who is taken next, and where each one stands."""

import sqlite3
from dataclasses import dataclass

from bot.domain.fair_order import gap, served_until, start_tag, takes_priority, virtual_time_after, virtual_time_wanted
from bot.domain.job import Job, Lane
from bot.store.database import Connection
from bot.store.job_row import COLUMNS, FROM, NewJob, column_values, job_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting job stands: the smallest goes first within its lane."""

    lane: Lane
    tag: float
    seq: int
    job_id: str
    requester_id: str
    estimate_s: float | None


def insert(connection: Connection, new: NewJob, now_ms: int) -> Place:
    """Put a job at its place in the fair order."""
    queue = connection.execute("SELECT virtual_time FROM queue").fetchone()
    person = connection.execute("SELECT finish_tag, waiting FROM person WHERE id = ?", (new.requester.id,)).fetchone()
    tag = start_tag(queue["virtual_time"], person["finish_tag"], has_waiting=person["waiting"] > 0)
    row = {**column_values(new), "tag": tag, "created_ms": now_ms}
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    seq = connection.execute(f"INSERT INTO job ({names}) VALUES ({values})", row).lastrowid  # noqa: S608
    assert seq is not None
    connection.execute("UPDATE person SET finish_tag = ? WHERE id = ?", (tag + new.price_mcr, new.requester.id))
    _count_waiting(connection, new.requester.id, 1)
    return Place(Lane.NORMAL, tag, seq, new.id, new.requester.id, new.estimate_s)


def claim(connection: Connection, now_ms: int) -> Job | None:
    """Take the job that goes next, or None where none waits."""
    queue = connection.execute("SELECT * FROM queue").fetchone()
    first = {lane: _first_waiting(connection, lane) for lane in Lane}
    has_priority = takes_priority(
        priority_run=queue["priority_run"],
        has_priority=first[Lane.PRIORITY] is not None,
        has_normal=first[Lane.NORMAL] is not None,
    )
    row = first[Lane.PRIORITY if has_priority else Lane.NORMAL]
    if row is None:
        return None
    virtual_time = queue["virtual_time"]
    if row["started_ms"] is None:  # what was put back is not counted twice: an engine that is down would move it far
        # A promoted job's tag may lie far ahead: the virtual time must not jump there, over all who wait in between.
        tag = virtual_time if has_priority else row["tag"]
        wanted = virtual_time_wanted(virtual_time, tag, row["price_mcr"], queue["active"])
        virtual_time = virtual_time_after(virtual_time, wanted, _second_tag(connection))
    connection.execute(
        "UPDATE job SET state = 'running', started_ms = ? WHERE seq = ? AND state = 'queued'", (now_ms, row["seq"])
    )
    connection.execute(
        "UPDATE queue SET virtual_time = ?, priority_run = ?",
        (virtual_time, queue["priority_run"] + 1 if has_priority else 0),
    )
    connection.execute(
        "UPDATE person SET finish_tag = max(finish_tag, ?) WHERE id = ?", (served_until(virtual_time), row["requester"])
    )
    _count_waiting(connection, row["requester"], -1)
    taken = connection.execute(f"SELECT {COLUMNS} {FROM} WHERE job.seq = ?", (row["seq"],)).fetchone()
    return job_of(taken)


def requeue(connection: Connection, job_id: str, *, lost_render: bool) -> Place | None:
    """Put a running job back to where it stood; None where it is running no more."""
    changed = connection.execute(
        "UPDATE job SET state = 'queued', lost_renders = lost_renders + ? WHERE id = ? AND state = 'running'",
        (int(lost_render), job_id),
    ).rowcount
    if not changed:
        return None
    place = _place(connection.execute("SELECT * FROM job WHERE id = ?", (job_id,)).fetchone())
    _count_waiting(connection, place.requester_id, 1)
    return place


def promote(connection: Connection, job_id: str) -> bool:
    """Move a waiting job to the priority lane; False where it does not wait in the normal one."""
    row = connection.execute(
        "UPDATE job SET lane = 'priority' WHERE id = ? AND state = 'queued' AND lane = 'normal' RETURNING requester",
        (job_id,),
    ).fetchone()
    if row is None:
        return False
    _note_second(connection, row["requester"])
    return True


def leave(connection: Connection, requester_id: str, tag: float, price_mcr: int) -> None:
    """Take note that a waiting job goes away without having been taken: its requester's later ones move up."""
    _close_gap(connection, requester_id, tag, price_mcr)
    _count_waiting(connection, requester_id, -1)


def first_waiting(connection: Connection, limit: int, place: str = "") -> list[Job]:
    """Return the waiting jobs, with a ``place`` only those from there, in the order in which they will go."""
    waiting: dict[Lane, list[Job]] = {}
    for lane in Lane:
        rows = connection.execute(
            f"""
            SELECT {COLUMNS} {FROM} WHERE job.state = 'queued' AND job.lane = :lane
            AND (:place = '' OR job.place = :place) ORDER BY job.tag, job.seq LIMIT :limit
            """,
            {"lane": lane, "place": place, "limit": limit},
        )
        waiting[lane] = [job_of(row) for row in rows]
    run = priority_run(connection)
    in_order: list[Job] = []
    while len(in_order) < limit and any(waiting.values()):
        has_priority = takes_priority(
            priority_run=run, has_priority=bool(waiting[Lane.PRIORITY]), has_normal=bool(waiting[Lane.NORMAL])
        )
        run = run + 1 if has_priority else 0
        in_order.append(waiting[Lane.PRIORITY if has_priority else Lane.NORMAL].pop(0))
    return in_order


def priority_run(connection: Connection) -> int:
    """Return how many jobs of the priority lane were taken since the last normal one."""
    run: int = connection.execute("SELECT priority_run FROM queue").fetchone()[0]
    return run


def places(connection: Connection) -> list[Place]:
    """Return every waiting job's place."""
    rows = connection.execute("SELECT lane, tag, seq, id, requester, estimate_s FROM job WHERE state = 'queued'")
    return [_place(row) for row in rows]


def places_of(connection: Connection, requester_id: str) -> list[Place]:
    """Return the places of one person's waiting jobs."""
    rows = connection.execute(
        "SELECT lane, tag, seq, id, requester, estimate_s FROM job WHERE requester = ? AND state = 'queued'",
        (requester_id,),
    )
    return [_place(row) for row in rows]


def waiting(connection: Connection, requester_id: str) -> tuple[int, int]:
    """Return how many jobs wait: of this person, and of everybody."""
    row = connection.execute("SELECT waiting FROM person WHERE id = ?", (requester_id,)).fetchone()
    everybody: int = connection.execute("SELECT waiting FROM queue").fetchone()[0]
    return (0 if row is None else row[0], everybody)


def count_in(connection: Connection, place: str) -> tuple[int, int]:
    """Return how many jobs from a place wait, and how many run."""
    # Twice a condition on the state: the first is that of the index, word for word.
    waiting_count: int = connection.execute(
        "SELECT count(*) FROM job WHERE state = 'queued' AND place = ?", (place,)
    ).fetchone()[0]
    running_count: int = connection.execute(
        "SELECT count(*) FROM job WHERE state IN ('running', 'rendered') AND state = 'running' AND place = ?", (place,)
    ).fetchone()[0]
    return waiting_count, running_count


def _first_waiting(connection: Connection, lane: Lane) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT seq, id, requester, tag, price_mcr, started_ms FROM job WHERE state = 'queued' AND lane = ? "
        "ORDER BY tag, seq LIMIT 1",
        (lane,),
    ).fetchone()
    return row


def _second_tag(connection: Connection) -> float | None:
    """Return the smallest tag of all jobs whose requester has another one before them."""
    tag: float | None = connection.execute(
        "SELECT min(second_tag) FROM person WHERE second_tag IS NOT NULL"
    ).fetchone()[0]
    return tag


def _note_second(connection: Connection, requester_id: str) -> None:
    """Keep the tag of a person's second job beside their name: sought among 100,000 rows it would cost 300 ms."""
    connection.execute(
        """
        UPDATE person SET second_tag = (
            SELECT tag FROM job WHERE requester = person.id AND state = 'queued' AND lane = 'normal'
            ORDER BY tag, seq LIMIT 1 OFFSET 1
        ) WHERE id = ?
        """,
        (requester_id,),
    )


def _count_waiting(connection: Connection, requester_id: str, change: int) -> None:
    """Keep the counters that claims and limits read; counting 100,000 rows each time would cost milliseconds."""
    after: int = connection.execute(
        "UPDATE person SET waiting = waiting + ? WHERE id = ? RETURNING waiting", (change, requester_id)
    ).fetchone()[0]
    active = 1 if change > 0 and after == change else -1 if change < 0 and after == 0 else 0
    connection.execute("UPDATE queue SET waiting = waiting + ?, active = active + ?", (change, active))
    _note_second(connection, requester_id)


def _close_gap(connection: Connection, requester_id: str, tag: float, price_mcr: int) -> None:
    """Let a person's later jobs move up to where the one that went away stood."""
    queue = connection.execute("SELECT virtual_time FROM queue").fetchone()
    left = connection.execute(
        "SELECT seq, tag, lane FROM job WHERE requester = ? AND state = 'queued' ORDER BY tag, seq", (requester_id,)
    ).fetchall()
    normal = [row for row in left if row["lane"] == Lane.NORMAL]
    seconds = [row["tag"] for row in normal[1:] if row["tag"] > tag]
    behind = gap(queue["virtual_time"], price_mcr, seconds[0]) if seconds else price_mcr
    first = {row["seq"] for row in normal[:1]}
    connection.executemany(
        "UPDATE job SET tag = tag - ? WHERE seq = ?",
        [(price_mcr if row["seq"] in first else behind, row["seq"]) for row in left if row["tag"] > tag],
    )
    connection.execute("UPDATE person SET finish_tag = finish_tag - ? WHERE id = ?", (behind, requester_id))


def _place(row: sqlite3.Row) -> Place:
    return Place(Lane(row["lane"]), row["tag"], row["seq"], row["id"], row["requester"], row["estimate_s"])
