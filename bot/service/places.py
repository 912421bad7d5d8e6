"""Places: the rules that hold in a server or a group, and what follows it when it gets another id."""

import structlog

from bot.domain.place_rules import PlaceRules
from bot.store import accounts, jobs, place_rules
from bot.store.accounts import place_account
from bot.store.database import Connection, Database
from bot.store.milestones import Change

log = structlog.get_logger(__name__)


class Places:
    """What holds where; only admin commands change it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rules(self, place: str) -> PlaceRules:
        """Return the rules of a place as they are now."""
        return await self._database.read(lambda tx: place_rules.load(tx, place))

    async def moved(self, old_place: str, new_place: str) -> None:
        """Let a place that its platform has given another id keep its rules, its credits and its jobs.

        To be told so again changes nothing more.
        """
        if old_place == new_place:
            return

        def move(tx: Connection) -> None:
            place_rules.move(tx, old_place, new_place)
            accounts.move(tx, place_account(old_place), place_account(new_place))
            jobs.move(tx, old_place, new_place)

        await self._database.write(Change.MOVE, move)
        log.info("a place has another id", old=old_place, new=new_place)
