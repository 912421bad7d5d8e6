"""Acceptance: the last step of the intake. Pictures, row and credits come to one end, whoever goes away meanwhile."""

import asyncio
import secrets
from dataclasses import dataclass, replace
from weakref import WeakSet

import structlog

from bot.domain.job import CreditState, Job, JobState, Origin, Requester
from bot.domain.options import VideoOptions
from bot.domain.pricing import price_mcr
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admission import Admission
from bot.service.clock import Clock
from bot.service.estimates import Effort, Estimates
from bot.service.fair_queue import FairQueue
from bot.service.views import JobView
from bot.service.worker import RenderPlan
from bot.store import jobs, queue_order, retention
from bot.store.database import Connection, Database
from bot.store.files import JobFiles
from bot.store.job_row import NewJob
from bot.store.jobs import Ending
from bot.store.milestones import Change, FileMoment, Reach
from bot.store.queue_order import Place
from generation.picture import Picture

log = structlog.get_logger(__name__)

_ID_BYTES = 10


@dataclass(slots=True, eq=False, weakref_slot=True)
class Ask:
    """A request from its first moment on; void once whoever asked has been forgotten."""

    person: str
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that may be accepted."""

    ask: Ask
    requester: Requester
    origin: Origin
    key: str
    options: VideoOptions
    start: Picture
    end: Picture | None
    roles: frozenset[str]  # of the requester where they ask


class Overtaken(Exception):
    """The job that was to be replaced does not wait any more, or was replaced already."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the transaction has done: where the new job stands, and which of the requester's others have moved."""

    place: Place
    moved: list[Place]


class Acceptance:
    """Makes rows of requests. Accepted means: the row is committed, its credits are held, its pictures are on disk."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        admission: Admission,
        queue: FairQueue,
        files: JobFiles,
        estimates: Estimates,
        plan: RenderPlan,
        reach: Reach,
    ) -> None:
        self._database, self._clock, self._admission, self._queue = database, clock, admission, queue
        self._files, self._estimates, self._plan, self._reach = files, estimates, plan, reach
        self._accepting: set[asyncio.Task[JobView]] = set()
        self._asks: WeakSet[Ask] = WeakSet()  # as long as anybody works on them

    def ask(self, requester: Requester) -> Ask:
        """Return what a request carries from before it is looked at until its job is there."""
        ask = Ask(requester.id)
        self._asks.add(ask)
        return ask

    def void(self, person_id: str) -> None:
        """Let nothing that a person has asked for until now become a job."""
        for ask in self._asks:
            ask.is_void |= ask.person == person_id

    async def known(self, requester: Requester, key: str) -> JobView | None:
        """Return the job that the same update of the platform has become before."""
        if not key:
            return None
        job = await self._database.read(lambda tx: jobs.find_by_key(tx, requester.id, key))
        return None if job is None else self._queue.view_of(job)

    async def accept(self, checked: Checked, instead_of: Job | None = None) -> JobView:
        """Return the accepted job; ``instead_of``: a waiting job of the same key, which ends unseen, at no cost.

        Raises Refused, and Overtaken where that job does not wait any more; then everything is as it was.
        """
        # A task of its own: whoever asked may go away in the middle, and files and row must still come to one end.
        task = asyncio.create_task(self._keep(checked, instead_of))
        self._accepting.add(task)
        task.add_done_callback(self._accepted)
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait until everything that is being accepted has been, or not."""
        while self._accepting:
            await asyncio.wait(tuple(self._accepting))

    def _accepted(self, task: asyncio.Task[JobView]) -> None:
        self._accepting.discard(task)
        if not task.cancelled():
            task.exception()  # taken note of: where whoever asked has gone away nobody else does

    async def _keep(self, checked: Checked, old: Job | None) -> JobView:
        new = self._new_job(checked)
        try:
            await asyncio.to_thread(self._files.save_pictures, new.id, checked.start, checked.end)
            self._reach(FileMoment.PICTURE_WRITTEN)
            kept = await self._commit(new, checked, old)
        except BaseException:
            await asyncio.to_thread(self._files.delete_pictures, new.id)
            raise
        if kept is None:
            await asyncio.to_thread(self._files.delete_pictures, new.id)
            known = await self.known(checked.requester, checked.key)
            assert known is not None  # it was there inside the transaction
            return known
        if old is not None:
            await self._delete_pictures_of(old)
            log.info("replaced", job=old.id, by=new.id)
        job = await self._database.read(lambda tx: jobs.find(tx, new.id))
        if job is None:  # forgotten in this very moment
            raise Refused(RefusalCode.UNKNOWN_JOB, job=new.id)
        log.info("accepted", job=job.id, requester=job.requester.id, price_mcr=job.price_mcr)
        return self._queue.view_of(job)

    async def _delete_pictures_of(self, old: Job) -> None:
        try:
            await asyncio.to_thread(self._files.delete_pictures, old.id)
        except OSError as error:  # its row says already that they are gone: the next start sweeps them
            log.error("a file could not be deleted", reason=str(error))
        else:
            self._reach(FileMoment.FILES_DELETED)

    async def _commit(self, new: NewJob, checked: Checked, old: Job | None) -> _Kept | None:
        """Insert a job, or in place of an old one; None where the same update has become a job meanwhile."""
        now_ms = self._clock.now_ms()

        def accept(tx: Connection) -> _Kept | None:
            if checked.ask.is_void:
                raise Refused(RefusalCode.UNKNOWN_JOB, job=new.id)
            job = new
            if old is not None:  # its message may have been sent while the pictures were written
                job = replace(new, origin=_make_way(tx, old, now_ms))
            elif new.key and jobs.find_by_key(tx, new.requester.id, new.key) is not None:
                return None  # the same update twice at the same time
            self._admission.hold(tx, job, checked.roles, now_ms)
            place = queue_order.insert(tx, job, now_ms)
            return _Kept(place, [] if old is None else queue_order.places_of(tx, new.requester.id))

        def show(kept: _Kept | None) -> None:
            if kept is None:
                return
            if old is not None:
                self._queue.ended(old.id, old.requester.id)
                self._queue.moved(kept.moved)
            self._queue.add(kept.place)

        return await self._database.write(Change.ACCEPT if old is None else Change.REVISE, accept, show)

    def _new_job(self, checked: Checked) -> NewJob:
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


def _make_way(tx: Connection, old: Job, now_ms: int) -> Origin:
    """End a waiting job so that nothing of it is left but its row; return where it is shown now. Raises Overtaken."""
    now = jobs.find(tx, old.id)
    if now is None or now.state is not JobState.QUEUED:
        raise Overtaken
    jobs.end(tx, old.id, Ending(JobState.CANCELLED, CreditState.RETURNED, is_told=True), now_ms)
    retention.empty_job(tx, old.id)
    jobs.drop_key(tx, old.id)
    return now.origin


def new_job_id() -> str:
    """Return an id that nobody can guess, fit for file names, URLs and buttons: 20 hexadecimal digits."""
    return secrets.token_hex(_ID_BYTES)
