"""Reports: somebody finds a video wrong, and the admins are told."""

from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.board import Board
from bot.service.clock import Clock
from bot.store import jobs, journal
from bot.store.database import Connection, Database
from bot.store.milestones import Change

_MAX_REASON_CHARACTERS = 500


class Reports:
    """Takes reports down, one for each person and job."""

    def __init__(self, database: Database, clock: Clock, board: Board) -> None:
        self._database, self._clock, self._board = database, clock, board

    async def report(self, reporter: Requester, job_id: str, reason: str) -> None:
        """Note a report. Raises Refused(UNKNOWN_JOB)."""
        text = " ".join("".join(c if c.isprintable() else " " for c in reason).split())[:_MAX_REASON_CHARACTERS]
        now_ms = self._clock.now_ms()

        def report(tx: Connection) -> None:
            if jobs.find(tx, job_id) is None:
                raise Refused(RefusalCode.UNKNOWN_JOB, job=job_id)
            if journal.add_report(tx, job_id, reporter.id, text, now_ms):  # else the admins have been told
                journal.add_notice(tx, "reported", {"job": job_id, "reason": text}, now_ms)

        await self._database.write(Change.REPORT, report, lambda _: self._board.queue_changed())
