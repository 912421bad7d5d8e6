"""Admin: runs the commands of admins, for every channel.

Who asks is checked at every call, and every call leaves a line in the audit: before it runs, and with its outcome.
The commands themselves are in ``admin_queue``, ``admin_people`` and ``admin_records``; to add one, add one function
there and its line in ``commands``.
"""

import difflib
from collections.abc import Mapping

import structlog

from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_board import AdminBoard, AdminOverview
from bot.service.admin_command import AdminAnswer, AdminCommand
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.roles import Roles
from bot.store import journal
from bot.store.database import Database
from bot.store.milestones import Change
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

_MAX_AUDITED_CHARACTERS = 500


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
    ) -> None:
        self._database, self._clock, self._queue = database, clock, queue
        self._overview, self._roles = overview, roles
        self.commands = commands
        self._by_name = {command.name: command for command in commands}

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
        command = self._by_name.get(name)
        if command is None:
            nearest = difflib.get_close_matches(name, self._by_name, n=1, cutoff=0.0)[0]
            raise Refused(RefusalCode.UNKNOWN_COMMAND, command=name[:40], nearest=nearest)
        return await command.run(command.read(who, arguments))

    async def _note(self, number: int, outcome: str) -> None:
        await self._database.write(
            Change.ADMIN, lambda tx: journal.end_audit(tx, number, outcome), lambda _: self._queue.changed()
        )
