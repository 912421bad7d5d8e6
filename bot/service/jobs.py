"""Jobs as people see them: their own, to look at, to cancel, to fetch, to delete."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.domain.job import CreditState, Job, JobState, Requester
from bot.domain.progress import is_half_done
from bot.domain.refusals import RefusalCode, Refused
from bot.service.board import Board
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.retention import Retention
from bot.service.roles import Roles, Viewer
from bot.service.views import JobView
from bot.store import jobs, queue_order, retention
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.jobs import Ending
from bot.store.milestones import Change
from bot.store.queue_order import Place

log = structlog.get_logger(__name__)

_HAVE_VIDEO = frozenset({JobState.DELIVERED, JobState.UNDELIVERABLE})
_PROMPTS_READ = 400


class Jobs:
    """What a person may see of jobs: their own; whoever manages a place: that place's; an admin: everybody's.

    All else does not exist. ``seen`` is a channel's word that the viewer looks at the job's message on its platform:
    then whoever can read it may see the job.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: FairQueue,
        board: Board,
        files: JobFiles,
        roles: Roles,
        retention: Retention,
        stop_render: Callable[[str], None],
        wake_delivery: Callable[[], None],
    ) -> None:
        self._database, self._clock, self._queue, self._board = database, clock, queue, board
        self._files, self._roles, self._retention = files, roles, retention
        self._stop_render, self._wake_delivery = stop_render, wake_delivery

    async def get(self, viewer: Viewer, job_id: str) -> JobView:
        """Return a job. Raises Refused(UNKNOWN_JOB), also where it is somebody else's."""
        return self._queue.view_of(await self._find(viewer, job_id))

    async def seen(self, job_id: str) -> JobView:
        """Return any job, for a channel that knows that the viewer looks at its message.

        Raises Refused(UNKNOWN_JOB) where it is gone.
        """
        return self._queue.view_of(await self._find(None, job_id))

    async def latest(self, requester: Requester, limit: int, before: str | None = None) -> list[JobView]:
        """Return a person's own jobs, the newest first."""
        found = await self._database.read(lambda tx: jobs.latest(tx, requester.id, limit, before))
        return [self._queue.view_of(job) for job in found]

    async def under_way(self, channel: str) -> list[JobView]:
        """Return every job of a channel that waits, runs or is on its way to its person, the oldest first."""
        found = await self._database.read(lambda tx: jobs.under_way(tx, channel))
        return [self._queue.view_of(job) for job in found]

    async def recent_prompts(self, requester: Requester, containing: str, limit: int = 25) -> list[tuple[str, str]]:
        """Return a person's own prompts in which a text stands, each once with its newest job, the newest first."""
        wanted = containing.strip().casefold()
        rows = await self._database.read(lambda tx: jobs.prompts(tx, requester.id, _PROMPTS_READ))
        newest: dict[str, str] = {}
        for job_id, prompt in rows:
            if wanted in prompt.casefold():
                newest.setdefault(prompt, job_id)
        return [(job_id, prompt) for prompt, job_id in newest.items()][:limit]

    async def set_address(self, job_id: str, address: str) -> None:
        """Note that the channel finds a job's message elsewhere from now on; of a job that is gone nothing is noted."""
        await self._database.write(Change.TOLD, lambda tx: jobs.set_address(tx, job_id, address))

    async def cancel(self, viewer: Viewer, job_id: str, *, gives_back: bool = False) -> JobView:
        """End a job that waits or runs. Credits come back, unless its owner cancels when half of the steps are done.

        ``gives_back``: an admin ends it, and credits come back in any case.
        Raises Refused: UNKNOWN_JOB, ALREADY_ENDED.
        """
        job = await self._find(viewer, job_id)
        pays = viewer.id == job.requester.id and not gives_back
        render = self._board.render(job_id)
        is_half = pays and render is not None and is_half_done(render.phase, render.step, render.steps)
        now_ms = self._clock.now_ms()

        def cancel(tx: Connection) -> list[Place] | None:
            now = jobs.find(tx, job_id)
            if now is None or now.state not in (JobState.QUEUED, JobState.RUNNING):
                return None
            # What was half done may have been lost meanwhile, and wait again from its beginning.
            is_used = is_half and now.state is JobState.RUNNING
            ending = Ending(JobState.CANCELLED, CreditState.USED if is_used else CreditState.RETURNED)
            jobs.end(tx, job_id, ending, now_ms)
            return queue_order.places_of(tx, job.requester.id)

        def show(places: list[Place] | None) -> None:
            if places is None:
                return
            self._queue.ended(job_id, job.requester.id)
            self._queue.moved(places)
            self._stop_render(job_id)
            self._wake_delivery()

        if await self._database.write(Change.CANCEL, cancel, show) is None:
            now = await self._find(viewer, job_id)
            raise Refused(RefusalCode.ALREADY_ENDED, job=job_id, state=str(now.state))
        view = await self.get(viewer, job_id)
        log.info("cancelled", job=job_id, by=viewer.id, credits=str(view.job.credits))
        return view

    async def delete(self, viewer: Viewer, job_id: str) -> None:
        """Delete what a job that is over was about: pictures, video, prompt, options; what it cost stays in the books.

        Raises Refused: UNKNOWN_JOB, NOT_OVER.
        """
        job = await self._find(viewer, job_id)
        if not job.is_over:
            raise Refused(RefusalCode.NOT_OVER, job=job_id, state=str(job.state))
        gone = await self._database.write(
            Change.EXPIRE,
            lambda tx: retention.empty_job(tx, job_id),
            lambda _: self._board.job_changed(job_id, job.requester.id),
        )
        await self._retention.delete(gone)
        log.info("deleted", job=job_id, by=viewer.id)

    async def video(self, viewer: Viewer, job_id: str, *, seen: bool = False) -> Path:
        """Return the MP4 of a delivered job. Raises Refused: UNKNOWN_JOB, NOT_READY, VIDEO_GONE."""
        return await self._video_file(None if seen else viewer, job_id, self._files.video)

    async def poster(self, viewer: Viewer, job_id: str) -> Path:
        """Return a still of a delivered video, a JPEG. Raises what ``video`` raises."""
        return await self._video_file(viewer, job_id, self._files.poster)

    async def picture(self, viewer: Viewer, job_id: str, *, seen: bool = False) -> Path:
        """Return the clean start picture, a PNG. Raises Refused: UNKNOWN_JOB, PICTURE_GONE."""
        return await self._picture_file(None if seen else viewer, job_id, self._files.picture)

    async def end_picture(self, viewer: Viewer, job_id: str) -> Path:
        """Return the clean end picture, a PNG. Raises what ``picture`` raises."""
        return await self._picture_file(viewer, job_id, self._files.end_picture)

    async def still(self, viewer: Viewer, job_id: str) -> bytes | None:
        """Return the latest preview of a running render, a JPEG; None where there is none."""
        await self._find(viewer, job_id)
        return self._board.still(job_id)

    async def _find(self, viewer: Viewer | None, job_id: str) -> Job:
        """Return a job that exists for the viewer; None: for somebody who looks at its message."""
        job = await self._database.read(lambda tx: jobs.find(tx, job_id))
        if job is None or (viewer is not None and not self._roles.may_see(viewer, job)):
            raise Refused(RefusalCode.UNKNOWN_JOB, job=job_id)
        return job

    async def _video_file(self, viewer: Viewer | None, job_id: str, path_of: Callable[[str], Path]) -> Path:
        job = await self._find(viewer, job_id)
        if job.state not in _HAVE_VIDEO:
            raise Refused(RefusalCode.NOT_READY, job=job_id, state=str(job.state))
        path = path_of(job_id)
        if not job.has_video or not await asyncio.to_thread(path.exists):
            raise Refused(RefusalCode.VIDEO_GONE, job=job_id)
        return path

    async def _picture_file(self, viewer: Viewer | None, job_id: str, path_of: Callable[[str], Path]) -> Path:
        await self._find(viewer, job_id)
        path = path_of(job_id)
        if not await asyncio.to_thread(path.exists):
            raise Refused(RefusalCode.PICTURE_GONE, job=job_id)
        return path
