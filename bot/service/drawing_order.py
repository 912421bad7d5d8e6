"""Which status message is drawn next: what is due, and where edits are counted together one after the other.

Of those that share a budget, jobs that have changed go before places in the queue; where both wait they take turns, so
that a chat in which something always renders still tells its others where they stand.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic

from bot.service.status_message import A, Budget, StatusMessage

BudgetOf = Callable[[StatusMessage[A]], Budget | None]


@dataclass(slots=True, eq=False)
class _Line(Generic[A]):
    """The messages of one budget that are due."""

    budget: Budget
    free_s: float
    used_until_s: float  # by then all that was drawn would have been drawn one by one
    urgent: deque[tuple[float, StatusMessage[A]]] = field(default_factory=deque)
    others: deque[tuple[float, StatusMessage[A]]] = field(default_factory=deque)
    was_urgent: bool = False
    last: StatusMessage[A] | None = None

    def next_s(self, now_s: float) -> float:
        """Return when the budget has room for one more."""
        return max(self.used_until_s - (self.budget.burst - 1) * self.budget.every_s, now_s)

    def use(self, now_s: float) -> None:
        """Take one from the budget."""
        self.used_until_s = max(self.used_until_s, now_s) + self.budget.every_s

    def next(self) -> StatusMessage[A] | None:
        """Take whose turn it is; None: nobody waits."""
        for is_urgent in (not self.was_urgent, self.was_urgent):
            waiting = self.urgent if is_urgent else self.others
            while waiting:
                due_s, message = waiting.popleft()
                if message.due_s == due_s and message.is_urgent is is_urgent:
                    self.was_urgent, self.last = is_urgent, message
                    return message
        return None


class DrawingOrder(Generic[A]):
    """Messages with the time at which each is to be drawn. What was planned anew or withdrawn stays behind unseen."""

    def __init__(self, budget: BudgetOf[A]) -> None:
        self._budget = budget
        self._number = itertools.count()  # who came first, where all else is equal
        self._planned: list[tuple[float, bool, int, StatusMessage[A]]] = []
        self._lines: dict[Hashable, _Line[A]] = {}
        self._free: list[tuple[float, int, _Line[A]]] = []  # when each line may go on

    def plan(self, message: StatusMessage[A], due_s: float, *, is_urgent: bool) -> None:
        """Draw a message at this time and no other."""
        message.due_s, message.is_urgent = due_s, is_urgent
        heapq.heappush(self._planned, (due_s, not is_urgent, next(self._number), message))

    def withdraw(self, message: StatusMessage[A]) -> None:
        """Draw a message no more."""
        message.due_s = None

    def take(self, now_s: float) -> StatusMessage[A] | None:
        """Take a message that is to be drawn now, and count it against its budget; None: there is none."""
        message = self._unbounded(now_s) or self._of_a_line(now_s)
        if message is not None:
            message.due_s = None
        return message

    def give_back(self, message: StatusMessage[A], now_s: float) -> None:
        """Let the next of a message's budget go on: it was looked at, and nothing had to be sent."""
        budget = self._budget(message)
        line = None if budget is None else self._lines.get(budget.key)
        if line is not None and line.last is message and line.free_s > now_s:
            line.used_until_s -= line.budget.every_s
            self._open(line, line.next_s(now_s))

    def next_s(self) -> float | None:
        """Return when to look again; None: nothing is planned."""
        return min((heads[0][0] for heads in (self._planned, self._free) if heads), default=None)

    def _unbounded(self, now_s: float) -> StatusMessage[A] | None:
        """Return what is due and counted with no other; the rest of what is due takes its place in its line."""
        while self._planned and self._planned[0][0] <= now_s:
            due_s, _, _, message = heapq.heappop(self._planned)
            if message.due_s != due_s:
                continue
            budget = self._budget(message)
            if budget is None:
                return message
            line = self._lines.get(budget.key)
            if line is None:
                line = self._lines[budget.key] = _Line(budget, now_s, now_s)
                self._open(line, now_s)
            (line.urgent if message.is_urgent else line.others).append((due_s, message))
            if (next_s := line.next_s(now_s)) < line.free_s:
                self._open(line, next_s)
        return None

    def _of_a_line(self, now_s: float) -> StatusMessage[A] | None:
        while self._free and self._free[0][0] <= now_s:
            free_s, _, line = heapq.heappop(self._free)
            if line.free_s != free_s:
                continue
            message = line.next()
            if message is not None:
                line.use(now_s)
                self._open(line, line.next_s(now_s))
                return message
            if line.used_until_s > now_s:
                self._open(line, line.used_until_s)  # it is forgotten once its whole burst may be drawn again
            elif self._lines.get(line.budget.key) is line:
                del self._lines[line.budget.key]
        return None

    def _open(self, line: _Line[A], free_s: float) -> None:
        line.free_s = free_s
        heapq.heappush(self._free, (free_s, next(self._number), line))
