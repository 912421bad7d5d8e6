"""The admin commands: one list for every channel. To add one, add one function here.

Who asks is checked at every call, and every call leaves a line in the audit: before it runs, and with its outcome.
"""

import difflib
from collections.abc import Mapping
from dataclasses import asdict

import structlog

from bot.domain import admin_words as words
from bot.domain.credits import CREDIT_MCR, Limit, credits_text
from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_board import AdminBoard, AdminOverview
from bot.service.admin_command import AdminAnswer, AdminCommand, Argument, Call
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.intake import Intake
from bot.service.jobs import Jobs
from bot.service.quotas import QuotaLimits
from bot.service.roles import Roles
from bot.service.views import JobView
from bot.store import accounts, jobs, journal, people, queue_state
from bot.store.database import Connection, Database
from bot.store.jobs import Place
from bot.store.milestones import Change
from bot.store.queue_state import QueueState
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

_JOB = Argument("job", "job", "The job's id.")
_PERSON = Argument("person", "person", "Platform and id, like discord:123.")
_REASON = Argument("reason", "text", "Why.")
_LINES = 50
_MAX_BAN_DAYS = 36_500  # a hundred years: the day of its end can still be written down
_MAX_AUDITED_CHARACTERS = 500


class Admin:
    """Runs commands for admins."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: FairQueue,
        intake: Intake,
        jobs_: Jobs,
        overview: AdminOverview,
        quota: QuotaLimits,
        roles: Roles,
    ) -> None:
        self._database, self._clock, self._queue, self._intake, self._jobs = database, clock, queue, intake, jobs_
        self._overview, self._quota, self._roles = overview, quota, roles

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        return COMMANDS

    def is_admin(self, requester_id: str) -> bool:
        return self._roles.is_admin(requester_id)

    async def overview(self, who: Requester) -> AdminBoard:
        """Return the operator's board. Raises Refused(NOT_ALLOWED)."""
        if not self.is_admin(who.id):
            raise Refused(RefusalCode.NOT_ALLOWED, command="overview")
        return await self._overview.read()

    async def run(self, who: Requester, name: str, arguments: Mapping[str, str]) -> AdminAnswer:
        """Run a command. Raises Refused for somebody who may not, and for what is wrong with name or arguments."""
        now_ms = self._clock.now_ms()
        # Cut: anybody may try, and every try is kept.
        kept = {key[:40]: value[:_MAX_AUDITED_CHARACTERS] for key, value in arguments.items()}
        number = await self._database.write(
            Change.ADMIN, lambda tx: journal.begin_audit(tx, who.id, name[:40], kept, now_ms)
        )
        try:
            answer = await self._run(who, name, arguments)
        except (Refused, GenerationError) as refusal:
            await self._note(number, f"refused: {refusal.code}")
            log.info("admin command refused", who=who.id, command=name[:40], reason=str(refusal.code))
            raise
        await self._note(number, answer.message)
        log.info("admin command", who=who.id, command=name)
        return answer

    async def _run(self, who: Requester, name: str, arguments: Mapping[str, str]) -> AdminAnswer:
        if not self.is_admin(who.id):
            raise Refused(RefusalCode.NOT_ALLOWED, command=name[:40])
        command = _BY_NAME.get(name)
        if command is None:
            nearest = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.0)[0]
            raise Refused(RefusalCode.UNKNOWN_COMMAND, command=name[:40], nearest=nearest)
        return await command.run(self, command.read(who, arguments))

    async def _note(self, number: int, outcome: str) -> None:
        await self._database.write(
            Change.ADMIN, lambda tx: journal.end_audit(tx, number, outcome), lambda _: self._queue.changed()
        )

    # --- the queue

    async def pause(self, call: Call) -> AdminAnswer:
        await self._set_state(QueueState(is_paused=True, is_draining=self._queue.state.is_draining))
        return AdminAnswer(words.PAUSED)

    async def resume(self, call: Call) -> AdminAnswer:
        await self._set_state(QueueState(is_paused=False, is_draining=False))
        return AdminAnswer(words.RESUMED)

    async def drain(self, call: Call) -> AdminAnswer:
        await self._set_state(QueueState(is_paused=False, is_draining=True))
        return AdminAnswer(words.DRAINING)

    async def queue(self, call: Call) -> AdminAnswer:
        view = self._queue.view()
        waiting = await self._database.read(lambda tx: jobs.first_waiting(tx, _LINES))
        lines = [_line(self._queue.view_of(job)) for job in waiting]
        return AdminAnswer(words.queue(view.waiting, view.running), {"queue": asdict(view), "waiting": lines})

    async def job(self, call: Call) -> AdminAnswer:
        view = await self._jobs.get(call.who, call.text("job"))
        return AdminAnswer(words.job(view.job.id, view.job.state, view.job.requester.id), _line(view))

    async def cancel(self, call: Call) -> AdminAnswer:
        view = await self._jobs.cancel(call.who, call.text("job"), gives_back=True)
        return AdminAnswer(words.cancelled(view.job.id), _line(view))

    async def promote(self, call: Call) -> AdminAnswer:
        job_id = call.text("job")

        def promote(tx: Connection) -> list[Place] | None:
            if not jobs.promote(tx, job_id):
                return None
            return [place for place in jobs.places(tx) if place.job_id == job_id]

        def show(places: list[Place] | None) -> None:
            self._queue.moved(places or [])

        if await self._database.write(Change.ADMIN, promote, show) is None:
            view = await self._jobs.get(call.who, job_id)  # refuses one that does not exist
            raise Refused(
                RefusalCode.BAD_ARGUMENT, command="promote", argument="job", value=str(view.job.state), wanted="waiting"
            )
        return AdminAnswer(words.promoted(job_id))

    async def retry(self, call: Call) -> AdminAnswer:
        old = (await self._jobs.get(call.who, call.text("job"))).job
        if not old.is_over:
            raise Refused(
                RefusalCode.BAD_ARGUMENT, command="retry", argument="job", value=str(old.state), wanted="over"
            )
        view = await self._intake.again(old.requester, old.origin, old.id, {"seed": str(old.seed)}, by_admin=True)
        return AdminAnswer(words.retried(old.id, view.job.id), _line(view))

    # --- people

    async def grant(self, call: Call) -> AdminAnswer:
        person, amount_mcr = call.person(), round(call.number("credits") * CREDIT_MCR)
        level, now_ms = self._quota.person_level(person.id), self._clock.now_ms()
        balance = await self._database.write(
            Change.ADMIN, lambda tx: accounts.grant(tx, level, amount_mcr, now_ms), lambda _: self._queue.changed()
        )
        left = credits_text(balance.bucket.tokens_mcr)
        return AdminAnswer(words.granted(person.id, left), {"left_mcr": balance.bucket.tokens_mcr})

    async def set_limit(self, call: Call) -> AdminAnswer:
        person, now_ms = call.person(), self._clock.now_ms()
        usual = self._quota.person
        limit = None
        if "cap" in call.texts or "per-day" in call.texts:
            limit = Limit(
                round(call.number("cap", usual.cap_mcr / CREDIT_MCR) * CREDIT_MCR),
                round(call.number("per-day", usual.per_day_mcr / CREDIT_MCR) * CREDIT_MCR),
            )
        level = self._quota.person_level(person.id)
        balance = await self._database.write(
            Change.ADMIN, lambda tx: accounts.set_limit(tx, level, limit, now_ms), lambda _: self._queue.changed()
        )
        cap, per_day = credits_text(balance.limit.cap_mcr), credits_text(balance.limit.per_day_mcr)
        return AdminAnswer(words.limited(person.id, cap, per_day), asdict(balance.limit))

    async def ban(self, call: Call) -> AdminAnswer:
        person, now_ms = call.person(), self._clock.now_ms()
        if self.is_admin(person.id):
            raise Refused(
                RefusalCode.BAD_ARGUMENT, command="ban", argument="person", value=person.id, wanted="no admin"
            )
        until_ms = now_ms + int(call.number("days") * 86_400_000) if "days" in call.texts else None
        await self._database.write(
            Change.ADMIN, lambda tx: people.ban(tx, person, call.text("reason"), now_ms, until_ms)
        )
        return AdminAnswer(words.banned(person.id))

    async def unban(self, call: Call) -> AdminAnswer:
        person = call.person()
        if not await self._database.write(Change.ADMIN, lambda tx: people.unban(tx, person.id)):
            if not await self._database.read(lambda tx: people.exists(tx, person.id)):
                raise Refused(RefusalCode.UNKNOWN_PERSON, person=person.id)
            raise Refused(
                RefusalCode.BAD_ARGUMENT, command="unban", argument="person", value=person.id, wanted="banned"
            )
        return AdminAnswer(words.unbanned(person.id))

    # --- looking back

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

    async def _set_state(self, state: QueueState) -> None:
        await self._database.write(
            Change.ADMIN, lambda tx: queue_state.save(tx, state), lambda _: self._queue.show_state(state)
        )


COMMANDS = (
    AdminCommand("pause", "Render nothing more and take nothing new; the running job is finished.", Admin.pause),
    AdminCommand("resume", "Take and render jobs again.", Admin.resume),
    AdminCommand("drain", "Take nothing new, and work off what waits.", Admin.drain),
    AdminCommand("queue", "Show what waits, in order.", Admin.queue),
    AdminCommand("job", "Show one job.", Admin.job, (_JOB,)),
    AdminCommand("cancel", "End a job and give its credits back.", Admin.cancel, (_JOB,), danger=True),
    AdminCommand("promote", "Move a waiting job up.", Admin.promote, (_JOB,)),
    AdminCommand(
        "retry", "Ask again for a job that ended, with the same seed, for its requester.", Admin.retry, (_JOB,)
    ),
    AdminCommand(
        "grant",
        "Give somebody credits, or with a negative number take some.",
        Admin.grant,
        (_PERSON, Argument("credits", "number", "How many.")),
    ),
    AdminCommand(
        "set-limit",
        "Give somebody a limit of their own; without numbers the usual one again.",
        Admin.set_limit,
        (
            _PERSON,
            Argument("cap", "number", "How many credits they can have at once.", required=False, lowest=0),
            Argument("per-day", "number", "How many come back a day.", required=False, lowest=0),
        ),
    ),
    AdminCommand(
        "ban",
        "Let somebody ask no more.",
        Admin.ban,
        (
            _PERSON,
            _REASON,
            Argument(
                "days", "number", "For how long; without: for good.", required=False, lowest=0.01, highest=_MAX_BAN_DAYS
            ),
        ),
        danger=True,
    ),
    AdminCommand("unban", "Let somebody ask again.", Admin.unban, (_PERSON,)),
    AdminCommand("stats", "Show the numbers of the last 24 hours.", Admin.stats),
    AdminCommand("audit", "Show what admins have done.", Admin.audit),
    AdminCommand("reports", "Show the reports that nobody has dealt with.", Admin.reports),
    AdminCommand(
        "resolve-report", "Close a report.", Admin.resolve_report, (Argument("report", "number", "Its number."),)
    ),
)
_BY_NAME = {command.name: command for command in COMMANDS}


def _line(view: JobView) -> dict[str, object]:
    """One job in a list; never its picture."""
    job = view.job
    return {
        "id": job.id,
        "requester": job.requester.id,
        "name": job.requester.name,
        "channel": job.origin.channel,
        "state": str(job.state),
        "lane": str(job.lane),
        "ahead": view.ahead,
        "eta": view.eta_s,
        "prompt": job.prompt,
        "options": dict(job.options),
        "seed": job.seed,
        "price": job.price_mcr / CREDIT_MCR,
        "created_at": job.created_ms / 1000,
        "error": None if job.failure is None else job.failure.code,
    }
