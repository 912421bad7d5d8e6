"""A video that its platform does not take for its size: encoded again, once, smaller, in place of the old one."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import structlog

from bot.domain.job import Job, VideoFacts
from bot.service.board import Board
from bot.store import jobs
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.milestones import Change
from generation.errors import EncodeFailed, EngineUnavailable
from generation.shrink import ShrunkVideo

log = structlog.get_logger(__name__)

#: Of its size: a little less would be refused again, by a platform that counts a little more than the file.
_MOST_SHARE = 0.8


class Shrinker(Protocol):
    """Encodes finished videos again."""

    async def shrink(self, video: Path, max_bytes: int) -> ShrunkVideo:
        """Make a file of at most so many bytes beside ``video``; one that is small enough is copied as it is.

        Raises EncodeFailed, EngineUnavailable and OSError; then no file is left.
        """
        ...


class CannotShrink(Exception):
    """The video cannot be made smaller, or was made smaller before."""


@dataclass(frozen=True, slots=True)
class Shrinking:
    """Makes videos smaller, files and rows."""

    database: Database
    board: Board
    files: JobFiles
    shrinker: Shrinker

    async def shrink(self, job: Job, max_bytes: int) -> Job | None:
        """Return the job with a video of at most so many bytes; None where it is not to be sent any more.

        Raises CannotShrink, also the second time for a job; and OSError.
        """
        if job.is_shrunk or job.video is None:
            raise CannotShrink("it was made smaller before")
        size_bytes = job.video.size_bytes
        log.info("the video is too large for its platform", size_bytes=size_bytes, max_bytes=max_bytes)
        return await self._replace(job, min(max_bytes, int(size_bytes * _MOST_SHARE)))

    async def finish(self, job: Job) -> Job | None:
        """Return the job as its file is, where a death came between the new file and its row.

        Raises CannotShrink where the file cannot be decoded; and OSError, as FileNotFoundError.
        """
        video = self.files.video(job.id)
        size_bytes = (await asyncio.to_thread(video.stat)).st_size
        if job.is_shrunk or job.video is None or size_bytes == job.video.size_bytes:
            return job
        log.warning("the video is not as its row has it", size_bytes=size_bytes)
        return await self._replace(job, size_bytes)

    async def _replace(self, job: Job, max_bytes: int) -> Job | None:
        video = self.files.video(job.id)
        try:
            smaller = await self.shrinker.shrink(video, max_bytes)
        except (EncodeFailed, EngineUnavailable) as error:
            raise CannotShrink(str(error)) from error
        assert job.video is not None
        facts = _facts(job.video, smaller)

        def replace_video(tx: Connection) -> Job | None:
            # Inside the transaction: nobody else ends the job, and with it the file, between the two.
            if not jobs.set_smaller_video(tx, job.id, facts):
                smaller.path.unlink(missing_ok=True)
                return None
            smaller.path.replace(video)
            return jobs.find(tx, job.id)

        def show(_: Job | None) -> None:
            self.board.job_changed(job.id, job.requester.id)

        return await self.database.write(Change.POSTPONE, replace_video, show)


def _facts(before: VideoFacts, smaller: ShrunkVideo) -> VideoFacts:
    return replace(
        before,
        width_px=smaller.width_px,
        height_px=smaller.height_px,
        size_bytes=smaller.size_bytes,
        sha256=smaller.sha256,
    )
