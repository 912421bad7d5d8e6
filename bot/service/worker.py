"""The worker: takes one job to the render server, and writes down how it ended."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bot.domain.job import CreditState, Failure, Job, JobState, VideoFacts
from bot.domain.options import read_options
from bot.domain.refusals import FailureCode
from bot.service.animator import Renderer
from bot.service.board import Board
from bot.service.clock import Clock
from bot.service.estimates import Effort, Estimates, save
from bot.service.fair_queue import FairQueue
from bot.store import jobs, queue_order
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.files import JobFiles
from bot.store.jobs import Ending
from bot.store.journal import add_notice
from bot.store.milestones import Change, FileMoment, Reach
from bot.store.queue_order import Place
from generation.client import RenderListener
from generation.engines.engine import Capabilities, Progress
from generation.errors import EncodeFailed, EngineUnavailable, ErrorCode, GenerationError, RenderBusy, RenderLost
from generation.models import Model
from generation.request import ImageToVideoRequest, RenderedVideo

log = structlog.get_logger(__name__)
T = TypeVar("T")

#: A job whose render vanished is run once more; the second time it is taken for the cause.
MAX_LOST_RENDERS = 2
#: ffmpeg may have been killed by somebody else; a file that stays too large will be too large again.
_ONCE_MORE = frozenset({ErrorCode.ENCODER_DIED, ErrorCode.ENCODED_FILE_WRONG})
_RETRY_WRITE_S = 1.0
#: No place that takes videos at all takes less, and no video can be made much smaller.
_LEAST_MAX_BYTES = 256 * 1024


class _Stopped(Exception):
    """Somebody ended the job, or the bot stops."""


class _PictureLost(Exception):
    """The file of an accepted picture is not there any more."""


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """With what every job is rendered."""

    model: Model
    capabilities: Capabilities
    max_video_bytes: int


class Worker:
    """Runs jobs that the queue has given; one ``run`` for each lane at a time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: FairQueue,
        board: Board,
        files: JobFiles,
        estimates: Estimates,
        renderer: Renderer,
        plan: RenderPlan,
        wake_delivery: Callable[[], None],
        reach: Reach,
    ) -> None:
        self._database, self._clock, self._queue, self._board = database, clock, queue, board
        self._files, self._estimates, self._renderer, self._plan = files, estimates, renderer, plan
        self._wake_delivery, self._reach = wake_delivery, reach
        self._renders: dict[str, asyncio.Task[RenderedVideo]] = {}
        self._has_given_up = False

    async def run(self, job: Job) -> None:
        """Bring a job to ``rendered``, to an end, or back into the queue.

        Raises RenderBusy and EngineUnavailable: it is back then, at no cost.
        """
        log.info("render begins", requester=job.requester.id, shape=Effort.of_job(job).shape)
        try:
            request = await asyncio.to_thread(self._request, job)
            await self._keep(job, request, await self._render(job, request))
        except (_Stopped, asyncio.CancelledError, RenderBusy, EngineUnavailable) as reason:
            await self._put_back(job, lost_render=False)
            if not isinstance(reason, _Stopped):
                raise
        except RenderLost as lost:
            await self._once_more_or_fail(job, lost)
        except EncodeFailed as error:
            await (self._once_more_or_fail(job, error) if error.code in _ONCE_MORE else self._refuse(job, error))
        except GenerationError as error:
            await self._refuse(job, error)
        except _PictureLost as lost:
            log.error("a picture is missing", file=str(lost))
            await self._fail(job, Failure(FailureCode.PICTURE_LOST, {}))
        except OSError as error:
            log.error("a file could not be written", reason=str(error))
            await self._fail(job, Failure(FailureCode.DISK, {}))
        except Exception as fault:  # a bug: the lane must outlive it, and nobody must wait for ever
            log.exception("the job broke the worker")
            await self._fail(job, Failure(FailureCode.BUG, {"detail": type(fault).__name__}))
        finally:
            self._board.clear(job.id)

    def give_up(self) -> None:
        """End the renders under way; their jobs go back to the queue, at no cost."""
        self._has_given_up = True
        for render in self._renders.values():
            render.cancel()

    def cancel(self, job_id: str) -> None:
        """Stop the render of a job that somebody has ended."""
        render = self._renders.get(job_id)
        if render is not None:
            render.cancel()

    async def recover(self) -> None:
        """Put back every job that the rows call running, at no cost: whoever ran it is gone."""

        def requeue_all(tx: Connection) -> list[Place]:
            running = jobs.in_states(tx, [JobState.RUNNING])
            places = [queue_order.requeue(tx, job.id, lost_render=False) for job in running]
            return [place for place in places if place is not None]

        def show(places: list[Place]) -> None:
            for place in places:
                self._queue.add(place)

        await self._database.write(Change.RECOVER, requeue_all, show)

    def _request(self, job: Job) -> ImageToVideoRequest:
        """Return the exact request, as it was accepted: the picture, the options and the seed decide everything."""
        try:
            start = self._files.load_picture(self._files.picture(job.id))
            end = self._files.load_picture(self._files.end_picture(job.id)) if job.has_end_picture else None
        except FileNotFoundError as error:
            raise _PictureLost(error.filename) from error
        options = read_options(job.prompt, {**job.options, "seed": str(job.seed)})
        return options.to_request(self._plan.model, self._plan.capabilities, start, end)

    async def _render(self, job: Job, request: ImageToVideoRequest) -> RenderedVideo:
        # While the picture was read there was no task that a cancel could have stopped.
        if self._has_given_up or not self._queue.is_running(job.id):
            raise _Stopped
        self._reach(FileMoment.HANDED_OVER)
        render = asyncio.create_task(
            self._renderer.render(
                request,
                out=self._files.video(job.id),
                max_bytes=_max_bytes(job, self._plan),
                listener=self._listener(job),
            )
        )
        self._renders[job.id] = render
        try:
            await asyncio.wait((render,))
        finally:  # where this lane itself is cancelled, its render is as well
            render.cancel()
            await asyncio.wait((render,))
            del self._renders[job.id]
        if render.cancelled():
            raise _Stopped
        video = render.result()
        self._reach(FileMoment.VIDEO_RENAMED)
        return video

    def _listener(self, job: Job) -> RenderListener:
        def on_progress(progress: Progress) -> None:
            self._board.show_progress(job.id, job.requester.id, progress)

        def on_still(jpeg: bytes) -> None:
            self._board.show_still(job.id, job.requester.id, jpeg)

        return RenderListener(on_progress, on_still)

    async def _keep(self, job: Job, request: ImageToVideoRequest, video: RenderedVideo) -> None:
        await asyncio.to_thread(self._files.save_poster, job.id, video.poster_jpeg)
        self._reach(FileMoment.POSTER_WRITTEN)
        ending = Ending(JobState.RENDERED, video=_facts(video))
        learned = self._estimates.learn(Effort.of(request, self._plan.model.name, job.preset), video.render_seconds)
        now_ms = self._clock.now_ms()

        def rendered(tx: Connection) -> bool:
            save(tx, learned, now_ms)
            has_changed = jobs.end(tx, job.id, ending, now_ms)
            self._discard_video(tx, job)
            return has_changed

        if await self._end(Change.RENDERED, rendered, job):
            log.info("rendered", render_seconds=round(video.render_seconds, 2), size_bytes=video.size_bytes)
        else:
            log.info("ended by somebody while the video arrived")

    async def _once_more_or_fail(self, job: Job, error: GenerationError) -> None:
        log.warning("render lost", reason=str(error), lost_before=job.lost_renders)
        if job.lost_renders + 1 < MAX_LOST_RENDERS:
            await self._put_back(job, lost_render=True)
        else:
            await self._refuse(job, error)

    async def _refuse(self, job: Job, error: GenerationError) -> None:
        log.warning("job failed", reason=str(error))
        await self._fail(job, Failure(str(error.code), error.values))

    async def _fail(self, job: Job, failure: Failure) -> None:
        now_ms = self._clock.now_ms()
        ending = Ending(JobState.FAILED, CreditState.RETURNED, failure)

        def failed(tx: Connection) -> bool:
            has_changed = jobs.end(tx, job.id, ending, now_ms)
            if has_changed:
                add_notice(tx, "job_failed", {"job": job.id, "failure": failure.code}, now_ms)
            self._discard_video(tx, job)
            return has_changed

        await self._end(Change.FAIL, failed, job)

    async def _end(self, change: Change, transaction: Callable[[Connection], bool], job: Job) -> bool:
        def show(has_changed: bool) -> None:
            self._queue.ended(job.id, job.requester.id)
            if has_changed:
                self._wake_delivery()

        return await self._persist(change, transaction, show)

    async def _put_back(self, job: Job, *, lost_render: bool) -> None:
        def put_back(tx: Connection) -> Place | None:
            place = queue_order.requeue(tx, job.id, lost_render=lost_render)
            # A render that is stopped in its last moment leaves a whole file. It goes before the commit: from then on
            # another lane may write there.
            self._discard_video(tx, job)
            return place

        def show(place: Place | None) -> None:
            if place is not None:
                self._queue.add(place)

        await self._persist(Change.REQUEUE, put_back, show)

    def _discard_video(self, tx: Connection, job: Job) -> None:
        """Inside a transaction: delete what has arrived of a video that nobody will get."""
        now = jobs.find(tx, job.id)
        if now is not None and now.has_video:
            return
        try:
            self._files.delete_video(job.id)
        except OSError as error:  # the next start sweeps it
            log.warning("a file could not be deleted", reason=str(error))

    async def _persist(self, change: Change, transaction: Callable[[Connection], T], then: Callable[[T], None]) -> T:
        """Write until it is written: what has become of a job must not be lost to a full disk or a busy database."""
        while True:
            try:
                return await self._database.write(change, transaction, then)
            except StoreError as error:
                if self._has_given_up:  # the next start finds the job running and puts it back
                    raise
                log.error("the database does not answer", reason=str(error))
                await asyncio.sleep(_RETRY_WRITE_S)


def _max_bytes(job: Job, plan: RenderPlan) -> int:
    """Return how large a job's video may be: what the operator allows, and what its place can take."""
    of_place = job.origin.max_video_bytes
    if of_place is None:
        return plan.max_video_bytes
    return min(plan.max_video_bytes, max(of_place, _LEAST_MAX_BYTES))


def _facts(video: RenderedVideo) -> VideoFacts:
    return VideoFacts(
        width_px=video.width_px,
        height_px=video.height_px,
        frames=video.frames,
        fps=video.fps,
        size_bytes=video.size_bytes,
        sha256=video.sha256,
        engine=video.engine,
        model=video.model,
        used_ai=video.used_ai,
        render_seconds=video.render_seconds,
    )
