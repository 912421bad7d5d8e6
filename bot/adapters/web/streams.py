"""What a page is told without asking: its own jobs, the queue, its credits; or one job, for who follows only that."""

from fastapi import APIRouter

from bot.adapters.web.callers import Caller
from bot.adapters.web.event_stream import EventStream, EventWriter, OpenStreams, add_stream_route
from bot.adapters.web.schemas import JobBody, QueueBody, QuotaBody, StateBody
from bot.domain.job import Requester
from bot.domain.refusals import Refused
from bot.service.board import QUEUE
from bot.service.services import Services

#: How many of a person's jobs the first event holds; older ones are asked for.
_NEWEST = 50


class StreamRoutes:
    """``/api/events`` and ``/api/jobs/{id}/events``."""

    def __init__(self, services: Services, streams: OpenStreams) -> None:
        self._services, self._streams = services, streams

    def router(self) -> APIRouter:
        routes = APIRouter()
        add_stream_route(routes, "/api/events", self.mine)
        add_stream_route(routes, "/api/jobs/{job_id}/events", self.one)
        return routes

    async def mine(self, caller: Caller) -> EventStream:
        """Tell the caller's state first, as ``state``, and then what changes: ``job``, ``queue``, ``quota``."""

        async def tell(writer: EventWriter) -> None:
            with self._services.board.subscribe(caller.id) as subscription:
                feed = _Feed(self._services, caller, writer)
                await feed.tell_state()
                async for changed in writer.changes(subscription):
                    await feed.tell_changes(changed)

        return self._streams.answer(tell)

    async def one(self, job_id: str, caller: Caller) -> EventStream:
        """Tell one job as ``job``, at once and on each change; the stream ends when the job has ended."""
        owner = (await self._services.jobs.get(caller, job_id)).job.requester

        async def tell(writer: EventWriter) -> None:
            with self._services.board.subscribe(owner.id) as subscription:
                view = await self._services.jobs.get(caller, job_id)
                await writer.event("job", JobBody.of(view))
                if view.job.is_over:
                    return
                async for changed in writer.changes(subscription):
                    if job_id not in changed and not (QUEUE in changed and view.render is None):
                        continue
                    view = await self._services.jobs.get(caller, job_id)
                    await writer.event("job", JobBody.of(view))
                    if view.job.is_over:
                        return

        return self._streams.answer(tell)


class _Feed:
    """What one page was told last, so that it is told only what differs."""

    def __init__(self, services: Services, caller: Requester, writer: EventWriter) -> None:
        self._services, self._caller, self._writer = services, caller, writer
        self._queue: QueueBody | None = None
        self._quota: QuotaBody | None = None
        self._places: dict[str, int | None] = {}  # of the jobs that wait: how many go before

    async def tell_state(self) -> None:
        views = await self._services.jobs.latest(self._caller, _NEWEST, None)
        jobs = [JobBody.of(view) for view in views]
        self._queue = QueueBody.of(self._services.queue.view())
        self._quota = QuotaBody.of(await self._services.quotas.view(self._caller.id))
        for job in jobs:
            self._note_place(job)
        await self._writer.event("state", StateBody(jobs=jobs, queue=self._queue, quota=self._quota))

    async def tell_changes(self, changed: frozenset[str]) -> None:
        for job_id in changed - {QUEUE}:
            await self._tell_job(job_id, only_if_moved=False)
        if QUEUE in changed:
            for job_id in self._services.queue.waiting_of(self._caller.id) - changed:
                await self._tell_job(job_id, only_if_moved=True)
            await self._tell_queue()
            await self._tell_quota()

    async def _tell_job(self, job_id: str, *, only_if_moved: bool) -> None:
        try:
            view = await self._services.jobs.get(self._caller, job_id)
        except Refused:  # deleted in the meantime
            self._places.pop(job_id, None)
            return
        if view.job.requester.id != self._caller.id:  # an operator may look at everybody's; this stream is one's own
            return
        job = JobBody.of(view)
        if only_if_moved and self._places.get(job_id) == job.ahead:
            return
        self._note_place(job)
        await self._writer.event("job", job)

    async def _tell_queue(self) -> None:
        queue = QueueBody.of(self._services.queue.view())
        if queue != self._queue:
            self._queue = queue
            await self._writer.event("queue", queue)

    async def _tell_quota(self) -> None:
        quota = QuotaBody.of(await self._services.quotas.view(self._caller.id))
        if quota != self._quota:
            self._quota = quota
            await self._writer.event("quota", quota)

    def _note_place(self, job: JobBody) -> None:
        if job.ahead is None:
            self._places.pop(job.id, None)
        else:
            self._places[job.id] = job.ahead
