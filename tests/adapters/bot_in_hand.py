"""A bot at work with one chat platform, in a test's hands."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.app.core import Core
from bot.domain.job import END_STATES, Job, JobState
from bot.service.lifecycle import Lifecycle
from bot.service.services import Services
from bot.service.views import JobView
from bot.store import jobs
from bot.store.checks import broken_promises
from bot.store.database import Database
from bot.store.files import JobFiles
from tests.loopback.clock import FixedClock
from tests.loopback.house import PATIENCE_S
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.scripted_shrinker import ScriptedShrinker

A = TypeVar("A")


@dataclass
class BotInHand(Generic[A]):
    """One life of the bot, and its edges in the test's hands."""

    core: Core
    adapter: A
    running: "asyncio.Task[None]"
    database: Database
    files: JobFiles
    renderer: ScriptedRenderer
    shrinker: ScriptedShrinker
    clock: FixedClock
    lifecycle: Lifecycle

    @property
    def services(self) -> Services:
        return self.core.services

    async def job(self, job_id: str) -> Job:
        job = await self.database.read(lambda tx: jobs.find(tx, job_id))
        assert job is not None
        return job

    async def jobs(self) -> list[Job]:
        """Return every job there is, in the order of their acceptance."""
        return await self.database.read(lambda tx: jobs.in_states(tx, list(JobState)))

    async def only_job(self) -> Job:
        (job,) = await self.jobs()
        return job

    async def until(self, job_id: str, *states: JobState) -> Job:
        """Wait until a job is in one of the states, or without any until it has ended."""
        return await self.when(job_id, lambda job: job.state in (states or END_STATES))

    async def when(self, job_id: str, is_so: Callable[[Job], bool]) -> Job:
        with self.services.board.subscribe(None) as changes:
            while True:
                async with asyncio.timeout(PATIENCE_S):
                    job = await self.job(job_id)
                    if is_so(job):
                        return job
                    await changes.changed()

    async def until_accepted(self, count: int = 1) -> list[Job]:
        """Wait until so many jobs have been accepted since the start of the database."""
        with self.services.board.subscribe(None) as changes:
            while True:
                async with asyncio.timeout(PATIENCE_S):
                    found = await self.jobs()
                    if len(found) >= count:
                        return found
                    await changes.changed()

    async def view(self, job_id: str) -> JobView:
        return await self.services.jobs.seen(job_id)

    async def broken_promises(self) -> list[str]:
        return await self.database.read(lambda tx: list(broken_promises(tx)))
