"""Credits: on which levels a request is counted, and what somebody has left."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.domain.credits import CREDIT_MCR, Limit
from bot.domain.place_rules import NO_RULES, PlaceRules
from bot.service.clock import Clock
from bot.service.views import QuotaView
from bot.store import accounts, place_rules
from bot.store.accounts import EVERYONE, Balance, Level, person_account, place_account
from bot.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """The settings' limits; None: that level is not limited."""

    person: Limit
    place: Limit | None = None
    everyone: Limit | None = None

    def person_level(self, person_id: str, rules: PlaceRules = NO_RULES, roles: Collection[str] = ()) -> Level:
        """Return a person's account with the usual limit, or with that of their roles in a place of these rules.

        The limit that an admin has set for this person stands in the account itself, and wins over both.
        """
        return Level(person_account(person_id), rules.tier(roles) or self.person)

    def levels(
        self, person_id: str, place: str, rules: PlaceRules = NO_RULES, roles: Collection[str] = ()
    ) -> tuple[Level, ...]:
        """Return every account that a job is counted on, the most common cause of a refusal first."""
        levels = [self.person_level(person_id, rules, roles)]
        pool = rules.pool or self.place
        if place and pool is not None:
            levels.append(Level(place_account(place), pool))
        if self.everyone is not None:
            levels.append(Level(EVERYONE, self.everyone))
        return tuple(levels)


class Quotas:
    """What people have left."""

    def __init__(self, database: Database, clock: Clock, limits: QuotaLimits) -> None:
        self._database, self._clock, self._limits = database, clock, limits

    async def view(self, requester_id: str, place: str = "", roles: Collection[str] = frozenset()) -> QuotaView:
        """Return a person's credits as they are now, in a place with what their roles there give them."""
        now_ms = self._clock.now_ms()

        def read(tx: Connection) -> Balance:
            level = self._limits.person_level(requester_id, place_rules.load(tx, place), roles)
            return accounts.balance(tx, level, now_ms)

        return quota_view(await self._database.read(read))


def quota_view(balance: Balance) -> QuotaView:
    """Return a balance as channels show it."""
    bucket, limit = balance.bucket, balance.limit
    next_whole_mcr = (bucket.tokens_mcr // CREDIT_MCR + 1) * CREDIT_MCR
    is_full = bucket.tokens_mcr + bucket.held_mcr >= limit.cap_mcr
    return QuotaView(
        left_mcr=bucket.tokens_mcr,
        cap_mcr=limit.cap_mcr,
        per_day_mcr=limit.per_day_mcr,
        held_mcr=bucket.held_mcr,
        next_credit_s=None if is_full else bucket.seconds_until(next_whole_mcr, limit),
        full_s=None if is_full else bucket.seconds_until(limit.cap_mcr - bucket.held_mcr, limit),
    )
