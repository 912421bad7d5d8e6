"""How the way of an answer ended, written down: told, delivered, failed after all, or given up."""

import asyncio
from dataclasses import dataclass

import structlog

from bot.domain.job import CreditState, Failure, Job, JobState
from bot.domain.refusals import FailureCode
from bot.service.board import Board
from bot.service.clock import Clock
from bot.store import jobs, outbox
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.jobs import Ending
from bot.store.journal import add_notice
from bot.store.milestones import Change

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryEnds:
    """Writes ends of deliveries, and shows them."""

    database: Database
    clock: Clock
    board: Board
    files: JobFiles

    async def delivered(self, job: Job) -> None:
        """Note that the person has the video, or knows why there is none."""
        if job.state is not JobState.RENDERED:
            await self.database.write(Change.TOLD, lambda tx: outbox.told(tx, job.id))
            return
        await self._end(Change.DELIVERED, job, Ending(JobState.DELIVERED, CreditState.USED))
        log.info("delivered", channel=job.origin.channel)

    async def failed(self, job: Job, code: FailureCode) -> None:
        """Note that a rendered video cannot be brought; its credits come back, and the person is to be told."""
        log.error("the video cannot be delivered", failure=str(code))
        ending = Ending(JobState.FAILED, CreditState.RETURNED, Failure(code, {}))
        await self._end(Change.FAIL, job, ending, str(code))
        await asyncio.to_thread(self.files.delete_video, job.id)  # what is left of it, and the still that came with it

    async def given_up(self, job: Job, reason: str) -> None:
        """Note that the person cannot be reached."""
        log.warning("undeliverable", channel=job.origin.channel, reason=reason)
        if job.state is JobState.RENDERED:
            ending = Ending(JobState.UNDELIVERABLE, CreditState.USED)
            await self._end(Change.UNDELIVERABLE, job, ending, "undeliverable", reason)
        else:
            await self.database.write(Change.TOLD, lambda tx: outbox.told(tx, job.id))

    async def _end(self, change: Change, job: Job, ending: Ending, notice: str = "", reason: str = "") -> None:
        now_ms = self.clock.now_ms()

        def transaction(tx: Connection) -> bool:
            has_changed = jobs.end(tx, job.id, ending, now_ms)
            if has_changed and notice:
                add_notice(tx, notice, {"job": job.id, "reason": reason}, now_ms)
            return has_changed

        def show(has_changed: bool) -> None:
            self.board.job_changed(job.id, job.requester.id)
            self.board.queue_changed()  # credits

        await self.database.write(change, transaction, show)
