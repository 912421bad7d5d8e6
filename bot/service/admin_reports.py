"""What admins do about what was reported."""

from collections.abc import Awaitable, Callable

from bot.domain import admin_words as words
from bot.domain.job import Job
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_command import AdminAnswer, AdminCommand, Argument, Call
from bot.service.clock import Clock
from bot.service.jobs import Jobs
from bot.store import journal
from bot.store.database import Database
from bot.store.milestones import Change

_LINES = 50


class ReportCommands:
    """Look at reports, close them, hide what was reported."""

    def __init__(
        self, database: Database, clock: Clock, jobs: Jobs, take_back: Callable[[Job], Awaitable[None]]
    ) -> None:
        self._database, self._clock, self._jobs, self._take_back = database, clock, jobs, take_back

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        number = Argument("report", "number", "Its number.")
        job = Argument("job", "job", "The job's id.")
        return (
            AdminCommand("reports", "Show the reports that nobody has dealt with.", self.reports),
            AdminCommand("resolve-report", "Close a report.", self.resolve_report, (number,)),
            AdminCommand(
                "hide",
                "Delete what a job was about, remove its message, and close its reports.",
                self.hide,
                (job,),
                danger=True,
            ),
        )

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

    async def hide(self, call: Call) -> AdminAnswer:
        job = (await self._jobs.get(call.caller, call.text("job"))).job
        await self._jobs.delete(call.caller, job.id)
        now_ms = self._clock.now_ms()
        await self._database.write(Change.ADMIN, lambda tx: journal.resolve_reports_of(tx, job.id, now_ms))
        await self._take_back(job)
        return AdminAnswer(words.hidden(job.id))
