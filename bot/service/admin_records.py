"""What admins look up: numbers, what was done, what was reported."""

from bot.domain import admin_words as words
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_board import AdminOverview
from bot.service.admin_command import AdminAnswer, AdminCommand, Argument, Call
from bot.service.clock import Clock
from bot.store import journal
from bot.store.database import Database
from bot.store.milestones import Change

_LINES = 50


class RecordCommands:
    """Statistics, audit, reports."""

    def __init__(self, database: Database, clock: Clock, overview: AdminOverview) -> None:
        self._database, self._clock, self._overview = database, clock, overview

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        number = Argument("report", "number", "Its number.")
        return (
            AdminCommand("stats", "Show the numbers of the last 24 hours.", self.stats),
            AdminCommand("audit", "Show what admins have done.", self.audit),
            AdminCommand("reports", "Show the reports that nobody has dealt with.", self.reports),
            AdminCommand("resolve-report", "Close a report.", self.resolve_report, (number,)),
        )

    async def stats(self, call: Call) -> AdminAnswer:
        stats = await self._overview.stats()
        return AdminAnswer(words.stats(stats), stats)

    async def audit(self, call: Call) -> AdminAnswer:
        lines = await self._database.read(lambda tx: journal.audit(tx, _LINES))
        return AdminAnswer(words.audit(len(lines)), lines)

    async def reports(self, call: Call) -> AdminAnswer:
        found = await self._database.read(lambda tx: journal.open_reports(tx, _LINES))
        return AdminAnswer(words.reports(len(found)), found)

    async def resolve_report(self, call: Call) -> AdminAnswer:
        wanted, now_ms = call.number("report"), self._clock.now_ms()
        number = int(wanted)
        if number != wanted or not await self._database.write(
            Change.ADMIN, lambda tx: journal.resolve_report(tx, number, now_ms)
        ):
            raise Refused(RefusalCode.UNKNOWN_REPORT, report=call.text("report")[:40])
        return AdminAnswer(words.resolved(number))
