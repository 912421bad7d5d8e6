"""Status messages: each waiting or running job's message follows the job, no faster than its platform likes it.

Edits of one message are a few seconds apart; the last state is always shown. Who waits is shown a new place less often
the longer the queue is, because the message says when the video will be ready.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Generic

import structlog

from bot.domain.job import JobState
from bot.domain.refusals import Refused
from bot.service.board import QUEUE, BoardClosed, Subscription
from bot.service.delivery import TryLater
from bot.service.drawing_order import DrawingOrder
from bot.service.services import Services
from bot.service.status_message import A, OutOfReach, Painter, StatusMessage
from bot.service.status_pace import USUAL_PACE, Pace
from bot.service.views import JobView
from bot.store.errors import StoreError

__all__ = ["USUAL_PACE", "OutOfReach", "Pace", "Painter", "StatusMessage", "StatusMessages"]

log = structlog.get_logger(__name__)

_AT_ONCE, _MOST_OTHERS = 16, 10_000
_SHOWN = frozenset({JobState.QUEUED, JobState.RUNNING})


class StatusMessages(Generic[A]):
    """Keeps the messages of all jobs of one channel that are under way as the jobs are."""

    def __init__(
        self,
        services: Services,
        painter: Painter[A],
        pace: Pace = USUAL_PACE,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services, self._painter = services, painter
        self._pace, self._monotonic_s = pace, monotonic_s
        self._order = DrawingOrder[A](painter.budget)
        self._messages: dict[str, StatusMessage[A]] = {}
        self._wake = asyncio.Event()
        self._drawing: set[asyncio.Task[None]] = set()
        self._places_moved = False
        self._others: OrderedDict[str, None] = OrderedDict()  # jobs that have no message to be drawn

    async def run(self) -> None:
        """Follow the jobs until the bot stops."""
        with self._services.board.subscribe(None) as changes:
            self._take_up(await self._under_way())
            try:
                async with asyncio.TaskGroup() as parts:
                    parts.create_task(self._watch(changes))
                    parts.create_task(self._watch_places())
                    parts.create_task(self._draw_what_is_due())
            except* BoardClosed:
                log.debug("status messages are left as they are")
            finally:
                for task in self._drawing:
                    task.cancel()

    def follow(self, view: JobView, address: A) -> None:
        """Draw a job's message from now on, the first time at once."""
        known = self._messages.get(view.job.id)
        if known is None:
            self._plan(self._message(view, address), self._monotonic_s())
        else:
            self._changed(known)

    def rename(self, old_job: str, view: JobView) -> A:
        """Show a job in the message of another one, in whose place it has come, and return where that message is."""
        message, met = self._messages.get(old_job), self._messages.get(view.job.id)
        self._forget(old_job)
        if message is None:
            self.follow(view, self._painter.address_of(view.job))
            return self._messages[view.job.id].address
        self._painter.give_way(message)  # it would show what was asked for before
        kept, left = message, met
        if met is not None and (met.is_being_drawn or met.shown):  # the new job's own change was quicker
            kept, left = met, message
        if left is not None:
            left.job_id = view.job.id  # so that an edit of it that arrives late is drawn over
            self._order.withdraw(left)
        kept.job_id, kept.is_waiting = view.job.id, view.job.state is JobState.QUEUED
        self._messages[view.job.id] = kept
        self._changed(kept)
        return kept.address

    @asynccontextmanager
    async def closing(self, job_id: str) -> AsyncIterator[None]:
        """Give a time in which nobody draws a job's message, and after which nobody will: its end is shown."""
        message = self._messages.pop(job_id, None)
        if message is None:
            yield
            return
        self._order.withdraw(message)
        self._painter.give_way(message)
        async with message.lock:
            yield

    async def _under_way(self) -> list[JobView]:
        while True:
            try:
                return await self._services.jobs.under_way(self._painter.channel)
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
                await asyncio.sleep(self._pace.retry_after_s)

    def _take_up(self, views: list[JobView]) -> None:
        """Go on with the messages of an earlier run: at once with jobs that run, with the others one by one."""
        now_s = due_s = self._monotonic_s()
        for view in views:
            if view.job.state in _SHOWN and view.job.id not in self._messages:
                message = self._message(view, self._painter.address_of(view.job))
                due_s += self._pace.places_apart_s * message.is_waiting
                self._plan(message, due_s if message.is_waiting else now_s, is_urgent=not message.is_waiting)

    def _message(self, view: JobView, address: A) -> StatusMessage[A]:
        message = StatusMessage(view.job.id, view.job.requester, address, is_waiting=view.job.state is JobState.QUEUED)
        self._messages[view.job.id] = message
        return message

    async def _watch(self, changes: Subscription) -> None:
        while True:
            for change in await changes.changed():
                if change == QUEUE:
                    self._places_moved = True
                elif change in self._messages:
                    self._changed(self._messages[change])
                elif change not in self._others:
                    await self._meet(change)

    async def _meet(self, job_id: str) -> None:
        """Follow a job that came by another way, as one that an admin asked for again; remember what is not ours."""
        try:
            view = await self._services.jobs.seen(job_id)
        except (Refused, StoreError) as reason:
            log.info("a job could not be looked at", job=job_id, reason=str(reason))
            return
        if view.job.origin.channel == self._painter.channel and view.job.state in _SHOWN:
            if job_id not in self._messages:  # else it was followed meanwhile
                message = self._message(view, self._painter.address_of(view.job))
                self._plan(message, self._monotonic_s() + self._pace.head_start_s)
        else:
            self._forget(job_id)

    async def _watch_places(self) -> None:
        while True:
            await asyncio.sleep(self._pace.look_at_places_every_s)
            if not self._places_moved:
                continue
            self._places_moved = False
            waiting = [message for message in self._messages.values() if message.is_waiting]
            apart_s = max(self._pace.place_every_s, len(waiting) * self._pace.places_apart_s)
            for message in waiting:
                if message.due_s is None and not message.is_being_drawn:
                    due_s = max(message.edited_s + apart_s, message.not_before_s, self._monotonic_s())
                    self._plan(message, due_s, is_urgent=False)

    def _changed(self, message: StatusMessage[A]) -> None:
        if message.is_being_drawn:  # when it may be drawn again is known only afterwards
            message.has_changed = True
            return
        soonest_s = max(message.edited_s + self._pace.edit_every_s, message.not_before_s, self._monotonic_s())
        if message.due_s is None or soonest_s < message.due_s or not message.is_urgent:
            self._plan(message, soonest_s)

    def _plan(self, message: StatusMessage[A], due_s: float, *, is_urgent: bool = True) -> None:
        self._order.plan(message, due_s, is_urgent=is_urgent)
        self._wake.set()

    async def _draw_what_is_due(self) -> None:
        while True:
            await self._painter.until_ready()
            self._wake.clear()
            now_s = self._monotonic_s()
            next_s: float | None = None  # while all hands are busy, the first that is free wakes this
            while len(self._drawing) < _AT_ONCE:
                message = self._order.take(now_s)
                if message is None:
                    next_s = self._order.next_s()
                    break
                self._start(message)
            try:
                async with asyncio.timeout(None if next_s is None else next_s - now_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _start(self, message: StatusMessage[A]) -> None:
        message.is_being_drawn, message.has_changed = True, False
        if message.is_overdrawn:
            message.shown, message.is_overdrawn = "", False
        task = asyncio.create_task(self._draw(message), name=f"status-{message.job_id}")
        self._drawing.add(task)
        task.add_done_callback(partial(self._drawn, message, message.edited_s))

    def _drawn(self, message: StatusMessage[A], edited_s: float, task: asyncio.Task[None]) -> None:
        self._drawing.discard(task)
        message.is_being_drawn = False
        if message.edited_s == edited_s:
            self._order.give_back(message, self._monotonic_s())
        current = self._messages.get(message.job_id)
        if current is not None and current is not message:  # it was drawn over what took its place
            current.is_overdrawn = current.has_changed = True
        if current is not None and current.has_changed:
            self._changed(current)
        self._wake.set()

    async def _draw(self, message: StatusMessage[A]) -> None:
        job_id = message.job_id  # which may change meanwhile
        try:
            async with message.lock, asyncio.timeout(self._pace.edit_limit_s):
                if not await self._painter.paint(message):
                    self._forget(job_id)
            message.failed_edits = 0
        except TryLater as later:
            self._again(message, later.retry_after_s)
        except (TimeoutError, StoreError):
            self._again(message)
        except OutOfReach as reason:
            log.info("status message out of reach", job=job_id, reason=str(reason))
            self._forget(message.job_id)
        except Exception:  # a bug of one message must not stop the others
            log.exception("the status message could not be drawn", job=job_id)
            self._forget(message.job_id)

    def _forget(self, job_id: str) -> None:
        """Draw a job's message no more, whatever becomes of the job: its end finds its own way."""
        message = self._messages.pop(job_id, None)
        if message is not None:
            self._order.withdraw(message)
        self._others[job_id] = None
        if len(self._others) > _MOST_OTHERS:
            self._others.popitem(last=False)

    def _again(self, message: StatusMessage[A], asked_s: float | None = None) -> None:
        if self._messages.get(message.job_id) is not message:
            return
        message.not_before_s = self._monotonic_s() + self._pace.again_s(asked_s, message.failed_edits)
        message.failed_edits += asked_s is None
        self._plan(message, message.not_before_s, is_urgent=message.is_urgent)
