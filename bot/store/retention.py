"""Which jobs still have files, and which of those are too old."""

from dataclasses import dataclass

from bot.domain.job import END_STATES
from bot.store.database import Connection

_ENDS = ", ".join(f"'{state}'" for state in sorted(END_STATES))


@dataclass(frozen=True, slots=True)
class FileOwners:
    """The jobs that have pictures and those that have a video."""

    pictures: frozenset[str]
    videos: frozenset[str]


def owners(connection: Connection) -> FileOwners:
    rows = connection.execute("SELECT id, has_picture, has_video FROM job WHERE has_picture = 1 OR has_video = 1")
    found = rows.fetchall()
    return FileOwners(
        frozenset(row["id"] for row in found if row["has_picture"]),
        frozenset(row["id"] for row in found if row["has_video"]),
    )


def drop_old(connection: Connection, *, pictures_before_ms: int, videos_before_ms: int) -> FileOwners:
    """Take the files from jobs that ended before; return whose files are to be deleted."""
    return FileOwners(
        _drop(connection, "has_picture", pictures_before_ms), _drop(connection, "has_video", videos_before_ms)
    )


def drop_oldest(connection: Connection, count: int) -> FileOwners:
    """Take the files from the jobs that ended first; return whose files are to be deleted."""
    rows = connection.execute(
        f"""
        SELECT id, has_picture, has_video FROM job
        WHERE (has_picture = 1 OR has_video = 1) AND state IN ({_ENDS}) ORDER BY ended_ms LIMIT ?
        """,  # noqa: S608
        (count,),
    ).fetchall()
    connection.executemany("UPDATE job SET has_picture = 0, has_video = 0 WHERE id = ?", [(row["id"],) for row in rows])
    return FileOwners(
        frozenset(row["id"] for row in rows if row["has_picture"]),
        frozenset(row["id"] for row in rows if row["has_video"]),
    )


def empty_job(connection: Connection, job_id: str) -> FileOwners:
    """Take files, prompt and options from a job that is over; return whose files are to be deleted."""
    row = connection.execute(
        """
        UPDATE job SET has_picture = 0, has_video = 0, prompt = '', options = '{}'
        WHERE id = ? AND ended_ms IS NOT NULL RETURNING id
        """,
        (job_id,),
    ).fetchone()
    gone = frozenset() if row is None else frozenset({job_id})
    return FileOwners(gone, gone)


def delete_jobs(connection: Connection, person_id: str) -> FileOwners:
    """Delete every row of a person's jobs, all of which have ended; return whose files are to be deleted.

    The ledger keeps its amounts: without them a person would be rich again by being forgotten.
    """
    rows = connection.execute(
        "SELECT id FROM job WHERE requester = ? AND ended_ms IS NOT NULL", (person_id,)
    ).fetchall()
    ids = [(row["id"],) for row in rows]
    connection.execute(  # notices repeat the words of a report
        """
        DELETE FROM notice WHERE json_extract(details, '$.job') IN (
            SELECT id FROM job WHERE requester = :person UNION SELECT job FROM report WHERE reporter = :person
        )
        """,
        {"person": person_id},
    )
    connection.executemany("DELETE FROM report WHERE job = ?", ids)
    connection.executemany("DELETE FROM job WHERE id = ?", ids)
    connection.execute("DELETE FROM report WHERE reporter = ?", (person_id,))
    gone = frozenset(row["id"] for row in rows)
    return FileOwners(gone, gone)


def _drop(connection: Connection, column: str, before_ms: int) -> frozenset[str]:
    rows = connection.execute(
        f"UPDATE job SET {column} = 0 WHERE {column} = 1 AND state IN ({_ENDS}) AND ended_ms < ? RETURNING id",  # noqa: S608
        (before_ms,),
    )
    return frozenset(row["id"] for row in rows.fetchall())
