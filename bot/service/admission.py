"""Admission: who may ask for a job now. Cheap checks first, in memory and from counters, before any work is done."""

from collections.abc import Callable

from bot.domain.job import Requester
from bot.domain.place_rules import PlaceRules
from bot.domain.refusals import RefusalCode, Refused
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.limits import QueueLimits, RateLimit
from bot.service.quotas import QuotaLimits
from bot.service.views import Circumstances
from bot.store import accounts, people, place_rules, queue_order
from bot.store.accounts import Shortage
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.job_row import NewJob

_UNKNOWN_CIRCUMSTANCES = Circumstances()


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

    async def require(
        self, requester: Requester, place: str = "", circumstances: Circumstances = _UNKNOWN_CIRCUMSTANCES
    ) -> None:
        """Raise Refused where the requester may not ask now: ban, place, rate, queue, disk, in this order."""
        now_ms = self._clock.now_ms()

        def read(tx: Connection) -> tuple[people.Ban | None, PlaceRules, tuple[int, int]]:
            ban = people.find_ban(tx, requester.id, now_ms)
            return ban, place_rules.load(tx, place), queue_order.waiting(tx, requester.id)

        ban, rules, waiting = await self._database.read(read)
        _require_no_ban(ban)
        _require_right_room(rules, circumstances)
        self._require_pace(requester)
        self._require_open()
        self._require_room(*waiting)
        self._require_disk()

    async def require_for_revision(self, requester: Requester) -> None:
        """Raise Refused where the requester may not change a job that waits; it has its place, and keeps its room."""
        now_ms = self._clock.now_ms()
        _require_no_ban(await self._database.read(lambda tx: people.find_ban(tx, requester.id, now_ms)))
        self._require_pace(requester)
        self._require_open()
        self._require_disk()

    def hold(self, tx: Connection, new: NewJob, roles: frozenset[str], now_ms: int) -> None:
        """Inside the transaction that inserts the job: check what may have changed, and set its credits aside."""
        self._require_open()
        _require_no_ban(people.find_ban(tx, new.requester.id, now_ms))
        self._require_room(*queue_order.waiting(tx, new.requester.id))
        people.touch(tx, new.requester, now_ms)
        rules = place_rules.load(tx, new.origin.place)
        levels = self._quota.levels(new.requester.id, new.origin.place, rules, roles)
        try:
            accounts.hold(tx, new.id, levels, new.price_mcr, now_ms)
        except Shortage as shortage:
            raise _no_credits(shortage, new.price_mcr) from shortage

    def _require_pace(self, requester: Requester) -> None:
        wait_s = self._rate.take(requester.id)
        if wait_s > 0:
            raise Refused(
                RefusalCode.TOO_FAST, per_minute=self._limits.requests_per_minute, retry_after_s=round(wait_s, 1)
            )

    def _require_disk(self) -> None:
        if self._files.free_bytes() < self._limits.min_free_bytes:
            raise Refused(RefusalCode.DISK_NEARLY_FULL)

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


def _require_right_room(rules: PlaceRules, circumstances: Circumstances) -> None:
    if rules.rooms and circumstances.room not in rules.rooms:
        raise Refused(RefusalCode.WRONG_ROOM, rooms=",".join(sorted(rules.rooms)))
    if rules.age_restricted_only and not circumstances.is_age_restricted:
        raise Refused(RefusalCode.AGE_RESTRICTED_ONLY)


def _no_credits(shortage: Shortage, price: int) -> Refused:
    bucket, limit = shortage.balance.bucket, shortage.balance.limit
    return Refused(
        RefusalCode.NO_CREDITS,
        level=shortage.level.account.partition(":")[0],
        price_mcr=price,
        left_mcr=bucket.tokens_mcr,
        retry_after_s=bucket.seconds_until(price, limit),
    )
