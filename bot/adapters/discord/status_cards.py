"""Status cards: each waiting or running job's message follows the job, no faster than Discord likes it.

Edits of one message are at least four seconds apart; the last state is always shown. Who waits is shown a new place
less often the longer the queue is, because the client counts down to the estimate by itself.
"""

import asyncio
import heapq
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from bot.adapters.discord.address import Address
from bot.adapters.discord.live_card import CardPainter, LiveCard
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain.job import JobState
from bot.domain.refusals import Refused
from bot.service.board import QUEUE, BoardClosed, Subscription
from bot.service.clock import Clock
from bot.service.delivery import TooLarge, TryLater
from bot.service.services import Services
from bot.service.views import JobView
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

CHANNEL_NAME = "discord"

_AT_ONCE = 16
_EDIT_LIMIT_S = 20.0
_MOST_OTHERS = 10_000
_MOST_DOUBLINGS = 4  # of the pause after edits that failed


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
    retry_after_s: float = 5.0  # after an edit that failed, then twice as long each time


USUAL_PACE = Pace()


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
        self._painter = CardPainter(services, posts, clock, monotonic_s)
        self._cards: dict[str, LiveCard] = {}
        # When, who goes first where several are due (those that run), and which. What was planned anew stays behind.
        self._due: list[tuple[float, bool, str]] = []
        self._wake = asyncio.Event()
        self._drawing: set[asyncio.Task[None]] = set()
        self._channel_free_s: dict[int, float] = {}
        self._places_moved = False
        self._others: OrderedDict[str, None] = OrderedDict()  # jobs that have no card to be drawn

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

    async def _under_way(self) -> list[JobView]:
        while True:
            try:
                return await self._services.jobs.under_way(CHANNEL_NAME)
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
                await asyncio.sleep(self._pace.retry_after_s)

    def _take_up(self, views: list[JobView]) -> None:
        """Go on with the cards of an earlier run: at once with those that run, with the others one after the other."""
        due_s = self._monotonic_s()
        for view in views:
            if view.job.state is not JobState.RENDERED and view.job.id not in self._cards:
                card = self._card(view, Address.read(view.job.origin.address))
                if card.is_waiting:
                    due_s += self._pace.places_apart_s
                self._plan(card, due_s if card.is_waiting else self._monotonic_s())

    def follow(self, view: JobView, address: Address) -> None:
        """Draw a job's card from now on, the first time at once."""
        known = self._cards.get(view.job.id)
        if known is None:
            self._plan(self._card(view, address), self._monotonic_s())
        else:
            self._changed(known)

    def _card(self, view: JobView, address: Address) -> LiveCard:
        card = LiveCard(view.job.id, view.job.requester, address, is_waiting=view.job.state is JobState.QUEUED)
        self._cards[view.job.id] = card
        return card

    @asynccontextmanager
    async def closing(self, job_id: str) -> AsyncIterator[None]:
        """Give a time in which nobody draws a job's card, and after which nobody will: its end is shown."""
        card = self._cards.pop(job_id, None)
        if card is None:
            yield
            return
        async with card.lock:
            yield

    async def _watch(self, changes: Subscription) -> None:
        while True:
            for change in await changes.changed():
                if change == QUEUE:
                    self._places_moved = True
                elif change in self._cards:
                    self._changed(self._cards[change])
                elif change not in self._others:
                    await self._meet(change)

    async def _meet(self, job_id: str) -> None:
        """Follow a job that came by another way, as one that an admin asked for again; remember what is not ours."""
        try:
            view = await self._services.jobs.seen(job_id)
        except (Refused, StoreError) as reason:
            log.info("a job could not be looked at", job=job_id, reason=str(reason))
            return
        if view.job.origin.channel == CHANNEL_NAME and view.job.state in (JobState.QUEUED, JobState.RUNNING):
            self.follow(view, Address.read(view.job.origin.address))
        else:
            self._forget(job_id)

    async def _watch_places(self) -> None:
        while True:
            await asyncio.sleep(self._pace.look_at_places_every_s)
            if not self._places_moved:
                continue
            self._places_moved = False
            waiting = [card for card in self._cards.values() if card.is_waiting]
            apart_s = max(self._pace.place_every_s, len(waiting) * self._pace.places_apart_s)
            for card in waiting:
                if card.due_s is None and not card.is_being_drawn:
                    self._plan(card, max(card.edited_s + apart_s, card.not_before_s, self._monotonic_s()))

    def _changed(self, card: LiveCard) -> None:
        if card.is_being_drawn:  # when it may be drawn again is known only afterwards
            card.has_changed = True
            return
        soonest_s = max(card.edited_s + self._pace.edit_every_s, card.not_before_s, self._monotonic_s())
        if card.due_s is None or soonest_s < card.due_s:
            self._plan(card, soonest_s)

    def _plan(self, card: LiveCard, due_s: float) -> None:
        card.due_s = due_s
        heapq.heappush(self._due, (due_s, card.is_waiting, card.job_id))
        self._wake.set()

    async def _draw_what_is_due(self) -> None:
        while True:
            await self._posts.until_login()  # without one, each edit would only fail
            self._wake.clear()
            now_s = self._monotonic_s()
            while self._due and self._due[0][0] <= now_s and len(self._drawing) < _AT_ONCE:
                due_s, _, job_id = heapq.heappop(self._due)
                card = self._cards.get(job_id)
                if card is not None and card.due_s == due_s:  # else it was planned anew, or has ended
                    self._start(card, now_s)
            wait_s = self._due[0][0] - now_s if self._due and len(self._drawing) < _AT_ONCE else None
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _start(self, card: LiveCard, now_s: float) -> None:
        if not card.address.has_token(self._now_s()):
            free_s = self._channel_free_s.get(card.address.channel, 0.0)
            if free_s > now_s:
                self._plan(card, free_s)
                return
            if len(self._channel_free_s) > _MOST_OTHERS:
                self._channel_free_s.clear()
            self._channel_free_s[card.address.channel] = now_s + self._pace.channel_every_s
        card.due_s, card.is_being_drawn, card.has_changed = None, True, False
        task = asyncio.create_task(self._draw(card), name=f"card-{card.job_id}")
        self._drawing.add(task)
        task.add_done_callback(partial(self._drawn, card))

    def _drawn(self, card: LiveCard, task: asyncio.Task[None]) -> None:
        self._drawing.discard(task)
        card.is_being_drawn = False
        if card.has_changed and card.job_id in self._cards:
            self._changed(card)
        self._wake.set()

    async def _draw(self, card: LiveCard) -> None:
        try:
            async with card.lock, asyncio.timeout(_EDIT_LIMIT_S):
                if not await self._painter.paint(card):
                    self._forget(card.job_id)
            card.failed_edits = 0
        except TryLater as later:
            self._again(card, later.retry_after_s or 0.0)
        except (TimeoutError, StoreError):
            self._again(card, 0.0)
        except ContentBlocked as reason:
            if card.is_bare:
                self._leave(card, reason)
            else:
                card.is_bare = True
                self._again(card, 0.0)
        except (NoWay, MessageGone, TooLarge) as reason:  # the end finds its own way
            self._leave(card, reason)
        except Exception:  # a bug of one card must not stop the others
            log.exception("the status message could not be drawn", job=card.job_id)
            self._forget(card.job_id)

    def _leave(self, card: LiveCard, reason: Exception) -> None:
        log.info("status message out of reach", job=card.job_id, reason=repr(reason))
        self._forget(card.job_id)

    def _forget(self, job_id: str) -> None:
        """Draw a job's card no more, whatever becomes of the job: its end finds its own way."""
        self._cards.pop(job_id, None)
        self._others[job_id] = None
        if len(self._others) > _MOST_OTHERS:
            self._others.popitem(last=False)

    def _again(self, card: LiveCard, at_least_s: float) -> None:
        if card.job_id not in self._cards:
            return
        pause_s = self._pace.retry_after_s * 2 ** min(card.failed_edits, _MOST_DOUBLINGS)
        card.failed_edits += 1
        card.not_before_s = self._monotonic_s() + max(at_least_s, pause_s)
        self._plan(card, card.not_before_s)

    def _now_s(self) -> float:
        return self._clock.now_ms() / 1000
