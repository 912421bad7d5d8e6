"""Rows of jobs: each change of state is one UPDATE with the old state in its WHERE."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bot.domain.fair_order import gap, served_until, start_tag, takes_priority, virtual_time_after, virtual_time_wanted
from bot.domain.job import (
    END_STATES,
    TRANSITIONS,
    CreditState,
    Failure,
    Job,
    JobState,
    Lane,
    Origin,
    Requester,
    VideoFacts,
)
from bot.store import accounts
from bot.store.database import Connection

_COLUMNS = "job.*, person.platform, person.user, person.name"
_FROM = "FROM job JOIN person ON person.id = job.requester"


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a row is made of when it is accepted."""

    id: str
    requester: Requester
    origin: Origin
    key: str
    prompt: str
    options: Mapping[str, str]
    model: str
    preset: str
    seed: int
    width_px: int
    height_px: int
    frames: int
    fps: int
    steps: int
    estimate_s: float | None
    price_mcr: int
    has_end_picture: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting job stands: the smallest goes first within its lane."""

    lane: Lane
    tag: float
    seq: int
    job_id: str
    requester_id: str
    estimate_s: float | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends, or for ``rendered`` nearly does."""

    state: JobState
    credits: CreditState | None = None
    failure: Failure | None = None
    video: VideoFacts | None = None
    is_told: bool = False  # nobody is waiting to hear of it


def insert(connection: Connection, new: NewJob, now_ms: int) -> Place:
    """Put a job at its place in the fair order."""
    queue = connection.execute("SELECT virtual_time FROM queue").fetchone()
    person = connection.execute("SELECT finish_tag, waiting FROM person WHERE id = ?", (new.requester.id,)).fetchone()
    tag = start_tag(queue["virtual_time"], person["finish_tag"], has_waiting=person["waiting"] > 0)
    row = {
        "id": new.id,
        "requester": new.requester.id,
        "channel": new.origin.channel,
        "place": new.origin.place,
        "address": new.origin.address,
        "key": new.key or None,
        "tag": tag,
        "prompt": new.prompt,
        "options": json.dumps(dict(new.options)),
        "model": new.model,
        "preset": new.preset,
        "seed": new.seed,
        "width_px": new.width_px,
        "height_px": new.height_px,
        "frames": new.frames,
        "fps": new.fps,
        "steps": new.steps,
        "estimate_s": new.estimate_s,
        "price_mcr": new.price_mcr,
        "has_end_picture": int(new.has_end_picture),
        "created_ms": now_ms,
    }
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
    return find(connection, row["id"])


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


def end(connection: Connection, job_id: str, ending: Ending, now_ms: int) -> bool:
    """Bring a job to ``rendered`` or to its end, settle its credits and note whom to tell.

    False, and nothing is changed, where its state allows that no more: somebody else was first.
    """
    row = connection.execute("SELECT state, requester, tag, price_mcr FROM job WHERE id = ?", (job_id,)).fetchone()
    if row is None or ending.state not in TRANSITIONS[JobState(row["state"])]:
        return False
    is_over = ending.state in END_STATES
    connection.execute(
        """
        UPDATE job SET state = :state, credits = coalesce(:credits, credits), failure = coalesce(:failure, failure),
            video = coalesce(:video, video),
            has_video = CASE WHEN :state = 'failed' THEN 0 WHEN :video IS NULL THEN has_video ELSE 1 END,
            ended_ms = :ended, told = :told
        WHERE id = :id AND state = :from
        """,
        {
            "state": ending.state,
            "credits": ending.credits,
            "failure": None if ending.failure is None else _json_of(ending.failure),
            "video": None if ending.video is None else _json_of(ending.video),
            "ended": now_ms if is_over else None,
            "told": int(ending.is_told or ending.state is JobState.DELIVERED),
            "id": job_id,
            "from": row["state"],
        },
    )
    if ending.credits is not None:
        accounts.settle(connection, job_id, ending.credits, now_ms)
    if row["state"] == JobState.QUEUED:
        _close_gap(connection, row["requester"], row["tag"], row["price_mcr"])
        _count_waiting(connection, row["requester"], -1)
    if ending.is_told or ending.state in (JobState.DELIVERED, JobState.UNDELIVERABLE):
        connection.execute("DELETE FROM outbox WHERE job = ?", (job_id,))
    else:
        connection.execute(
            """
            INSERT INTO outbox (job, since_ms, not_before_ms) VALUES (:job, :now, :now)
            ON CONFLICT (job) DO UPDATE SET attempts = 0, since_ms = :now, not_before_ms = :now
            """,
            {"job": job_id, "now": now_ms},
        )
    return True


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


def find(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(f"SELECT {_COLUMNS} {_FROM} WHERE job.id = ?", (job_id,)).fetchone()
    return None if row is None else _job(row)


def find_by_key(connection: Connection, requester_id: str, key: str) -> Job | None:
    """Return the job that the same update of the platform has become before."""
    row = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE job.requester = ? AND job.key = ?",
        (requester_id, key),
    ).fetchone()
    return None if row is None else _job(row)


def latest(connection: Connection, requester_id: str, limit: int, before: str | None) -> list[Job]:
    """Return a person's jobs, the newest first, from before the job ``before`` on."""
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} {_FROM} WHERE job.requester = :requester
        AND (:before IS NULL OR job.seq < (SELECT seq FROM job WHERE id = :before))
        ORDER BY job.seq DESC LIMIT :limit
        """,  # noqa: S608
        {"requester": requester_id, "before": before, "limit": limit},
    )
    return [_job(row) for row in rows]


def in_states(connection: Connection, states: Sequence[JobState], limit: int = -1) -> list[Job]:
    """Return the jobs in these states, in the order of their acceptance."""
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE job.state IN ({marks}) ORDER BY job.seq LIMIT ?",
        (*states, limit),
    )
    return [_job(row) for row in rows]


def first_waiting(connection: Connection, limit: int) -> list[Job]:
    """Return the waiting jobs in the order in which they will go."""
    waiting: dict[Lane, list[Job]] = {}
    for lane in Lane:
        rows = connection.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE job.state = 'queued' AND job.lane = ? ORDER BY job.tag, job.seq LIMIT ?",
            (lane, limit),
        )
        waiting[lane] = [_job(row) for row in rows]
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


def last_ended(connection: Connection, limit: int) -> list[Job]:
    """Return the jobs that ended last, the last one first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE job.ended_ms IS NOT NULL ORDER BY job.ended_ms DESC LIMIT ?",
        (limit,),
    )
    return [_job(row) for row in rows]


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


def _json_of(facts: Failure | VideoFacts) -> str:
    if isinstance(facts, Failure):
        return json.dumps({"code": facts.code, "values": dict(facts.values)})
    return json.dumps(asdict(facts))


def _place(row: sqlite3.Row) -> Place:
    return Place(Lane(row["lane"]), row["tag"], row["seq"], row["id"], row["requester"], row["estimate_s"])


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        requester=Requester(row["platform"], row["user"], row["name"]),
        origin=Origin(row["channel"], row["place"], row["address"]),
        state=JobState(row["state"]),
        lane=Lane(row["lane"]),
        prompt=row["prompt"],
        options=json.loads(row["options"]),
        model=row["model"],
        preset=row["preset"],
        seed=row["seed"],
        width_px=row["width_px"],
        height_px=row["height_px"],
        frames=row["frames"],
        fps=row["fps"],
        steps=row["steps"],
        price_mcr=row["price_mcr"],
        credits=CreditState(row["credits"]),
        lost_renders=row["lost_renders"],
        has_end_picture=bool(row["has_end_picture"]),
        has_picture=bool(row["has_picture"]),
        has_video=bool(row["has_video"]),
        created_ms=row["created_ms"],
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        video=None if row["video"] is None else VideoFacts(**json.loads(row["video"])),
        failure=None if row["failure"] is None else Failure(**json.loads(row["failure"])),
    )
