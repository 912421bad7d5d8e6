"""What admins do for and to people."""

from dataclasses import asdict

from bot.domain import admin_words as words
from bot.domain.credits import CREDIT_MCR, Limit, credits_text
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_command import AdminAnswer, AdminCommand, Argument, Call
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.quotas import QuotaLimits
from bot.service.roles import Roles
from bot.store import accounts, people
from bot.store.database import Database
from bot.store.milestones import Change

_PERSON = Argument("person", "person", "Platform and id, like discord:123.")
_MAX_BAN_DAYS = 36_500  # a hundred years: the day of its end can still be written down


class PeopleCommands:
    """Credits, limits, bans."""

    def __init__(self, database: Database, clock: Clock, queue: FairQueue, quota: QuotaLimits, roles: Roles) -> None:
        self._database, self._clock, self._queue, self._quota, self._roles = database, clock, queue, quota, roles

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        how_many = Argument("credits", "number", "How many.")
        cap = Argument("cap", "number", "How many credits they can have at once.", required=False, lowest=0)
        per_day = Argument("per-day", "number", "How many come back a day.", required=False, lowest=0)
        reason = Argument("reason", "text", "Why.")
        days = Argument(
            "days", "number", "For how long; without: for good.", required=False, lowest=0.01, highest=_MAX_BAN_DAYS
        )
        return (
            AdminCommand(
                "grant", "Give somebody credits, or with a negative number take some.", self.grant, (_PERSON, how_many)
            ),
            AdminCommand(
                "set-limit",
                "Give somebody a limit of their own; without numbers the usual one again.",
                self.set_limit,
                (_PERSON, cap, per_day),
            ),
            AdminCommand("ban", "Let somebody ask no more.", self.ban, (_PERSON, reason, days), danger=True),
            AdminCommand("unban", "Let somebody ask again.", self.unban, (_PERSON,)),
        )

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
        if self._roles.is_admin(person):
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
