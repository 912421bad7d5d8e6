"""Admission: who may ask for a job now. Cheap checks first, in memory and from counters, before any work is done."""

from collections.abc import Callable

from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.limits import QueueLimits, RateLimit
from bot.service.quotas import QuotaLimits
from bot.store import accounts, jobs, people
from bot.store.accounts import Shortage
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.jobs import NewJob


class Admission:
    """Says no with one clear reason, or lets a request in."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: FairQueue,
        files: JobFiles,
        limits: QueueLimits,
        quota: QuotaLimits,
        monotonic_s: Callable[[], float],
    ) -> None:
        self._database, self._clock, self._queue, self._files = database, clock, queue, files
        self._limits, self._quota = limits, quota
        self._rate = RateLimit(limits.requests_per_minute, monotonic_s)
        self._is_stopping = False

    def stop(self) -> None:
        """Let nobody in any more."""
        self._is_stopping = True

    async def require(self, requester: Requester) -> None:
        """Raise Refused where the requester may not ask now: ban, rate, queue, disk, in this order."""
        now_ms = self._clock.now_ms()

        def read(tx: Connection) -> tuple[people.Ban | None, tuple[int, int]]:
            return people.find_ban(tx, requester.id, now_ms), jobs.waiting(tx, requester.id)

        ban, waiting = await self._database.read(read)
        _require_no_ban(ban)
        wait_s = self._rate.take(requester.id)
        if wait_s > 0:
            raise Refused(
                RefusalCode.TOO_FAST, per_minute=self._limits.requests_per_minute, retry_after_s=round(wait_s, 1)
            )
        self._require_open()
        self._require_room(*waiting)
        if self._files.free_bytes() < self._limits.min_free_bytes:
            raise Refused(RefusalCode.DISK_NEARLY_FULL)

    def hold(self, tx: Connection, new: NewJob, now_ms: int) -> None:
        """Inside the transaction that inserts the job: check what may have changed, and set its credits aside."""
        self._require_open()
        _require_no_ban(people.find_ban(tx, new.requester.id, now_ms))
        self._require_room(*jobs.waiting(tx, new.requester.id))
        people.touch(tx, new.requester, now_ms)
        try:
            accounts.hold(tx, new.id, self._quota.levels(new.requester.id, new.origin.place), new.price_mcr, now_ms)
        except Shortage as shortage:
            raise _no_credits(shortage, new.price_mcr) from shortage

    def _require_open(self) -> None:
        state, view = self._queue.state, self._queue.view()
        if self._is_stopping or state.is_draining:
            raise Refused(RefusalCode.STOPPING)
        if state.is_paused:
            raise Refused(RefusalCode.PAUSED)
        if view.notice is not None and not view.ready:
            raise Refused(RefusalCode.ENGINE_UNAVAILABLE)

    def _require_room(self, of_person: int, of_all: int) -> None:
        if of_person >= self._limits.max_waiting_per_person:
            raise Refused(RefusalCode.TOO_MANY_WAITING, waiting=of_person, highest=self._limits.max_waiting_per_person)
        if of_all >= self._limits.max_waiting:
            raise Refused(RefusalCode.QUEUE_FULL, waiting=of_all, highest=self._limits.max_waiting)


def _require_no_ban(ban: people.Ban | None) -> None:
    if ban is not None:
        raise Refused(RefusalCode.BANNED, reason=ban.reason, until_ms=ban.until_ms)


def _no_credits(shortage: Shortage, price: int) -> Refused:
    bucket, limit = shortage.balance.bucket, shortage.balance.limit
    return Refused(
        RefusalCode.NO_CREDITS,
        level=shortage.level.account.partition(":")[0],
        price_mcr=price,
        left_mcr=bucket.tokens_mcr,
        retry_after_s=bucket.seconds_until(price, limit),
    )
