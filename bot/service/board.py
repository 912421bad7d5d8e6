"""The board: how far each render is, and who is to be told that something changed.

Readers are told *that* a job changed and look for themselves. A slow reader misses steps, never the last state, and
costs nothing.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from bot.service.views import RenderState
from generation.engines.engine import Progress

#: In a set of changed jobs: the queue as a whole, or somebody's credits, changed.
QUEUE = ""


class BoardClosed(Exception):
    """The bot stops: there will be no more changes."""


class Subscription:
    """The changes since the last look, for one reader."""

    def __init__(self, requester_id: str | None) -> None:
        self.requester_id = requester_id  # None: everybody's jobs
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._is_closed = False

    async def changed(self) -> frozenset[str]:
        """Wait for changes and take them: ids of jobs, and QUEUE. Raises BoardClosed."""
        await self._wake.wait()
        if self._is_closed:
            raise BoardClosed
        self._wake.clear()
        changed, self._changed = frozenset(self._changed), set()
        return changed

    def note(self, change: str) -> None:
        self._changed.add(change)
        self._wake.set()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()


class Board:
    """Shows renders and passes changes on; all on the event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._renders: dict[str, RenderState] = {}
        self._stills: dict[str, bytes] = {}
        self._is_closed = False

    @contextmanager
    def subscribe(self, requester_id: str | None) -> Iterator[Subscription]:
        """Give a reader of one person's jobs, or with None of everybody's."""
        subscription = Subscription(requester_id)
        if self._is_closed:
            subscription.close()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def job_changed(self, job_id: str, requester_id: str) -> None:
        for subscription in self._subscriptions:
            if subscription.requester_id in (None, requester_id):
                subscription.note(job_id)

    def queue_changed(self) -> None:
        for subscription in self._subscriptions:
            subscription.note(QUEUE)

    def render(self, job_id: str) -> RenderState | None:
        """Return how far a running job's render is; None before its first sign and after its end."""
        return self._renders.get(job_id)

    def still(self, job_id: str) -> bytes | None:
        """Return the latest preview picture of a running render, a JPEG."""
        return self._stills.get(job_id)

    def show_progress(self, job_id: str, requester_id: str, progress: Progress) -> None:
        before = self._renders.get(job_id)
        count = 0 if before is None else before.still_count
        self._renders[job_id] = RenderState(progress.phase, progress.step, progress.steps, count)
        self.job_changed(job_id, requester_id)

    def show_still(self, job_id: str, requester_id: str, jpeg: bytes) -> None:
        render = self._renders.get(job_id)
        if render is not None:
            self._stills[job_id] = jpeg
            self._renders[job_id] = replace(render, still_count=render.still_count + 1)
            self.job_changed(job_id, requester_id)

    def clear(self, job_id: str) -> None:
        """Forget a render that is over."""
        self._renders.pop(job_id, None)
        self._stills.pop(job_id, None)

    def close(self) -> None:
        """Send every reader away."""
        self._is_closed = True
        for subscription in self._subscriptions:
            subscription.close()
