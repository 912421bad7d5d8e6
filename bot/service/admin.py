"""Admin: runs the commands of admins, for every channel.

Who asks is checked at every call, and every call leaves a line in the audit: before it runs, and with its outcome.
The commands themselves are in ``admin_queue``, ``admin_people``, ``admin_places``, ``admin_records`` and
``admin_reports``; to add one, add one function there and its line in ``commands``.
"""

import difflib
from collections.abc import Callable, Mapping

import structlog

from bot.domain.refusal_words import notice_sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_board import AdminBoard, AdminOverview
from bot.service.admin_command import AdminAnswer, AdminCommand
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.limits import RateLimit
from bot.service.roles import Caller, Roles, Viewer, as_caller
from bot.service.views import Notice
from bot.store import journal
from bot.store.database import Database
from bot.store.milestones import Change
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

_MAX_AUDITED_CHARACTERS = 500
_STRANGERS_TRIES_PER_MINUTE = 5  # that are audited: each is a row that stays


class Admin:
    """Runs commands for admins."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: FairQueue,
        overview: AdminOverview,
        roles: Roles,
        commands: tuple[AdminCommand, ...],
        monotonic_s: Callable[[], float],
    ) -> None:
        self._database, self._clock, self._queue = database, clock, queue
        self._overview, self._roles = overview, roles
        self.commands = commands
        self._strangers_tries = RateLimit(_STRANGERS_TRIES_PER_MINUTE, monotonic_s)
        self._by_name = {command.name: command for command in commands}

    def is_admin(self, who: Viewer) -> bool:
        """Whether somebody is an admin of the whole bot."""
        return self._roles.is_admin(who)

    def commands_for(self, who: Viewer) -> tuple[AdminCommand, ...]:
        """Return the commands that somebody may call: all, those of the place that they manage, or none."""
        if self.is_admin(who):
            return self.commands
        if as_caller(who).manages:
            return tuple(command for command in self.commands if command.scope == "place")
        return ()

    async def notices_since(self, number: int) -> list[Notice]:
        """Return what admins are to be told after the notice of this number (0: all that is kept), the oldest first.

        The board's queue changes with each new one.
        """
        found = await self._database.read(lambda tx: journal.notices_since(tx, number))
        return [
            Notice(id_, at_ms / 1000, notice_sentence(code, details), code, details)
            for id_, at_ms, code, details in found
        ]

    async def last_posted(self, channel: str) -> int:
        """Return up to which notice a channel has posted them; when it is first asked, up to the newest.

        Raises StoreError.
        """
        return await self._database.write(Change.ADMIN, lambda tx: journal.last_posted(tx, channel))

    async def note_posted(self, channel: str, number: int) -> None:
        """Note up to which notice a channel has posted them. Raises StoreError."""
        await self._database.write(Change.ADMIN, lambda tx: journal.set_last_posted(tx, channel, number))

    async def overview(self, who: Viewer) -> AdminBoard:
        """Return the operator's board. Raises Refused(NOT_ALLOWED)."""
        if not self.is_admin(who):
            raise Refused(RefusalCode.NOT_ALLOWED, command="overview")
        return await self._overview.read()

    async def run(self, who: Viewer, name: str, arguments: Mapping[str, str]) -> AdminAnswer:
        """Run a command. Raises Refused for somebody who may not, and for what is wrong with name or arguments."""
        if not self.commands_for(who) and self._strangers_tries.take(who.id) > 0:
            raise Refused(RefusalCode.NOT_ALLOWED, command=name[:40])  # the audit says so often enough
        now_ms = self._clock.now_ms()
        # Cut: anybody may try.
        kept = {key[:40]: value[:_MAX_AUDITED_CHARACTERS] for key, value in arguments.items()}
        number = await self._database.write(
            Change.ADMIN, lambda tx: journal.begin_audit(tx, who.id, name[:40], kept, now_ms)
        )
        try:
            answer = await self._run(as_caller(who), name, arguments)
        except (Refused, GenerationError) as refusal:
            await self._note(number, f"refused: {refusal.code}")
            log.info("admin command refused", who=who.id, command=name[:40], reason=str(refusal.code))
            raise
        await self._note(number, answer.message)
        log.info("admin command", who=who.id, command=name)
        return answer

    async def _run(self, caller: Caller, name: str, arguments: Mapping[str, str]) -> AdminAnswer:
        allowed = [command.name for command in self.commands_for(caller)]
        command = self._by_name.get(name)
        if not allowed or (command is not None and name not in allowed):
            raise Refused(RefusalCode.NOT_ALLOWED, command=name[:40])
        if command is None:
            nearest = difflib.get_close_matches(name, allowed, n=1, cutoff=0.0)[0]
            raise Refused(RefusalCode.UNKNOWN_COMMAND, command=name[:40], nearest=nearest)
        limited_to = ""
        if command.scope == "place":  # what is about the whole bot is not answered where others hear it
            limited_to = caller.heard_in or ("" if self.is_admin(caller) else caller.manages)
        return await command.run(command.read(caller, arguments, limited_to))

    async def _note(self, number: int, outcome: str) -> None:
        await self._database.write(
            Change.ADMIN, lambda tx: journal.end_audit(tx, number, outcome), lambda _: self._queue.changed()
        )
