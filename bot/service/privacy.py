"""Privacy: everything that is stored about a person, and its deletion."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import structlog

from bot.domain.job import END_STATES, CreditState, Job, JobState, Requester
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.quotas import QuotaLimits, quota_view
from bot.service.retention import Retention
from bot.store import accounts, jobs, people
from bot.store import retention as rows
from bot.store.database import Connection, Database
from bot.store.jobs import Ending
from bot.store.milestones import Change
from bot.store.retention import FileOwners

log = structlog.get_logger(__name__)

_MAX_EXPORTED = 100_000


class Privacy:
    """What a person may ask about themselves, at any time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: FairQueue,
        retention: Retention,
        quota: QuotaLimits,
        stop_render: Callable[[str], None],
    ) -> None:
        self._database, self._clock, self._queue, self._retention = database, clock, queue, retention
        self._quota, self._stop_render = quota, stop_render

    async def export(self, requester_id: str) -> dict[str, object]:
        """Return all that is known of a person, ready for JSON; pictures and videos are fetched job by job."""
        now_ms = self._clock.now_ms()

        def read(tx: Connection) -> tuple[list[Job], accounts.Balance, people.Ban | None]:
            return (
                jobs.latest(tx, requester_id, _MAX_EXPORTED, None),
                accounts.balance(tx, self._quota.person_level(requester_id), now_ms),
                people.find_ban(tx, requester_id, now_ms),
            )

        found, balance, ban = await self._database.read(read)
        return {
            "person": requester_id,
            "name": found[0].requester.name if found else "",
            "credits": asdict(quota_view(balance)),
            "ban": None if ban is None else asdict(ban),
            "jobs": await asyncio.to_thread(lambda: [_plain(job) for job in found]),
        }

    async def forget(self, requester: Requester) -> int:
        """End and delete all jobs of a person with their pictures and videos; return how many there were.

        What stays: a ban, and the account's balance, without which being forgotten would fill it up.
        """
        now_ms = self._clock.now_ms()
        cancelled = Ending(JobState.CANCELLED, CreditState.RETURNED, is_told=True)

        def forget(tx: Connection) -> tuple[list[str], FileOwners]:
            mine = jobs.latest(tx, requester.id, -1, None)
            under_way = [job.id for job in mine if job.state not in END_STATES]
            for job_id in under_way:
                jobs.end(tx, job_id, cancelled, now_ms)
            gone = rows.delete_jobs(tx, requester.id)
            people.forget(tx, requester.id)
            return under_way, gone

        def show(result: tuple[list[str], FileOwners]) -> None:
            for job_id in result[0]:
                self._queue.ended(job_id, requester.id)
                self._stop_render(job_id)
            self._queue.changed()

        _, gone = await self._database.write(Change.FORGET, forget, show)
        await self._retention.delete(gone)
        log.info("forgotten", jobs=len(gone.pictures))
        return len(gone.pictures)


def _plain(job: Job) -> dict[str, object]:
    facts = asdict(job)
    facts["options"] = dict(job.options)
    del facts["requester"]
    return facts
