"""Lanes: the calls that wait for one chat, the most urgent first, and when the chat takes the next."""

import asyncio
import math
from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from operator import attrgetter

from bot.adapters.telegram.trouble import Dropped, FloodWait


class Urgency(IntEnum):
    """Who goes first where a chat, or Telegram as a whole, takes no more for a moment."""

    DELIVERY = 0
    ANSWER = 1
    STATUS = 2
    EDIT = 3
    ACTION = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls at once, then one each so many seconds, and never more than those at once in a window.

    In any time of T seconds there are at most ``burst + T / every_s`` calls, and ``burst`` where T is ``window_s``.
    """

    burst: int
    every_s: float
    window_s: float = 0.0


class Meter:
    """What has been taken of a rate."""

    __slots__ = ("_rate", "_times_s", "_used_until_s")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._used_until_s = -math.inf  # by then all that was taken would have been taken one by one
        self._times_s: deque[float] = deque(maxlen=rate.burst)  # of the last calls

    def ready_at_s(self, calls_before: int = 0) -> float:
        """When one more call fits, at the earliest, after so many others."""
        in_turn_s = self._used_until_s - (self._rate.burst - 1 - calls_before) * self._rate.every_s
        if len(self._times_s) < self._rate.burst:
            return in_turn_s
        return max(in_turn_s, self._times_s[0] + self._rate.window_s)

    def take(self, now_s: float) -> None:
        self._used_until_s = max(self._used_until_s, now_s) + self._rate.every_s
        self._times_s.append(now_s)

    def is_full(self, now_s: float) -> bool:
        """Whether the whole burst may be taken again."""
        last_s = self._times_s[-1] if self._times_s else -math.inf
        return max(self._used_until_s, last_s + self._rate.window_s) <= now_s


@dataclass(slots=True, eq=False)
class Waiting:
    """One call that waits for its turn. What it waits for is why it is not to be made; None: now it is."""

    urgency: Urgency
    message: int
    give_up_at_s: float
    turn: "asyncio.Future[Exception | None]"

    def end(self, reason: Exception | None) -> None:
        if not self.turn.done():  # else whoever waits has just been cancelled
            self.turn.set_result(reason)


@dataclass(slots=True, eq=False)
class Lane:
    """The calls of one chat. Of those that are equally urgent the one that came first is the next."""

    meter: Meter
    number: int  # the smallest is that of the lane which has waited longest for its turn
    blocked_until_s: float = -math.inf
    waiting: list[Waiting] = field(default_factory=list)

    def ready_at_s(self) -> float:
        """When its next call may be made."""
        return max(self.meter.ready_at_s(), self.blocked_until_s)

    def expected_at_s(self, urgency: Urgency, now_s: float) -> float:
        """When a call would be made that came now, if nothing more urgent came after it."""
        before = sum(other.urgency <= urgency for other in self.waiting)
        return max(self.meter.ready_at_s(before), self.blocked_until_s, now_s)

    def add(self, call: Waiting) -> None:
        """Line a call up; what it makes pointless leaves."""
        if call.message:
            self.drop_edits(call.message)
        insort(self.waiting, call, key=attrgetter("urgency"))

    def start_next(self, now_s: float) -> None:
        """Let the next call be made."""
        self.meter.take(now_s)
        self.waiting.pop(0).end(None)

    def leave(self, call: Waiting) -> None:
        """Forget a call that waits no more."""
        if call in self.waiting:
            self.waiting.remove(call)

    def drop_edits(self, message: int) -> None:
        """Let go of the edits of a message."""
        for call in [call for call in self.waiting if call.message == message and call.urgency is Urgency.EDIT]:
            self.waiting.remove(call)
            call.end(Dropped())

    def block(self, until_s: float, now_s: float) -> None:
        """Make no call before a time, and let go of those that would not wait so long."""
        self.blocked_until_s = max(self.blocked_until_s, until_s)
        for call in [call for call in self.waiting if call.give_up_at_s < self.blocked_until_s]:
            self.waiting.remove(call)
            call.end(FloodWait(self.blocked_until_s - now_s))

    def is_idle(self, now_s: float) -> bool:
        """Whether a new lane would be just the same."""
        return not self.waiting and self.blocked_until_s <= now_s and self.meter.is_full(now_s)
