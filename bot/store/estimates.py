"""Rows of measured render times."""

from dataclasses import dataclass

from bot.store.database import Connection


@dataclass(frozen=True, slots=True)
class Measured:
    """A running mean of render times: of one shape, or with an empty ``shape`` of a unit of work of the preset."""

    model: str
    preset: str
    shape: str
    seconds: float
    samples: int


def load(connection: Connection) -> list[Measured]:
    rows = connection.execute("SELECT model, preset, shape, seconds, samples FROM estimate")
    return [Measured(*row) for row in rows]


def save(connection: Connection, measured: Measured, now_ms: int) -> None:
    connection.execute(
        """
        INSERT INTO estimate (model, preset, shape, seconds, samples, at_ms) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET seconds = excluded.seconds, samples = excluded.samples, at_ms = excluded.at_ms
        """,
        (measured.model, measured.preset, measured.shape, measured.seconds, measured.samples, now_ms),
    )
