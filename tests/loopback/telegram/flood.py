"""Flood limits: a real 429 for the chat that was too busy, where a test wants them."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .call import Call
from .errors import ApiError, too_many_requests

_A_MINUTE_S = 60.0


def counts(method: str) -> bool:
    """Whether a call of this method counts: what sends or edits, but no chat action."""
    return method.startswith(("send", "edit", "copy", "forward")) and method != "sendChatAction"


@dataclass(eq=False)
class _Window:
    """So many calls in so many seconds; a call that came too early is not counted."""

    limit: int
    length_s: float
    times: deque[float] = field(default_factory=deque)

    def wait_s(self, now_s: float) -> float:
        while self.times and self.times[0] <= now_s - self.length_s:
            self.times.popleft()
        return 0.0 if len(self.times) < self.limit else self.times[0] + self.length_s - now_s


@dataclass(eq=False)
class Flood:
    enforced: bool = False
    #: The calls that were refused.
    refusals: list[Call] = field(default_factory=list)
    _per_chat: int = 1
    _window_s: float = 1.0
    _group_per_minute: int = 20
    _overall_per_s: int = 30
    _monotonic_s: Callable[[], float] = time.monotonic
    _windows: dict[int, list[_Window]] = field(default_factory=dict)
    _everything: _Window = field(default_factory=lambda: _Window(30, 1.0))
    _closed_until_s: dict[int, float] = field(default_factory=dict)

    def enforce(
        self,
        per_chat: int = 3,
        *,
        window_s: float = 3.0,
        group_per_minute: int = 20,
        overall_per_s: int = 30,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """From now on so many sends and edits get through: a chat in a window, a group in a minute, all in a second.

        A chat that was too busy is closed until its retry_after is over; the others go on.
        """
        self.enforced, self._per_chat, self._window_s = True, per_chat, window_s
        self._group_per_minute, self._overall_per_s = group_per_minute, overall_per_s
        self._monotonic_s = monotonic_s
        self._everything = _Window(overall_per_s, 1.0)
        self._windows.clear()
        self._closed_until_s.clear()

    def relax(self) -> None:
        self.enforced = False

    def judge(self, call: Call) -> ApiError | None:
        """Count a call; the refusal, if it came too early."""
        if not self.enforced or not counts(call.method):
            return None
        now_s = self._monotonic_s()
        windows = [*self._windows_of(call.chat_id), self._everything]
        wait_s = max(
            0.0, self._closed_until_s.get(call.chat_id, now_s) - now_s, *(one.wait_s(now_s) for one in windows)
        )
        if wait_s <= 0:
            for window in windows:
                window.times.append(now_s)
            return None
        self.refusals.append(call)
        retry_after_s = max(1, math.ceil(wait_s))
        # Told to wait three seconds, whoever comes back after one is refused again.
        self._closed_until_s.setdefault(call.chat_id, 0.0)
        if self._closed_until_s[call.chat_id] <= now_s:
            self._closed_until_s[call.chat_id] = now_s + retry_after_s
        return too_many_requests(max(1, math.ceil(self._closed_until_s[call.chat_id] - now_s)))

    def _windows_of(self, chat_id: int) -> list[_Window]:
        if chat_id not in self._windows:
            windows = [_Window(self._per_chat, self._window_s)]
            if chat_id < 0:
                windows.append(_Window(self._group_per_minute, _A_MINUTE_S))
            self._windows[chat_id] = windows
        return self._windows[chat_id]
