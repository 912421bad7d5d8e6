"""The queue's own row: paused, draining; and what the numbers of the last days were."""

from dataclasses import dataclass

from bot.store.database import Connection


@dataclass(frozen=True, slots=True)
class QueueState:
    """What admins have set, and it stays set over a restart."""

    is_paused: bool
    is_draining: bool


def load(connection: Connection) -> QueueState:
    row = connection.execute("SELECT is_paused, is_draining FROM queue").fetchone()
    return QueueState(bool(row["is_paused"]), bool(row["is_draining"]))


def save(connection: Connection, state: QueueState) -> None:
    connection.execute(
        "UPDATE queue SET is_paused = ?, is_draining = ?", (int(state.is_paused), int(state.is_draining))
    )


def statistics(connection: Connection, since_ms: int) -> dict[str, float | int | None]:
    """Return counts and times of the jobs that ended since then."""
    rows = connection.execute(
        """
        SELECT state, created_ms, started_ms, json_extract(video, '$.render_seconds') AS render_s
        FROM job WHERE ended_ms >= ?
        """,
        (since_ms,),
    ).fetchall()
    waits_s = sorted((row["started_ms"] - row["created_ms"]) / 1000 for row in rows if row["started_ms"] is not None)
    renders_s = sorted(row["render_s"] for row in rows if row["render_s"] is not None)
    states = [row["state"] for row in rows]
    return {
        "jobs_today": len(rows),
        "delivered_today": states.count("delivered"),
        "failed_today": states.count("failed"),
        "cancelled_today": states.count("cancelled"),
        "undeliverable_today": states.count("undeliverable"),
        "wait_p50_s": _quantile(waits_s, 0.5),
        "wait_p95_s": _quantile(waits_s, 0.95),
        "render_p50_s": _quantile(renders_s, 0.5),
        "render_p95_s": _quantile(renders_s, 0.95),
        "gpu_share": round(sum(renders_s) / 86_400, 4),
    }


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None
