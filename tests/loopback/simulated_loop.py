"""SimulatedLoop: an event loop in which no time passes, threads are not threads, and a seed decides who is first.

Timers fire at once, in their order. What would run in a thread runs on the loop after a short time that the seed
chooses: other tasks come in between as they would in life, and the same seed gives the same order again.
"""

import asyncio
import selectors
from collections.abc import Callable
from random import Random
from typing import Any

#: How long a thread takes, in seconds of simulated time; one is taken at random.
_THREAD_S = (0.000_01, 0.000_1, 0.001, 0.005)


class Killed(asyncio.CancelledError):
    """The process dies here. Raised by whoever is told of a milestone, it stops everything."""


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: where nothing is ready the time jumps to the next timer."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everything waits for something that will never happen")
            self.passed_s += max(timeout, 0.0)
        return ready


class SimulatedLoop(asyncio.SelectorEventLoop):
    """One life of a process. ``die`` ends it as ``kill -9`` would: nothing reaches the disk from there on."""

    def __init__(self, random: Random, start_s: float = 0.0) -> None:
        self._jumping = _Jumping()
        self._jumping.passed_s = start_s
        self._random = random
        self._free_at_s: dict[object, float] = {}
        self._calls_left: int | None = None
        self.is_dead = False
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed_s

    def die(self) -> None:
        """Stop here and now."""
        self.is_dead = True
        for task in asyncio.all_tasks(self):
            task.cancel()

    def die_after(self, calls: int) -> None:
        """Stop when so many more calls have been handed to threads, before or after the last one."""
        self._calls_left = calls

    def bury(self) -> None:
        """Let every task end without touching anything, and close."""
        while tasks := asyncio.all_tasks(self):
            for task in tasks:
                task.cancel()
            self.run_until_complete(asyncio.wait(tasks, timeout=1.0))
        self.close()

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = self.create_future()
        if self.is_dead:
            future.cancel()
            return future
        at_s = self.time() + self._random.choice(_THREAD_S)
        if executor is not None:  # one thread: one after the other
            at_s = max(at_s, self._free_at_s.get(executor, 0.0) + 1e-6)
            self._free_at_s[executor] = at_s
        self.call_at(at_s, self._call, future, func, args)
        return future

    def _call(self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if self.is_dead or future.cancelled() or self._dies_now(before=True):
            future.cancel()
            return
        try:
            result = func(*args)
        except Killed:
            self.die()
            future.cancel()
        except BaseException as error:  # noqa: BLE001 (as a thread: whatever it is, it is for who waits)
            future.set_exception(error)
        else:
            if self._dies_now(before=False):
                future.cancel()
            else:
                future.set_result(result)

    def _dies_now(self, *, before: bool) -> bool:
        if self._calls_left is None:
            return False
        if before:
            self._calls_left -= 1
        if self._calls_left <= 0 and (not before or self._random.random() < 0.5):
            self.die()
        return self.is_dead
