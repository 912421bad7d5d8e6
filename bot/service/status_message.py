"""One job's message while the job waits or runs: what is known of it, and how a platform brings it up to date."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from bot.domain.job import Job, Requester

A = TypeVar("A")

_LONG_AGO_S = -1e9


class OutOfReach(Exception):
    """The message cannot be edited any more; the job's end finds its own way."""


class Budget(NamedTuple):
    """Messages with the same key are drawn so many at once, then one each so many seconds."""

    key: Hashable
    every_s: float
    burst: int = 1


@dataclass(slots=True, eq=False, weakref_slot=True)
class StatusMessage(Generic[A]):
    """One message. Instants are of a clock that never goes back, but for ``ready_at_s``."""

    job_id: str
    requester: Requester
    address: A
    is_waiting: bool = True  # in the queue, as the painter has last seen it
    shown: str = ""  # the painter's note of how the message looks; empty: nobody knows
    ready_at_s: int | None = None  # since 1970: when the video will be there, as the message says
    edited_s: float = _LONG_AGO_S  # the painter sets it when an edit begins, and again when it has arrived
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_being_drawn: bool = False
    has_changed: bool = False  # while it was being drawn
    is_overdrawn: bool = False  # an edit of another job's has arrived late: nobody knows how the message looks
    due_s: float | None = None  # None: nothing has changed
    is_urgent: bool = True  # the job itself has changed, and not only its place in the queue
    not_before_s: float = _LONG_AGO_S  # the platform has said so, or the last edit has failed
    failed_edits: int = 0  # since the last one that arrived


class Painter(Protocol[A]):
    """How one platform shows a job's message."""

    @property
    def channel(self) -> str:
        """The name of the channel whose jobs are shown."""
        ...

    def address_of(self, job: Job) -> A:
        """Return where a job's message is, as its row says."""
        ...

    def budget(self, message: StatusMessage[A]) -> Budget | None:
        """Return what this message is drawn from together with others; None: it waits for none."""
        ...

    async def until_ready(self) -> None:
        """Wait until the platform can be reached: before, each edit would only fail."""
        ...

    async def paint(self, message: StatusMessage[A]) -> bool:
        """Show how the job is, unless the message says so already; False: the job has ended, or is gone.

        A message that was not sent yet is sent. Raises TryLater, OutOfReach, StoreError and TimeoutError.
        """
        ...

    def give_way(self, message: StatusMessage[A]) -> None:
        """See to it that an edit of this message that still waits to be sent is not sent any more."""
        ...
