"""What admins look up: numbers, and what was done."""

from bot.domain import admin_words as words
from bot.service.admin_board import AdminOverview
from bot.service.admin_command import AdminAnswer, AdminCommand, Call
from bot.store import journal
from bot.store.database import Database

_LINES = 50


class RecordCommands:
    """Statistics, audit."""

    def __init__(self, database: Database, overview: AdminOverview) -> None:
        self._database, self._overview = database, overview

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        return (
            AdminCommand("stats", "Show the numbers of the last 24 hours.", self.stats),
            AdminCommand("audit", "Show what admins have done.", self.audit),
        )

    async def stats(self, call: Call) -> AdminAnswer:
        stats = await self._overview.stats()
        return AdminAnswer(words.stats(stats), stats)

    async def audit(self, call: Call) -> AdminAnswer:
        lines = await self._database.read(lambda tx: journal.audit(tx, _LINES))
        return AdminAnswer(words.audit(len(lines)), lines)
