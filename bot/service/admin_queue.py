"""What admins do to the queue and to jobs."""

from dataclasses import asdict, replace

from bot.domain import admin_words as words
from bot.domain.credits import CREDIT_MCR
from bot.domain.job import CreditState, Job
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_command import AdminAnswer, AdminCommand, Argument, Call
from bot.service.fair_queue import FairQueue
from bot.service.intake import Intake
from bot.service.jobs import Jobs
from bot.service.views import JobView
from bot.store import queue_order, queue_state
from bot.store.database import Connection, Database
from bot.store.milestones import Change
from bot.store.queue_order import Place
from bot.store.queue_state import QueueState

_JOB = Argument("job", "job", "The job's id.")
_LINES = 50


class QueueCommands:
    """Pause, resume, drain; look at jobs, end them, move them up, ask for them again."""

    def __init__(self, database: Database, queue: FairQueue, intake: Intake, jobs_: Jobs) -> None:
        self._database, self._queue, self._intake, self._jobs = database, queue, intake, jobs_

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        return (
            AdminCommand("pause", "Render nothing more and take nothing new; the running job is finished.", self.pause),
            AdminCommand("resume", "Take and render jobs again.", self.resume),
            AdminCommand("drain", "Take nothing new, and work off what waits.", self.drain, danger=True),
            AdminCommand("queue", "Show what waits, in order.", self.queue, scope="place"),
            AdminCommand("job", "Show one job.", self.job, (_JOB,), scope="place"),
            AdminCommand(
                "cancel", "End a job and give its credits back.", self.cancel, (_JOB,), danger=True, scope="place"
            ),
            AdminCommand("promote", "Move a waiting job up.", self.promote, (_JOB,)),
            AdminCommand(
                "retry", "Ask again for a job that ended, with the same seed, for its requester.", self.retry, (_JOB,)
            ),
        )

    async def pause(self, call: Call) -> AdminAnswer:
        await self._set_state(QueueState(is_paused=True, is_draining=self._queue.state.is_draining))
        return AdminAnswer(words.PAUSED)

    async def resume(self, call: Call) -> AdminAnswer:
        await self._set_state(QueueState(is_paused=False, is_draining=False))
        return AdminAnswer(words.RESUMED)

    async def drain(self, call: Call) -> AdminAnswer:
        await self._set_state(QueueState(is_paused=False, is_draining=True))
        return AdminAnswer(words.DRAINING)

    async def queue(self, call: Call) -> AdminAnswer:
        view, place = self._queue.view(), call.limited_to

        def read(tx: Connection) -> tuple[list[Job], int, int]:
            waiting = queue_order.first_waiting(tx, _LINES, place)
            if not place:
                return waiting, view.waiting, view.running
            return waiting, *queue_order.count_in(tx, place)

        waiting, waiting_count, running_count = await self._database.read(read)
        # What only one person is to see is counted, and shown to the bot's admins only.
        shown = [job for job in waiting if not (place and job.origin.is_private)]
        lines = [_line(self._queue.view_of(job)) for job in shown]
        return AdminAnswer(words.queue(waiting_count, running_count), {"queue": asdict(view), "waiting": lines})

    async def job(self, call: Call) -> AdminAnswer:
        view = await self._get(call)
        return AdminAnswer(words.job(view.job.id, view.job.state, view.job.requester.id), _line(view))

    async def cancel(self, call: Call) -> AdminAnswer:
        job = (await self._get(call)).job
        # Whoever manages a place pays like everybody for their own: any person can have a place.
        is_own = bool(call.limited_to) and job.requester.id == call.who.id
        view = await self._jobs.cancel(call.caller, job.id, gives_back=not is_own)
        return AdminAnswer(words.cancelled(job.id, is_used=view.job.credits is CreditState.USED), _line(view))

    async def promote(self, call: Call) -> AdminAnswer:
        job_id = call.text("job")

        def promote(tx: Connection) -> list[Place] | None:
            if not queue_order.promote(tx, job_id):
                return None
            return [place for place in queue_order.places(tx) if place.job_id == job_id]

        def show(places: list[Place] | None) -> None:
            self._queue.moved(places or [])

        if await self._database.write(Change.ADMIN, promote, show) is None:
            view = await self._jobs.get(call.caller, job_id)  # refuses one that does not exist
            raise Refused(
                RefusalCode.BAD_ARGUMENT, command="promote", argument="job", value=str(view.job.state), wanted="waiting"
            )
        return AdminAnswer(words.promoted(job_id))

    async def retry(self, call: Call) -> AdminAnswer:
        old = (await self._get(call)).job
        if not old.is_over:
            raise Refused(
                RefusalCode.BAD_ARGUMENT, command="retry", argument="job", value=str(old.state), wanted="over"
            )
        # A message that holds a video keeps it: the new one finds its own way to the person.
        origin = replace(old.origin, address="") if old.has_video else old.origin
        view = await self._intake.again(old.requester, origin, old.id, {"seed": str(old.seed)}, by_admin=True)
        return AdminAnswer(words.retried(old.id, view.job.id), _line(view))

    async def _get(self, call: Call) -> JobView:
        """Return the job that is meant. Raises Refused(UNKNOWN_JOB), also where it is not of the caller's place."""
        view = await self._jobs.get(call.caller, call.text("job"))
        if call.limited_to and view.job.origin.place != call.limited_to:
            raise Refused(RefusalCode.UNKNOWN_JOB, job=view.job.id)
        return view

    async def _set_state(self, state: QueueState) -> None:
        await self._database.write(
            Change.ADMIN, lambda tx: queue_state.save(tx, state), lambda _: self._queue.show_state(state)
        )


def _line(view: JobView) -> dict[str, object]:
    """One job in a list; never its picture."""
    job = view.job
    return {
        "id": job.id,
        "requester": job.requester.id,
        "name": job.requester.name,
        "channel": job.origin.channel,
        "state": str(job.state),
        "lane": str(job.lane),
        "ahead": view.ahead,
        "eta": view.eta_s,
        "prompt": job.prompt,
        "options": dict(job.options),
        "seed": job.seed,
        "price": job.price_mcr / CREDIT_MCR,
        "created_at": job.created_ms / 1000,
        "error": None if job.failure is None else job.failure.code,
    }
