"""Delivery: tells each person how their job ended, until they know; survives restarts, because it works from rows.

A channel's ``deliver`` must be repeatable: after a crash, or an answer that got lost, it is called again for the same
end, with ``in_doubt`` where the last try may have arrived.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from bot.domain.job import Job, JobState
from bot.domain.refusals import FailureCode
from bot.service.board import Board
from bot.service.clock import Clock
from bot.service.delivery_ends import DeliveryEnds
from bot.service.delivery_times import after_failure, send_limit_s
from bot.service.shrinking import CannotShrink, Shrinker, Shrinking
from bot.store import jobs, outbox
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.files import JobFiles
from bot.store.milestones import Change, FileMoment, Reach
from bot.store.outbox import Pending

log = structlog.get_logger(__name__)

_AT_ONCE = 16
_RETRY_WRITE_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An end that a person is to be told of: a video, or why there is none."""

    job: Job  # rendered, failed or cancelled
    video: Path | None
    poster: Path | None
    attempts: int
    in_doubt: bool
    is_last: bool = False  # where it cannot be brought now, it never will be


class TryLater(Exception):
    """The platform takes it later, in ``retry_after_s`` if it has said so. ``may_have_arrived``: nobody knows."""

    def __init__(self, retry_after_s: float | None = None, *, may_have_arrived: bool = False) -> None:
        super().__init__(retry_after_s, may_have_arrived)
        self.retry_after_s, self.may_have_arrived = retry_after_s, may_have_arrived


class GoneForGood(Exception):
    """The platform refuses for good: blocked, kicked, deleted."""


class TooLarge(Exception):
    """The platform refused the video for its size; a file of at most ``max_bytes`` may be taken."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self.max_bytes = max_bytes


class Channel(Protocol):
    """The way back to people on one platform."""

    @property
    def name(self) -> str: ...

    async def deliver(self, answer: Answer) -> None:
        """Bring the answer to the person. Raises TryLater, GoneForGood or TooLarge."""
        ...

    async def take_back(self, job: Job) -> None:
        """Remove a job's message where it was shown. What cannot be removed is for the log."""
        ...


def _look(connection: Connection, now_ms: int) -> tuple[list[Pending], int | None]:
    return outbox.due(connection, now_ms, _AT_ONCE * 2), outbox.next_due_ms(connection, now_ms)


class Delivery:
    """Works the outbox off."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        board: Board,
        files: JobFiles,
        shrinker: Shrinker,
        channels: Mapping[str, Channel],
        give_up_after_s: float,
        reach: Reach,
    ) -> None:
        self._database, self._clock, self._files = database, clock, files
        self._channels, self._give_up_after_ms, self._reach = channels, int(give_up_after_s * 1000), reach
        self._shrinking = Shrinking(database, board, files, shrinker)
        self._ends = DeliveryEnds(database, clock, board, files)
        self._wake = asyncio.Event()
        self._under_way: set[str] = set()
        self._unrecorded: set[str] = set()  # tried, and the disk has not taken down how it went
        self._asked_to_wait: set[str] = set()  # the platform itself has said when to come again
        self._is_stopping, self._began_ms = False, 0

    def wake(self) -> None:
        """Look into the outbox again."""
        self._wake.set()

    async def channel_is_back(self, channel: str) -> None:
        """Try now what waits for a channel that can be reached again, but for what it has asked to wait itself."""
        waiting = frozenset(self._asked_to_wait)
        hasten = partial(outbox.hasten, channel=channel, but_not=waiting)
        await self._database.write(Change.POSTPONE, hasten, lambda _: self.wake())

    def stop(self) -> None:
        """End ``run`` once what is being sent has been sent."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Deliver until ``stop``."""
        self._began_ms = self._clock.now_ms()
        await self._database.write(Change.POSTPONE, outbox.all_at_once)
        async with asyncio.TaskGroup() as sending:
            while not self._is_stopping:
                self._wake.clear()
                now_ms = self._clock.now_ms()
                try:
                    pending, next_ms = await self._database.read(partial(_look, now_ms=now_ms))
                except StoreError as error:
                    log.error("the database does not answer", reason=str(error))
                    pending, next_ms = [], now_ms + int(_RETRY_WRITE_S * 1000)
                for one in pending:
                    if one.job_id not in self._under_way and len(self._under_way) < _AT_ONCE:
                        self._under_way.add(one.job_id)
                        sending.create_task(self._send(one))
                await self._wait_until(next_ms, now_ms)

    async def _wait_until(self, next_ms: int | None, now_ms: int) -> None:
        timeout_s = None if next_ms is None else max(next_ms - now_ms, 0) / 1000
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()

    async def _send(self, pending: Pending) -> None:
        with structlog.contextvars.bound_contextvars(job=pending.job_id):
            try:
                await self._deliver(pending.job_id)
            except StoreError as error:  # the row is still there: it is tried again
                log.error("the database does not answer", reason=str(error))
                await asyncio.sleep(_RETRY_WRITE_S)
            finally:
                self._under_way.discard(pending.job_id)
                self._wake.set()

    async def _deliver(self, job_id: str) -> None:
        self._asked_to_wait.discard(job_id)
        # Read anew: since the outbox was looked into, the person may have been told, or be forgotten.
        job, pending = await self._database.read(lambda tx: (jobs.find(tx, job_id), outbox.find(tx, job_id)))
        if job is not None and job.state is JobState.RENDERED:
            job = await self._with_video(job)
        if job is None or pending is None:
            self._unrecorded.discard(job_id)
            return
        pending = replace(pending, in_doubt=pending.in_doubt or job.id in self._unrecorded)
        self._unrecorded.add(job.id)
        answer = self._answer(job, pending)
        try:
            sent = await self._bring(answer)
        except TryLater as later:
            await self._postpone(answer, pending, later)
        except GoneForGood as reason:
            await self._ends.given_up(job, str(reason))
        except CannotShrink as reason:
            log.warning("the video cannot be made small enough", reason=str(reason))
            await self._ends.failed(job, FailureCode.VIDEO_TOO_LARGE)
        except StoreError:  # as everywhere: ``_send`` waits for the disk
            raise
        except Exception:  # an adapter's bug must not hold the others' answers up
            log.exception("the channel failed")
            await self._postpone(answer, pending, TryLater(may_have_arrived=True))
        else:
            if sent is not None:
                self._reach(FileMoment.SENT)
                await self._ends.delivered(sent)
        self._unrecorded.discard(job.id)

    async def _with_video(self, job: Job) -> Job | None:
        """Return a rendered job as its file is; None where that is gone, and the job has failed."""
        try:
            return await self._shrinking.finish(job)
        except (FileNotFoundError, CannotShrink) as reason:
            log.error("the video is gone before it was delivered", reason=str(reason))
            await self._ends.failed(job, FailureCode.VIDEO_LOST)
            return None

    async def _bring(self, answer: Answer) -> Job | None:
        """Bring the answer, where it is too large smaller; return the job as it was sent, or None: nobody waits for it.

        Raises TryLater and GoneForGood, and CannotShrink for a video that stays too large.
        """
        try:
            await self._through_channel(answer)
        except TooLarge as refused:
            if answer.job.state is not JobState.RENDERED:
                raise
            smaller = await self._smaller(answer.job, refused.max_bytes)
            if smaller is not None:
                await self._bring(replace(answer, job=smaller))  # is refused a second time: CannotShrink
            return smaller
        return answer.job

    async def _smaller(self, job: Job, max_bytes: int) -> Job | None:
        try:
            return await self._shrinking.shrink(job, max_bytes)
        except OSError as error:  # a full disk, as a rule
            log.error("the video could not be made smaller", reason=str(error))
            raise TryLater from error

    def _answer(self, job: Job, pending: Pending) -> Answer:
        video = poster = None
        if job.state is JobState.RENDERED:
            video, poster = self._files.video(job.id), self._files.poster(job.id)
        tried_ms = self._clock.now_ms() - max(pending.since_ms, self._began_ms)  # while the bot was off, nothing was
        is_last = tried_ms >= self._give_up_after_ms
        return Answer(job, video, poster, pending.attempts, pending.in_doubt, is_last)

    async def _through_channel(self, answer: Answer) -> None:
        channel = self._channels.get(answer.job.origin.channel)
        if channel is None:
            raise TryLater  # it is switched off for now
        try:
            async with asyncio.timeout(await asyncio.to_thread(send_limit_s, answer.video)):
                await channel.deliver(answer)
        except TimeoutError as error:
            raise TryLater(may_have_arrived=True) from error

    async def _postpone(self, answer: Answer, pending: Pending, later: TryLater) -> None:
        if answer.is_last:
            await self._ends.given_up(answer.job, "tried for too long")
            return
        after, wait_ms = after_failure(pending, later.retry_after_s, may_have_arrived=later.may_have_arrived)
        not_before_ms = self._clock.now_ms() + wait_ms
        if later.retry_after_s is not None:
            self._asked_to_wait.add(pending.job_id)
        await self._database.write(Change.POSTPONE, lambda tx: outbox.postpone(tx, after, not_before_ms))
