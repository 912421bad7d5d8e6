"""Places: the rules that hold in a server or a group, and what follows it when it gets another id."""

import structlog

from bot.domain.credits import Limit
from bot.domain.place_rules import PlaceRules
from bot.service.clock import Clock
from bot.store import accounts, jobs, place_rules
from bot.store.accounts import place_account
from bot.store.database import Connection, Database
from bot.store.milestones import Change

log = structlog.get_logger(__name__)

_NO_POOL = Limit(0, 0)  # in which nothing is earned


class Places:
    """What holds where; only admin commands change it."""

    def __init__(self, database: Database, clock: Clock, usual_pool: Limit | None) -> None:
        self._database, self._clock, self._usual_pool = database, clock, usual_pool

    async def rules(self, place: str) -> PlaceRules:
        """Return the rules of a place as they are now."""
        return await self._database.read(lambda tx: place_rules.load(tx, place))

    async def moved(self, old_place: str, new_place: str) -> None:
        """Let a place that its platform has given another id keep its rules, its credits and its jobs.

        To be told so again changes nothing more.
        """
        if old_place == new_place:
            return
        now_ms = self._clock.now_ms()

        def move(tx: Connection) -> None:
            rules = (place_rules.load(tx, place) for place in (old_place, new_place))
            pool = next((known.pool for known in rules if known.pool is not None), self._usual_pool) or _NO_POOL
            place_rules.move(tx, old_place, new_place)
            accounts.move(tx, place_account(old_place), place_account(new_place), pool, now_ms)
            jobs.move(tx, old_place, new_place)

        await self._database.write(Change.MOVE, move)
        log.info("a place has another id", old=old_place, new=new_place)
