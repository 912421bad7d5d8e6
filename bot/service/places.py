"""Places: the rules that hold in a server or a group."""

from bot.domain.place_rules import PlaceRules
from bot.store import place_rules
from bot.store.database import Database


class Places:
    """What holds where; only admin commands change it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rules(self, place: str) -> PlaceRules:
        """Return the rules of a place as they are now."""
        return await self._database.read(lambda tx: place_rules.load(tx, place))
