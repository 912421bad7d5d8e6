"""Intake: from what a person sent to an accepted job, or one clear no. Nothing is held before everything is checked."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from bot.domain.job import Origin, Requester
from bot.domain.options import VideoOptions, read_options
from bot.domain.pricing import price_mcr
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admission import Admission
from bot.service.animator import Decoder
from bot.service.clock import Clock
from bot.service.estimates import Effort, Estimates
from bot.service.fair_queue import FairQueue
from bot.service.views import Circumstances, Fetch, IncomingRequest, JobView
from bot.service.worker import RenderPlan
from bot.store import jobs, queue_order
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.job_row import NewJob
from bot.store.milestones import Change, FileMoment, Reach
from bot.store.queue_order import Place
from generation.errors import ErrorCode, PictureRejected
from generation.picture import Picture

log = structlog.get_logger(__name__)

_ID_BYTES = 10
_OPEN_AT_ONCE = 8  # pictures that are fetched or decoded: each may be as large as a picture may be
_UNKNOWN_CIRCUMSTANCES = Circumstances()


@dataclass(frozen=True, slots=True)
class _Checked:
    """A request that may be accepted."""

    requester: Requester
    origin: Origin
    key: str
    options: VideoOptions
    start: Picture
    end: Picture | None
    roles: frozenset[str]  # of the requester where they ask


class Intake:
    """Accepts jobs. Accepted means: the row is committed, its credits are held, its pictures are on disk."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        admission: Admission,
        queue: FairQueue,
        files: JobFiles,
        estimates: Estimates,
        decoder: Decoder,
        plan: RenderPlan,
        max_picture_bytes: int,
        reach: Reach,
    ) -> None:
        self._database, self._clock, self._admission, self._queue = database, clock, admission, queue
        self._files, self._estimates, self._decoder, self._plan = files, estimates, decoder, plan
        self._max_picture_bytes, self._reach = max_picture_bytes, reach
        self._opening = asyncio.Semaphore(_OPEN_AT_ONCE)
        self._accepting: set[asyncio.Task[JobView]] = set()

    async def submit(self, requester: Requester, origin: Origin, request: IncomingRequest) -> JobView:
        """Return the accepted job; the same key from the same requester gives the same job again.

        Raises Refused, RequestRejected or PictureRejected; then nothing is held and nothing is kept.
        """
        known = await self._known(requester, request.key)
        if known is not None:
            return known
        circumstances = request.circumstances
        await self._admission.require(requester, origin.place, circumstances)
        options = read_options(request.prompt, request.options or {})
        options.check(self._plan.model, self._plan.capabilities, has_end_picture=request.end_picture is not None)
        start = await self._open(request.picture)
        end = None if request.end_picture is None else await self._open(request.end_picture)
        return await self._accept(_Checked(requester, origin, request.key, options, start, end, circumstances.roles))

    async def again(
        self,
        requester: Requester,
        origin: Origin,
        job_id: str,
        changes: Mapping[str, str | None],
        key: str = "",
        *,
        seen: bool = False,
        circumstances: Circumstances = _UNKNOWN_CIRCUMSTANCES,
        by_admin: bool = False,
    ) -> JobView:
        """Return a new job with the picture of an old one, its options changed, and a new seed if none is given.

        ``seen``: the channel knows that the requester looks at the old job's message, so that it need not be their own.
        ``by_admin``: somebody who may see every job asks, for the requester, and neither rate nor room counts.
        Raises what ``submit`` raises, and Refused(UNKNOWN_JOB, PICTURE_GONE).
        """
        known = await self._known(requester, key)
        if known is not None:
            return known
        job = await self._database.read(lambda tx: jobs.find(tx, job_id))
        if job is None or not (seen or job.requester.id == requester.id):
            raise Refused(RefusalCode.UNKNOWN_JOB, job=job_id)
        if not by_admin:
            await self._admission.require(requester, origin.place, circumstances)
        if not job.has_picture:
            raise Refused(RefusalCode.PICTURE_GONE, job=job_id)
        options = read_options(job.prompt, job.options).with_changes({"seed": None, **changes})
        try:
            start = await asyncio.to_thread(self._files.load_picture, self._files.picture(job_id))
            end_path = self._files.end_picture(job_id) if job.has_end_picture else None
            end = None if end_path is None else await asyncio.to_thread(self._files.load_picture, end_path)
        except FileNotFoundError as error:
            raise Refused(RefusalCode.PICTURE_GONE, job=job_id) from error
        return await self._accept(_Checked(requester, origin, key, options, start, end, circumstances.roles))

    async def settle(self) -> None:
        """Wait until everything that is being accepted has been, or not."""
        while self._accepting:
            await asyncio.wait(tuple(self._accepting))

    async def _open(self, picture: bytes | Fetch) -> Picture:
        async with self._opening:
            data = picture if isinstance(picture, bytes) else await picture()
            if len(data) > self._max_picture_bytes:
                raise PictureRejected(
                    ErrorCode.PICTURE_TOO_MANY_BYTES, bytes=len(data), max_bytes=self._max_picture_bytes
                )
            return await self._decoder.decode(data)

    async def _known(self, requester: Requester, key: str) -> JobView | None:
        if not key:
            return None
        job = await self._database.read(lambda tx: jobs.find_by_key(tx, requester.id, key))
        return None if job is None else self._queue.view_of(job)

    async def _accept(self, checked: _Checked) -> JobView:
        # A task of its own: whoever asked may go away in the middle, and files and row must still come to one end.
        task = asyncio.create_task(self._keep(checked))
        self._accepting.add(task)
        task.add_done_callback(self._accepted)
        return await asyncio.shield(task)

    def _accepted(self, task: asyncio.Task[JobView]) -> None:
        self._accepting.discard(task)
        if not task.cancelled():
            task.exception()  # taken note of: where whoever asked has gone away nobody else does

    async def _keep(self, checked: _Checked) -> JobView:
        new = self._new_job(checked)
        try:
            await asyncio.to_thread(self._files.save_pictures, new.id, checked.start, checked.end)
            self._reach(FileMoment.PICTURE_WRITTEN)
            now_ms = self._clock.now_ms()

            def accept(tx: Connection) -> Place | None:
                if new.key and jobs.find_by_key(tx, new.requester.id, new.key) is not None:
                    return None  # the same update twice at the same time
                self._admission.hold(tx, new, checked.roles, now_ms)
                return queue_order.insert(tx, new, now_ms)

            def show(place: Place | None) -> None:
                if place is not None:
                    self._queue.add(place)

            place = await self._database.write(Change.ACCEPT, accept, show)
        except BaseException:
            await asyncio.to_thread(self._files.delete_pictures, new.id)
            raise
        if place is None:
            await asyncio.to_thread(self._files.delete_pictures, new.id)
            known = await self._known(checked.requester, checked.key)
            assert known is not None  # it was there inside the transaction
            return known
        job = await self._database.read(lambda tx: jobs.find(tx, new.id))
        if job is None:  # forgotten in this very moment
            raise Refused(RefusalCode.UNKNOWN_JOB, job=new.id)
        log.info("accepted", job=job.id, requester=job.requester.id, price_mcr=job.price_mcr)
        return self._queue.view_of(job)

    def _new_job(self, checked: _Checked) -> NewJob:
        model, options = self._plan.model, checked.options
        request = options.to_request(model, self._plan.capabilities, checked.start, checked.end)
        preset = str(options.preset)
        return NewJob(
            id=new_job_id(),
            requester=checked.requester,
            origin=checked.origin,
            key=checked.key,
            prompt=options.prompt,
            options=options.texts,
            model=model.name,
            preset=preset,
            seed=request.seed,
            width_px=request.shape.width_px,
            height_px=request.shape.height_px,
            frames=request.shape.frames,
            fps=request.shape.fps,
            steps=request.steps,
            estimate_s=self._estimates.seconds(Effort.of(request, model.name, preset)),
            price_mcr=price_mcr(model, options),
            has_end_picture=checked.end is not None,
        )


def new_job_id() -> str:
    """Return an id that nobody can guess, fit for file names, URLs and buttons: 20 hexadecimal digits."""
    return secrets.token_hex(_ID_BYTES)
