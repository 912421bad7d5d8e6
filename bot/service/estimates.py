"""How long a render will take, learned from those that this machine has done."""

from dataclasses import dataclass, replace

from bot.domain.job import Job
from bot.store import estimates
from bot.store.database import Connection, Database
from bot.store.estimates import Measured
from generation.request import ImageToVideoRequest

#: A new time counts for at least so much: the mean follows a machine that became slower or faster.
_MIN_WEIGHT = 0.25
_ANY = ""


@dataclass(frozen=True, slots=True)
class Effort:
    """What decides how long a render takes."""

    model: str
    preset: str
    width_px: int
    height_px: int
    frames: int
    steps: int

    @classmethod
    def of(cls, request: ImageToVideoRequest, model: str, preset: str) -> "Effort":
        shape = request.shape
        return cls(model, preset, shape.width_px, shape.height_px, shape.frames, request.steps)

    @classmethod
    def of_job(cls, job: Job) -> "Effort":
        return cls(job.model, job.preset, job.width_px, job.height_px, job.frames, job.steps)

    @property
    def shape(self) -> str:
        return f"{self.width_px}x{self.height_px}x{self.frames}x{self.steps}"

    @property
    def work(self) -> int:
        return self.width_px * self.height_px * self.frames * self.steps


class Estimates:
    """Running means, in memory beside their rows."""

    def __init__(self, measured: list[Measured]) -> None:
        self._measured = {(one.model, one.preset, one.shape): one for one in measured}

    @classmethod
    async def load(cls, database: Database) -> "Estimates":
        return cls(await database.read(estimates.load))

    def seconds(self, effort: Effort) -> float | None:
        """Return how long such a render takes; None where nothing like it was ever done here.

        The same shape is the best witness, then the same preset, then the same model.
        """
        exact = self._measured.get((effort.model, effort.preset, effort.shape))
        if exact is not None:
            return exact.seconds
        of_preset = self._measured.get((effort.model, effort.preset, _ANY))
        of_model = self._measured.get((effort.model, _ANY, _ANY))
        rate = of_preset or of_model
        return None if rate is None else rate.seconds * effort.work

    def learn(self, effort: Effort, render_seconds: float) -> tuple[Measured, ...]:
        """Take a render's time in; return the means to be saved."""
        rate = render_seconds / effort.work
        learned = (
            self._mean(effort.model, effort.preset, effort.shape, render_seconds),
            self._mean(effort.model, effort.preset, _ANY, rate),
            self._mean(effort.model, _ANY, _ANY, rate),
        )
        for one in learned:
            self._measured[one.model, one.preset, one.shape] = one
        return learned

    def _mean(self, model: str, preset: str, shape: str, seconds: float) -> Measured:
        before = self._measured.get((model, preset, shape), Measured(model, preset, shape, seconds, 0))
        samples = before.samples + 1
        weight = max(1 / samples, _MIN_WEIGHT)
        return replace(before, seconds=before.seconds + weight * (seconds - before.seconds), samples=samples)


def save(connection: Connection, learned: tuple[Measured, ...], now_ms: int) -> None:
    """Write means down inside a transaction."""
    for one in learned:
        estimates.save(connection, one, now_ms)
