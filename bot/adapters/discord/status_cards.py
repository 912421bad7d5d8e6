"""Status cards: each waiting or running job's message follows the job, no faster than Discord likes it.

Edits of one message are at least four seconds apart; the last state is always shown. Who waits is shown a new place
less often the longer the queue is, because the client counts down to the estimate by itself.
"""

import asyncio
import heapq
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import discord
import structlog

from bot.adapters.discord.address import Address
from bot.adapters.discord.card import PICTURE_FILE, STILL_FILE, Shows, progress_card
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain.job import JobState, Requester
from bot.domain.refusals import Refused
from bot.service.board import QUEUE, BoardClosed, Subscription
from bot.service.clock import Clock
from bot.service.delivery import TooLarge, TryLater
from bot.service.services import Services
from bot.service.views import JobView
from generation.thumbnail import thumbnail_jpeg

log = structlog.get_logger(__name__)

CHANNEL_NAME = "discord"

_AT_ONCE = 16
_EDIT_LIMIT_S = 20.0
_RETRY_S = 5.0
_THUMBNAIL_SIDE_PX = 240
_SAME_TIME_SHARE, _SAME_TIME_S = 0.1, 5.0  # an estimate that moves by less stays as it is shown


@dataclass(frozen=True, slots=True)
class Pace:
    """How often messages are edited, in seconds."""

    edit_every_s: float = 4.0  # of one message
    place_every_s: float = 15.0  # where only the place in the queue has moved
    places_apart_s: float = 0.2  # between two such edits, of all messages together
    look_at_places_every_s: float = 5.0
    # By the bot's own token, in one channel: about five edits in five seconds are let through, and some of them are
    # for deliveries.
    channel_every_s: float = 1.3


USUAL_PACE = Pace()


@dataclass(slots=True, eq=False)
class _Card:
    """One message, and what it shows."""

    job_id: str
    requester: Requester
    address: Address
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_closed: bool = False
    is_waiting: bool = True
    is_bare: bool = False
    due_s: float | None = None  # monotonic; None: nothing has changed
    edited_s: float = -1e9
    shown: str = ""
    still_count: int = 0
    ready_at_s: int | None = None
    thumbnail: bytes | None = None


class StatusCards:
    """Draws the cards of all jobs that are under way."""

    def __init__(
        self,
        services: Services,
        posts: Posts,
        clock: Clock,
        pace: Pace = USUAL_PACE,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services, self._posts, self._clock = services, posts, clock
        self._pace, self._monotonic_s = pace, monotonic_s
        self._cards: dict[str, _Card] = {}
        self._due: list[tuple[float, str]] = []
        self._wake = asyncio.Event()
        self._drawing: set[asyncio.Task[None]] = set()
        self._channel_free_s: dict[int, float] = {}
        self._places_moved = False

    async def run(self) -> None:
        """Follow the jobs until the bot stops."""
        with self._services.board.subscribe(None) as changes:
            for view in await self._services.jobs.under_way(CHANNEL_NAME):
                if view.job.state is not JobState.RENDERED:
                    self.follow(view, Address.read(view.job.origin.address))
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

    def follow(self, view: JobView, address: Address) -> None:
        """Draw a job's card from now on, the first time at once."""
        job = view.job
        if job.id not in self._cards:
            self._cards[job.id] = _Card(job.id, job.requester, address)
        self._plan(self._cards[job.id], self._monotonic_s())

    @asynccontextmanager
    async def closing(self, job_id: str) -> AsyncIterator[None]:
        """Give a time in which nobody draws a job's card, and after which nobody will: its end is shown."""
        card = self._cards.pop(job_id, None)
        if card is None:
            yield
            return
        card.is_closed = True
        async with card.lock:
            yield

    async def _watch(self, changes: Subscription) -> None:
        while True:
            for change in await changes.changed():
                if change == QUEUE:
                    self._places_moved = True
                elif change in self._cards:
                    self._changed(self._cards[change])

    async def _watch_places(self) -> None:
        while True:
            await asyncio.sleep(self._pace.look_at_places_every_s)
            if not self._places_moved:
                continue
            self._places_moved = False
            waiting = [card for card in self._cards.values() if card.is_waiting and card.due_s is None]
            apart_s = max(self._pace.place_every_s, len(waiting) * self._pace.places_apart_s)
            for card in waiting:
                self._plan(card, max(card.edited_s + apart_s, self._monotonic_s()))

    def _changed(self, card: _Card) -> None:
        soonest_s = max(card.edited_s + self._pace.edit_every_s, self._monotonic_s())
        if card.due_s is None or soonest_s < card.due_s:
            self._plan(card, soonest_s)

    def _plan(self, card: _Card, due_s: float) -> None:
        card.due_s = due_s
        heapq.heappush(self._due, (due_s, card.job_id))
        self._wake.set()

    async def _draw_what_is_due(self) -> None:
        while True:
            self._wake.clear()
            now_s = self._monotonic_s()
            while self._due and self._due[0][0] <= now_s and len(self._drawing) < _AT_ONCE:
                due_s, job_id = heapq.heappop(self._due)
                card = self._cards.get(job_id)
                if card is not None and card.due_s == due_s:  # else it was planned anew, or has ended
                    self._start(card, now_s)
            wait_s = self._due[0][0] - now_s if self._due and len(self._drawing) < _AT_ONCE else None
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _start(self, card: _Card, now_s: float) -> None:
        if not card.address.has_token(self._now_s()):
            free_s = self._channel_free_s.get(card.address.channel, 0.0)
            if free_s > now_s:
                self._plan(card, free_s)
                return
            self._channel_free_s[card.address.channel] = now_s + self._pace.channel_every_s
        card.due_s = None
        task = asyncio.create_task(self._draw(card), name=f"card-{card.job_id}")
        self._drawing.add(task)
        task.add_done_callback(self._drawn)

    def _drawn(self, task: asyncio.Task[None]) -> None:
        self._drawing.discard(task)
        self._wake.set()

    async def _draw(self, card: _Card) -> None:
        try:
            async with card.lock, asyncio.timeout(_EDIT_LIMIT_S):
                if not card.is_closed:
                    await self._show(card)
        except TryLater as later:
            self._again(card, max(later.retry_after_s or 0.0, _RETRY_S))
        except TimeoutError:
            self._again(card, _RETRY_S)
        except ContentBlocked:
            if not card.is_bare:
                card.is_bare = True
                self._again(card, self._pace.edit_every_s)
        except (NoWay, MessageGone, TooLarge) as reason:  # the end finds its own way
            log.info("status message out of reach", job=card.job_id, reason=repr(reason))
            self._cards.pop(card.job_id, None)
        except Exception:  # a bug of one card must not stop the others
            log.exception("the status message could not be drawn", job=card.job_id)
            self._cards.pop(card.job_id, None)

    def _again(self, card: _Card, after_s: float) -> None:
        if card.job_id in self._cards:
            self._plan(card, self._monotonic_s() + after_s)

    async def _show(self, card: _Card) -> None:
        try:
            view = await self._services.jobs.get(card.requester, card.job_id)
        except Refused:  # it was deleted
            self._cards.pop(card.job_id, None)
            return
        if view.job.state not in (JobState.QUEUED, JobState.RUNNING):
            return  # the delivery shows the end
        card.is_waiting = view.job.state is JobState.QUEUED
        still, still_count = self._still(card, view)
        if card.thumbnail is None:
            card.thumbnail = await self._thumbnail(card)
        self._set_ready_at(card, view)
        shows = Shows(bool(card.thumbnail), still is not None, card.ready_at_s, card.is_bare)
        layout = progress_card(view, shows)
        looks = json.dumps(layout.to_components())  # type: ignore[no-untyped-call]
        has_new_files = not card.shown or still_count != card.still_count
        if looks == card.shown and not has_new_files:
            return
        card.edited_s = self._monotonic_s()
        files = partial(_files, card.thumbnail, still) if has_new_files else None
        await self._posts.edit(card.address, layout, files)
        card.edited_s, card.shown, card.still_count = self._monotonic_s(), looks, still_count

    def _still(self, card: _Card, view: JobView) -> tuple[bytes | None, int]:
        render = view.render
        still = None if render is None or render.still_count == 0 else self._services.board.still(card.job_id)
        return still, 0 if still is None or render is None else render.still_count

    async def _thumbnail(self, card: _Card) -> bytes:
        try:
            picture = await self._services.jobs.picture(card.requester, card.job_id)
            return await asyncio.to_thread(thumbnail_jpeg, picture, _THUMBNAIL_SIDE_PX)
        except (Refused, FileNotFoundError):  # it was deleted in this moment
            return b""

    def _set_ready_at(self, card: _Card, view: JobView) -> None:
        """Keep the instant that is shown while the estimate only trembles: each new one is an edit."""
        if view.eta_s is None:
            card.ready_at_s = None
            return
        ready_at_s = self._now_s() + view.eta_s
        tremble_s = max(view.eta_s * _SAME_TIME_SHARE, _SAME_TIME_S)
        if card.ready_at_s is None or abs(card.ready_at_s - ready_at_s) > tremble_s:
            card.ready_at_s = round(ready_at_s)

    def _now_s(self) -> float:
        return self._clock.now_ms() / 1000


def _files(thumbnail: bytes, still: bytes | None) -> list[discord.File]:
    files = [discord.File(io.BytesIO(thumbnail), PICTURE_FILE)] if thumbnail else []
    return files if still is None else [*files, discord.File(io.BytesIO(still), STILL_FILE)]
