"""Privacy: everything that is stored about a person, and its deletion."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import structlog

from bot.domain.job import END_STATES, CreditState, Job, JobState, Requester
from bot.domain.progress import is_half_done
from bot.service.board import Board
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.quotas import QuotaLimits, quota_view
from bot.service.retention import KeepRules, Retention
from bot.store import accounts, inbox, jobs, journal, notebook, people
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
        board: Board,
        void_asked: Callable[[str], None],
    ) -> None:
        self._database, self._clock, self._queue, self._retention = database, clock, queue, retention
        self._quota, self._stop_render, self._board = quota, stop_render, board
        self._void_asked = void_asked

    @property
    def keeps(self) -> KeepRules:
        """How long pictures and videos stay, as the operator has set it."""
        return self._retention.rules

    async def export(self, requester_id: str) -> dict[str, object]:
        """Return all that is known of a person, ready for JSON; pictures and videos are fetched job by job."""
        now_ms = self._clock.now_ms()

        def read(tx: Connection) -> tuple[list[Job], dict[str, object]]:
            balance = accounts.balance(tx, self._quota.person_level(requester_id), now_ms)
            ban = people.find_ban(tx, requester_id, now_ms)
            return jobs.latest(tx, requester_id, _MAX_EXPORTED, None), {
                "credits": asdict(quota_view(balance)),
                "ban": None if ban is None else asdict(ban),
                "reports": journal.reports_by(tx, requester_id),
                "commands": journal.audit_of(tx, requester_id),
                "notes": notebook.notes_of(tx, requester_id),
            }

        found, facts = await self._database.read(read)
        return {
            "person": requester_id,
            "name": found[0].requester.name if found else "",
            **facts,
            "jobs": await asyncio.to_thread(lambda: [_plain(job) for job in found]),
        }

    async def forget(self, requester: Requester) -> int:
        """End and delete all jobs of a person with their pictures and videos; return how many there were.

        What they asked for before, and is still being looked at, does not become a job afterwards.
        What stays: a ban, the account's balance, without which being forgotten would fill it up, and in the audit what
        an admin's commands said of them.
        """
        now_ms = self._clock.now_ms()

        def forget(tx: Connection) -> tuple[list[str], FileOwners]:
            under_way = [job for job in jobs.latest(tx, requester.id, -1, None) if job.state not in END_STATES]
            for job in under_way:
                ending = Ending(JobState.CANCELLED, self._credits_after(job), is_told=True)
                jobs.end(tx, job.id, ending, now_ms)
            gone = rows.delete_jobs(tx, requester.id)
            people.forget(tx, requester.id)
            notebook.delete_of(tx, requester.id)
            inbox.forget(tx, requester.platform, requester.user)
            return [job.id for job in under_way], gone

        def show(result: tuple[list[str], FileOwners]) -> None:
            self._void_asked(requester.id)  # what has come meanwhile
            for job_id in result[0]:
                self._queue.ended(job_id, requester.id)
                self._stop_render(job_id)
            self._queue.changed()

        self._void_asked(requester.id)
        _, gone = await self._database.write(Change.FORGET, forget, show)
        await self._retention.delete(gone)
        log.info("forgotten", jobs=len(gone.pictures))
        return len(gone.pictures)

    def _credits_after(self, job: Job) -> CreditState:
        """Return what becomes of a job's credits: what a cancel by its owner would do, or renders would be free."""
        render = self._board.render(job.id)
        is_half = render is not None and is_half_done(render.phase, render.step, render.steps)
        return CreditState.USED if is_half or job.state is JobState.RENDERED else CreditState.RETURNED


def _plain(job: Job) -> dict[str, object]:
    facts: dict[str, Any] = asdict(job)
    facts["options"] = dict(job.options)
    del facts["requester"]
    del facts["origin"]["address"]  # may hold a platform's token, which opens more than the message
    return facts
