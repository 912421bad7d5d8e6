"""Retention: pictures and videos stay as long as the settings say, under a cap; then they are deleted, oldest first."""

import asyncio
from dataclasses import dataclass

import structlog

from bot.service.clock import Clock
from bot.service.notebook import KEPT_MS as NOTES_KEPT_MS
from bot.store import inbox, notebook, retention
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.files import JobFiles
from bot.store.milestones import Change, FileMoment, Reach
from bot.store.retention import FileOwners

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000
_EVERY_S = 900.0
#: A platform sends what it has no answer to again, for a day.
_SEEN_TO_KEPT_MS = 2 * _DAY_MS
#: Of a channel that was switched off: by then nobody waits for an answer.
_OPEN_KEPT_MS = 14 * _DAY_MS


@dataclass(frozen=True, slots=True)
class KeepRules:
    """How long files stay after the end of their job; 0 days: not at all."""

    pictures_days: float
    videos_days: float
    max_bytes: int  # of all files together; 0: no cap


class Retention:
    """Deletes what is too old or too much."""

    def __init__(self, database: Database, clock: Clock, files: JobFiles, rules: KeepRules, reach: Reach) -> None:
        self._database, self._clock, self._files, self._rules = database, clock, files, rules
        self._reach = reach

    @property
    def rules(self) -> KeepRules:
        return self._rules

    async def sweep(self) -> None:
        """Delete files that no row knows: a crash left them. Only before anything else runs."""
        owners = await self._database.read(retention.owners)
        strays = await asyncio.to_thread(self._files.sweep, owners.pictures, owners.videos)
        if strays:
            log.info("deleted what a crash left behind", files=strays)

    async def run(self) -> None:
        """Expire now and every quarter of an hour, until cancelled."""
        while True:
            try:
                await self.expire()
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
            except OSError as error:  # the row says already that it is gone: the next start sweeps it
                log.error("a file could not be deleted", reason=str(error))
            await asyncio.sleep(_EVERY_S)

    async def expire(self) -> None:
        """Delete what is older than the rules say, then the oldest files until the cap is kept."""
        now_ms = self._clock.now_ms()

        def drop_old(tx: Connection) -> FileOwners:
            notebook.delete_old(tx, now_ms - NOTES_KEPT_MS)
            inbox.delete_old(tx, seen_to_before_ms=now_ms - _SEEN_TO_KEPT_MS, open_before_ms=now_ms - _OPEN_KEPT_MS)
            return retention.drop_old(
                tx,
                pictures_before_ms=now_ms - int(self._rules.pictures_days * _DAY_MS),
                videos_before_ms=now_ms - int(self._rules.videos_days * _DAY_MS),
            )

        await self.delete(await self._database.write(Change.EXPIRE, drop_old))
        if not self._rules.max_bytes:
            return
        excess_bytes = await asyncio.to_thread(self._files.used_bytes) - self._rules.max_bytes
        while excess_bytes > 0:  # one by one: not a video more than need be
            oldest = await self._database.write(Change.EXPIRE, lambda tx: retention.drop_oldest(tx, 1))
            if not oldest.pictures and not oldest.videos:
                return  # what is left belongs to jobs under way
            for job_id in oldest.pictures | oldest.videos:
                excess_bytes -= await asyncio.to_thread(self._files.bytes_of, job_id)
            await self.delete(oldest)

    async def delete(self, owners: FileOwners) -> None:
        """Delete the files of jobs whose rows say, by now, that they have none."""

        def delete() -> None:
            for job_id in owners.pictures:
                self._files.delete_pictures(job_id)
            for job_id in owners.videos:
                self._files.delete_video(job_id)

        if owners.pictures or owners.videos:
            await asyncio.to_thread(delete)
            self._reach(FileMoment.FILES_DELETED)
            log.info("files deleted", pictures=len(owners.pictures), videos=len(owners.videos))
