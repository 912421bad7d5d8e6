"""Limiter: how fast the bot may speak, to whom first, and what is not worth saying any more.

Each chat has its lane, and all lanes share one rate. Between lanes the most urgent call goes first, then the lane that
was served longest ago: a chat in which much happens keeps no other one waiting. What Telegram refuses for a time is
refused in that chat only. The library's own limiter would stop all chats for one.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.adapters.telegram.lanes import Lane, Meter, Rate, Urgency, Waiting
from bot.adapters.telegram.trouble import FloodWait, wait_of

__all__ = ["USUAL_RATES", "ChatLimiter", "Rate", "Rates", "Send", "Urgency"]

_FORGET_EVERY_S = 30.0
_LATER_S = 1.0  # where nobody knows how much later


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast the bot may speak to one person, in one group, and altogether."""

    private: Rate
    group: Rate
    overall: Rate


#: core.telegram.org/bots/faq: one message a second in a chat, where short bursts are let pass; 20 a minute in a group;
#: 30 a second in all. Of each a little is left, because a busy machine and the network push calls closer together.
USUAL_RATES = Rates(private=Rate(3, 1.1, window_s=3.3), group=Rate(3, 4.0, window_s=4.0), overall=Rate(2, 1 / 22))


@dataclass(frozen=True, slots=True)
class Send:
    """What a call is to the limiter. ``message``: the one that it changes, 0: none."""

    urgency: Urgency
    message: int = 0
    max_wait_s: float | None = None  # None: as long as it takes


_Call = Callable[[], Coroutine[Any, Any, Any]]
_Question = tuple[str, int | str | None]  # a method, and the chat that it asks about

_USUAL_SEND = Send(Urgency.ANSWER, max_wait_s=30.0)


class ChatLimiter(BaseRateLimiter[Send]):
    """Lets each call of the library wait for its turn. One serves one bot, over all its logins."""

    def __init__(self, rates: Rates = USUAL_RATES) -> None:
        self._rates = rates
        self._overall = Meter(rates.overall)
        self._lanes: dict[int | str, Lane] = {}
        self._busy: dict[int | str, Lane] = {}  # those with calls that wait
        self._closed_until_s: dict[_Question, float] = {}  # what only asks, and was refused for a time
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._forget_at_s = -math.inf
        self._is_shut = False

    async def initialize(self) -> None:
        """Let calls be made again."""
        self._is_shut = False

    async def shutdown(self) -> None:
        """End what waits: it was not sent, and may be tried with the next login."""
        self._is_shut = True
        self._stop_timer()
        for lane in self._busy.values():
            while lane.waiting:
                lane.waiting.pop().end(FloodWait(_LATER_S))
        self._busy.clear()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Send | None,
    ) -> Any:
        """Make a call when its turn comes. Raises Dropped, and RetryAfter where that would be too late for it."""
        self._forget_idle()

        def call() -> Coroutine[Any, Any, Any]:
            return callback(*args, **kwargs)

        chat = _chat_of(endpoint, data)
        if chat is None:
            return await self._outside_of_chats((endpoint, data.get("chat_id")), call)
        if endpoint == "sendChatAction":
            return await self._now_or_never(chat, call)
        return await self._in_turn(chat, call, rate_limit_args or _USUAL_SEND)

    def drop_edits(self, chat: int, message: int) -> None:
        """Let edits of a message that still wait end with Dropped."""
        if lane := self._busy.get(chat):
            lane.drop_edits(message)
            self._settle(chat, lane)

    async def _in_turn(self, chat: int | str, call: _Call, send: Send) -> Any:
        give_up_at_s = math.inf if send.max_wait_s is None else _now_s() + send.max_wait_s
        while True:
            await self._turn(chat, send, give_up_at_s)
            if self._is_shut:  # since it has had its turn: what it would go through is being closed
                raise FloodWait(_LATER_S)
            if self._lane(chat).blocked_until_s > _now_s():
                continue  # another call was refused in the moment in which this one had its turn
            try:
                return await call()
            except RetryAfter as refusal:
                again_at_s = self._block(chat, wait_of(refusal))
                # An edit that comes later should say what is true then.
                if send.urgency >= Urgency.EDIT or again_at_s > give_up_at_s:
                    raise

    async def _now_or_never(self, chat: int | str, call: _Call) -> Any:
        """Make a call where its turn is now; it takes no turn from another, and later it would not be true."""
        if not self._is_free(chat):
            return True
        try:
            return await call()
        except RetryAfter as refusal:
            self._block(chat, wait_of(refusal))
            raise

    async def _outside_of_chats(self, question: _Question, call: _Call) -> Any:
        """Make a call at once, but for what Telegram has just refused."""
        rest_s = self._closed_until_s.get(question, -math.inf) - _now_s()
        if rest_s > 0:
            raise FloodWait(rest_s)
        try:
            return await call()
        except RetryAfter as refusal:
            self._closed_until_s[question] = _now_s() + wait_of(refusal)
            raise

    async def _turn(self, chat: int | str, send: Send, give_up_at_s: float) -> None:
        """Wait until a call may be made. Raises Dropped and FloodWait."""
        now_s, lane = _now_s(), self._lane(chat)
        expected_at_s = lane.expected_at_s(send.urgency, now_s)
        if expected_at_s > give_up_at_s:
            raise FloodWait(expected_at_s - now_s)
        call = Waiting(send.urgency, send.message, give_up_at_s, asyncio.get_running_loop().create_future())
        lane.add(call)
        if chat not in self._busy:
            lane.number = next(self._numbers)
            self._busy[chat] = lane
        self._go_on()
        try:
            async with asyncio.timeout_at(None if math.isinf(give_up_at_s) else give_up_at_s):
                reason = await call.turn
        except TimeoutError:  # too much that is more urgent has come, here or elsewhere
            now_s = _now_s()
            raise FloodWait(max(lane.expected_at_s(send.urgency, now_s) - now_s, _LATER_S)) from None
        finally:
            lane.leave(call)
            self._settle(chat, lane)
        if reason is not None:
            raise reason

    def _go_on(self) -> None:
        """Let all calls be made whose turn it is, and come back when it is the next one's."""
        self._stop_timer()
        now_s = _now_s()
        while self._busy:
            next_at_s = self._overall.ready_at_s()
            if next_at_s <= now_s:
                next_at_s = min(lane.ready_at_s() for lane in self._busy.values())
            if next_at_s > now_s:
                self._timer = asyncio.get_running_loop().call_at(next_at_s, self._go_on)
                return
            self._start_next(now_s)

    def _start_next(self, now_s: float) -> None:
        ready = (busy for busy in self._busy.items() if busy[1].ready_at_s() <= now_s)
        chat, lane = min(ready, key=lambda busy: (busy[1].waiting[0].urgency, busy[1].number))
        lane.number = next(self._numbers)
        lane.start_next(now_s)
        self._overall.take(now_s)
        self._settle(chat, lane)

    def _settle(self, chat: int | str, lane: Lane) -> None:
        """See whether a lane still has calls that wait."""
        if not lane.waiting:
            self._busy.pop(chat, None)

    def _block(self, chat: int | str, wait_s: float) -> float:
        """Make no call in a chat for so long; return the time when it is over."""
        lane = self._lane(chat)
        lane.block(_now_s() + wait_s, _now_s())
        self._settle(chat, lane)
        return lane.blocked_until_s

    def _is_free(self, chat: int | str) -> bool:
        """Whether a call in a chat would be made at once."""
        lane, now_s = self._lane(chat), _now_s()
        return not lane.waiting and max(lane.ready_at_s(), self._overall.ready_at_s()) <= now_s

    def _lane(self, chat: int | str) -> Lane:
        lane = self._lanes.get(chat)
        if lane is None:
            is_group = isinstance(chat, str) or chat < 0
            rate = self._rates.group if is_group else self._rates.private
            lane = self._lanes[chat] = Lane(Meter(rate), next(self._numbers))
        return lane

    def _forget_idle(self) -> None:
        """Forget now and then the chats in which nothing happens."""
        now_s = _now_s()
        if now_s < self._forget_at_s:
            return
        self._forget_at_s = now_s + _FORGET_EVERY_S
        self._lanes = {chat: lane for chat, lane in self._lanes.items() if not lane.is_idle(now_s)}
        self._closed_until_s = {one: until_s for one, until_s in self._closed_until_s.items() if until_s > now_s}

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _chat_of(endpoint: str, data: dict[str, Any]) -> int | str | None:
    """The chat in which a call says something; None: it only asks, or is in no chat."""
    chat = data.get("chat_id")
    return None if endpoint.startswith("get") or not isinstance(chat, int | str) else chat


def _now_s() -> float:
    return asyncio.get_running_loop().time()
