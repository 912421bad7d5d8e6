"""Lanes: as many jobs at once as the render server takes, each one after the other, until the bot stops."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

import structlog

from bot.domain.job import Job
from bot.domain.messages import sentence
from bot.service.fair_queue import FairQueue
from bot.store.errors import StoreError
from generation.errors import EngineUnavailable, RenderBusy

log = structlog.get_logger(__name__)
T = TypeVar("T")

_FIRST_WAIT_S, _MAX_WAIT_S = 0.5, 30.0
_MAX_DOUBLINGS = 6  # reaches the longest wait; 2 to the number of failures in a night is no number for a float


class JobRunner(Protocol):
    """Does one job, and writes down how it ended.

    Raises RenderBusy or EngineUnavailable where it never began; the job is back in the queue then.
    """

    async def run(self, job: Job) -> None: ...

    def give_up(self) -> None: ...


class Startable(Protocol):
    """A renderer that can be made ready before the first job."""

    async def start(self) -> None: ...


class Lanes:
    """Takes jobs from the queue while the engine can render."""

    def __init__(self, queue: FairQueue, renderer: Startable, runner: JobRunner, count: int) -> None:
        self._queue, self._renderer, self._runner, self._count = queue, renderer, runner, count
        self._stopping = asyncio.Event()
        self._is_ready = False
        self._failures_in_a_row = 0

    async def run(self) -> None:
        """Work until ``stop``; what is under way then is finished first."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(self._count):
                lanes.create_task(self._run_lane())

    def stop(self) -> None:
        """Take no more jobs."""
        self._stopping.set()

    def give_up(self) -> None:
        """Take no more jobs, and put those under way back at no cost."""
        self.stop()
        self._runner.give_up()

    async def _run_lane(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._is_ready:
                    await self._or_stop(self._renderer.start())
                    self._ready()
                job = await self._or_stop(self._queue.next())
                if job is not None:
                    await self._run_job(job)
                    self._failures_in_a_row = 0  # a start alone is no success: the next render may fail again
                    self._ready()
            except RenderBusy as busy:
                log.info("the render server is busy", reason=str(busy))
                await self._wait(busy.values.get("retry_after_s"))
            except EngineUnavailable as error:
                log.error("the engine cannot run", reason=sentence(error))
                self._is_ready = False
                self._queue.show_engine(is_ready=False, notice=sentence(error))
                await self._wait()
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
                await self._wait()

    async def _run_job(self, job: Job) -> None:
        with structlog.contextvars.bound_contextvars(job=job.id):
            await self._runner.run(job)

    def _ready(self) -> None:
        if not self._stopping.is_set():
            self._is_ready = True
            self._queue.show_engine(is_ready=True, notice=None)

    async def _or_stop(self, waiting_for: Coroutine[Any, Any, T]) -> T | None:
        """Return what is waited for, or None once the bot stops."""
        task = asyncio.create_task(waiting_for)
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.wait((task, stop))

    async def _wait(self, retry_after_s: object = None) -> None:
        """Wait before the next try, longer each time; a stop ends the wait."""
        wait_s = backoff_s(self._failures_in_a_row)
        self._failures_in_a_row += 1
        if isinstance(retry_after_s, int | float):
            wait_s = max(wait_s, float(retry_after_s))
        try:
            async with asyncio.timeout(wait_s * random.uniform(0.8, 1.2)):  # noqa: S311 (spreads lanes, no secret)
                await self._stopping.wait()
        except TimeoutError:
            return


def backoff_s(failures_in_a_row: int) -> float:
    """Return how long to wait after so many failures: twice as long each time, up to half a minute."""
    return min(_FIRST_WAIT_S * 2.0 ** min(failures_in_a_row, _MAX_DOUBLINGS), _MAX_WAIT_S)
