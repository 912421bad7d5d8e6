"""The operator's look at everything: the queue, people, numbers, reports, what was done."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.job import Job, JobState
from bot.domain.refusal_words import notice_sentence
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.quotas import QuotaLimits, quota_view
from bot.service.views import JobView, PersonView, QueueView
from bot.store import accounts, jobs, journal, people, queue_order, queue_state
from bot.store.database import Connection, Database

_DAY_MS = 86_400_000
_MAX_WAITING, _MAX_ENDED, _MAX_PEOPLE, _MAX_LINES = 100, 50, 100, 50


@dataclass(frozen=True, slots=True)
class AdminBoard:
    """One moment of the whole bot."""

    queue: QueueView
    running: tuple[JobView, ...]
    waiting: tuple[JobView, ...]  # the first hundred, in order
    ended: tuple[JobView, ...]  # the last fifty, the newest first
    people: tuple[PersonView, ...]  # the last hundred who were active
    stats: Mapping[str, float | int | None]  # of the last 24 hours
    reports: tuple[Mapping[str, object], ...]
    notices: tuple[Mapping[str, object], ...]
    audit: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the database knows of it."""

    running: list[Job]
    waiting: list[Job]
    ended: list[Job]
    people: tuple[PersonView, ...]
    stats: Mapping[str, float | int | None]
    reports: tuple[Mapping[str, object], ...]
    notices: tuple[Mapping[str, object], ...]
    audit: tuple[Mapping[str, object], ...]


class AdminOverview:
    """Reads the board."""

    def __init__(self, database: Database, clock: Clock, queue: FairQueue, quota: QuotaLimits) -> None:
        self._database, self._clock, self._queue, self._quota = database, clock, queue, quota

    async def read(self) -> AdminBoard:
        """Return everything as it is now."""
        now_ms = self._clock.now_ms()
        rows = await self._database.read(lambda tx: self._read(tx, now_ms))

        def views(found: list[Job]) -> tuple[JobView, ...]:
            return tuple(map(self._queue.view_of, found))

        # Made here and not where the rows are read: the queue's memory is the event loop's own.
        return AdminBoard(
            queue=self._queue.view(),
            running=views(rows.running),
            waiting=views(rows.waiting),
            ended=views(rows.ended),
            people=rows.people,
            stats=rows.stats,
            reports=rows.reports,
            notices=rows.notices,
            audit=rows.audit,
        )

    async def stats(self) -> dict[str, float | int | None]:
        """Return the numbers of the last 24 hours."""
        since_ms = self._clock.now_ms() - _DAY_MS
        return await self._database.read(lambda tx: queue_state.statistics(tx, since_ms))

    def _read(self, tx: Connection, now_ms: int) -> "_Rows":
        return _Rows(
            running=jobs.in_states(tx, [JobState.RUNNING, JobState.RENDERED], _MAX_WAITING),
            waiting=queue_order.first_waiting(tx, _MAX_WAITING),
            ended=jobs.last_ended(tx, _MAX_ENDED),
            people=tuple(self._person(tx, row, now_ms) for row in people.latest(tx, _MAX_PEOPLE, now_ms)),
            stats=queue_state.statistics(tx, now_ms - _DAY_MS),
            reports=tuple(journal.open_reports(tx, _MAX_LINES)),
            notices=tuple(
                {"at": at_ms / 1000, "message": notice_sentence(code, details)}
                for at_ms, code, details in journal.notices(tx, _MAX_LINES)
            ),
            audit=tuple(journal.audit(tx, _MAX_LINES)),
        )

    def _person(self, tx: Connection, row: people.PersonRow, now_ms: int) -> PersonView:
        level = self._quota.person_level(row.requester.id)
        return PersonView(
            requester=row.requester,
            waiting=row.waiting,
            running=row.running,
            jobs=row.jobs,
            quota=quota_view(accounts.balance(tx, level, now_ms)),
            is_banned=row.ban is not None,
            ban_reason=None if row.ban is None else row.ban.reason,
        )
