"""FairQueue: the asyncio face of the queued rows. Lanes wait here for the job that goes next."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial

from bot.domain.job import Job, JobState
from bot.service.board import Board
from bot.service.clock import Clock
from bot.service.estimates import Effort, Estimates
from bot.service.views import JobView, QueueView
from bot.service.waiting_list import WaitingList
from bot.store import queue_order, queue_state
from bot.store.database import Connection, Database
from bot.store.milestones import Change
from bot.store.queue_order import Place
from bot.store.queue_state import QueueState


@dataclass(frozen=True, slots=True)
class _Running:
    requester_id: str
    began_s: float  # on the monotonic clock
    estimate_s: float | None


class FairQueue:
    """The rows decide who is next; memory knows who waits where, and wakes the lanes."""

    def __init__(self, database: Database, clock: Clock, board: Board, estimates: Estimates, slots: int) -> None:
        self._database, self._clock, self._board, self._estimates = database, clock, board, estimates
        self._slots = slots
        self._waiting = WaitingList()
        self._running: dict[str, _Running] = {}
        self._state = QueueState(is_paused=False, is_draining=False)
        self._notice: str | None = None
        self._is_ready = False
        self._may_claim = asyncio.Event()

    async def load(self) -> None:
        """Read the rows, once, before anything else."""
        self._state, places, priority_run = await self._database.read(
            lambda tx: (queue_state.load(tx), queue_order.places(tx), queue_order.priority_run(tx))
        )
        self._waiting = WaitingList(places, priority_run)
        self.changed()

    async def next(self) -> Job:
        """Wait for the job that goes next, and take it: its row says running from here on."""
        while True:
            await self._may_claim.wait()
            claim = partial(_claim, now_ms=self._clock.now_ms())
            job, _ = await self._database.write(Change.CLAIM, claim, self._took)
            if job is not None:
                return job

    def add(self, place: Place) -> None:
        """Show a job that was just accepted or put back."""
        self._running.pop(place.job_id, None)
        self._waiting.put(place)
        self.changed(place.job_id, place.requester_id)

    def ended(self, job_id: str, requester_id: str) -> None:
        """Show that a job waits or runs no more."""
        self._waiting.remove(job_id)
        self._running.pop(job_id, None)
        self.changed(job_id, requester_id)

    def moved(self, places: list[Place]) -> None:
        """Show jobs that wait elsewhere now."""
        for place in places:
            if place.job_id in self._waiting:
                self._waiting.put(place)
        self.changed()

    def is_running(self, job_id: str) -> bool:
        """Whether a lane has the job, as far as is known here."""
        return job_id in self._running

    def waiting_of(self, requester_id: str) -> frozenset[str]:
        """Return the waiting jobs of one person, whose places change with the queue."""
        return self._waiting.of(requester_id)

    @property
    def state(self) -> QueueState:
        return self._state

    def show_state(self, state: QueueState) -> None:
        """Follow what an admin has committed."""
        self._state = state
        self.changed()

    def show_engine(self, *, is_ready: bool, notice: str | None) -> None:
        """Show whether the engine can render, and the sentence that says why not."""
        if (is_ready, notice) != (self._is_ready, self._notice):
            self._is_ready, self._notice = is_ready, notice
            self.changed()

    def view(self) -> QueueView:
        return QueueView(
            waiting=len(self._waiting),
            running=len(self._running),
            slots=self._slots,
            paused=self._state.is_paused,
            draining=self._state.is_draining,
            ready=self._is_ready,
            notice=self._notice,
        )

    def view_of(self, job: Job) -> JobView:
        """Return a job with its place, its time left and its render."""
        # The row may be a moment older or newer than what is known here.
        ahead = self._waiting.ahead(job.id) if job.state is JobState.QUEUED else None
        render = self._board.render(job.id) if job.state is JobState.RUNNING else None
        return JobView(job, ahead, self._eta_s(job, ahead), render)

    def eta_s(self, estimate_s: float | None, job_id: str | None = None) -> float | None:
        """Return when a waiting job would be done (None: one that comes now, after all others)."""
        if estimate_s is None:
            return None
        position = len(self._waiting) if job_id is None else self._waiting.ahead(job_id)
        # What nobody could tell when it was accepted will take about as long as this one.
        busy_s = self._waiting.seconds_ahead(job_id, estimate_s) + sum(
            self._left_s(running, estimate_s) for running in self._running.values()
        )
        is_free = len(self._running) < self._slots and position == 0
        return estimate_s + (0.0 if is_free else busy_s / self._slots)

    def _eta_s(self, job: Job, ahead: int | None) -> float | None:
        if ahead is not None:
            return self.eta_s(self._estimates.seconds(Effort.of_job(job)), job.id)
        running = self._running.get(job.id)
        if running is None or running.estimate_s is None:
            return None
        return self._left_s(running, running.estimate_s)

    def _left_s(self, running: _Running, unknown_s: float) -> float:
        estimate_s = unknown_s if running.estimate_s is None else running.estimate_s
        return max(estimate_s - (time.monotonic() - running.began_s), 0.5)

    def _took(self, taken: tuple[Job | None, int]) -> None:
        job, priority_run = taken
        if job is None:  # another lane was first; the rows are right, whatever memory says
            self._waiting = WaitingList((), priority_run)
            self.changed()
            return
        self._waiting.priority_run = priority_run
        self._waiting.remove(job.id)
        estimate_s = self._estimates.seconds(Effort.of_job(job))
        self._running[job.id] = _Running(job.requester.id, time.monotonic(), estimate_s)
        self.changed(job.id, job.requester.id)

    def changed(self, job_id: str = "", requester_id: str = "") -> None:
        """Wake the lanes where there is work, and tell the readers."""
        if len(self._waiting) and not self._state.is_paused:
            self._may_claim.set()
        else:
            self._may_claim.clear()
        if job_id:
            self._board.job_changed(job_id, requester_id)
        self._board.queue_changed()


def _claim(connection: Connection, now_ms: int) -> tuple[Job | None, int]:
    return queue_order.claim(connection, now_ms), queue_order.priority_run(connection)
