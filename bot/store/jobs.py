"""Rows of jobs: each change of state is one UPDATE with the old state in its WHERE."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bot.domain.job import END_STATES, TRANSITIONS, CreditState, Failure, Job, JobState, VideoFacts
from bot.store import accounts, queue_order
from bot.store.database import Connection
from bot.store.job_row import COLUMNS, FROM, job_of


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends, or for ``rendered`` nearly does."""

    state: JobState
    credits: CreditState | None = None
    failure: Failure | None = None
    video: VideoFacts | None = None
    is_told: bool = False  # nobody is waiting to hear of it


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
        queue_order.leave(connection, row["requester"], row["tag"], row["price_mcr"])
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


def find(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(f"SELECT {COLUMNS} {FROM} WHERE job.id = ?", (job_id,)).fetchone()
    return None if row is None else job_of(row)


def find_by_key(connection: Connection, requester_id: str, key: str) -> Job | None:
    """Return the job that the same update of the platform has become before."""
    row = connection.execute(
        f"SELECT {COLUMNS} {FROM} WHERE job.requester = ? AND job.key = ?",
        (requester_id, key),
    ).fetchone()
    return None if row is None else job_of(row)


def latest(connection: Connection, requester_id: str, limit: int, before: str | None) -> list[Job]:
    """Return a person's jobs, the newest first, from before the job ``before`` on."""
    rows = connection.execute(
        f"""
        SELECT {COLUMNS} {FROM} WHERE job.requester = :requester
        AND (:before IS NULL OR job.seq < (SELECT seq FROM job WHERE id = :before))
        ORDER BY job.seq DESC LIMIT :limit
        """,  # noqa: S608
        {"requester": requester_id, "before": before, "limit": limit},
    )
    return [job_of(row) for row in rows]


def in_states(connection: Connection, states: Sequence[JobState], limit: int = -1) -> list[Job]:
    """Return the jobs in these states, in the order of their acceptance."""
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        f"SELECT {COLUMNS} {FROM} WHERE job.state IN ({marks}) ORDER BY job.seq LIMIT ?",
        (*states, limit),
    )
    return [job_of(row) for row in rows]


def under_way(connection: Connection, channel: str) -> list[Job]:
    """Return a channel's jobs that are not over, in the order of their acceptance."""
    # Written out as the index job_open_in_channel has it: SQLite does not look into parameters.
    rows = connection.execute(
        f"""
        SELECT {COLUMNS} {FROM} WHERE job.channel = ? AND job.state IN ('queued', 'running', 'rendered')
        ORDER BY job.seq
        """,
        (channel,),
    )
    return [job_of(row) for row in rows]


def prompts(connection: Connection, requester_id: str, limit: int) -> list[tuple[str, str]]:
    """Return id and prompt of a person's latest jobs that have one, the newest first."""
    rows = connection.execute(
        "SELECT id, prompt FROM job WHERE requester = ? AND prompt <> '' ORDER BY seq DESC LIMIT ?",
        (requester_id, limit),
    )
    return [(row["id"], row["prompt"]) for row in rows]


def set_address(connection: Connection, job_id: str, address: str) -> None:
    """Note where the channel finds a job's message now."""
    connection.execute("UPDATE job SET address = ? WHERE id = ?", (address, job_id))


def drop_key(connection: Connection, job_id: str) -> None:
    """Let the update that has become this job be another one from now on."""
    connection.execute("UPDATE job SET key = NULL WHERE id = ?", (job_id,))


def move(connection: Connection, old_place: str, new_place: str) -> None:
    """Let every job from a place be from one with another id."""
    connection.execute("UPDATE job SET place = ? WHERE place = ?", (new_place, old_place))


def set_smaller_video(connection: Connection, job_id: str, video: VideoFacts) -> bool:
    """Note what a video is now that it was encoded once more; False where the job is not on its way any more."""
    changed = connection.execute(
        "UPDATE job SET video = ?, is_shrunk = 1 WHERE id = ? AND state = 'rendered'", (_json_of(video), job_id)
    ).rowcount
    return changed > 0


def last_ended(connection: Connection, limit: int) -> list[Job]:
    """Return the jobs that ended last, the last one first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} {FROM} WHERE job.ended_ms IS NOT NULL ORDER BY job.ended_ms DESC LIMIT ?",
        (limit,),
    )
    return [job_of(row) for row in rows]


def _json_of(facts: Failure | VideoFacts) -> str:
    if isinstance(facts, Failure):
        return json.dumps({"code": facts.code, "values": dict(facts.values)})
    return json.dumps(asdict(facts))
