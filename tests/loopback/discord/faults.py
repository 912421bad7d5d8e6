"""Faults: what goes wrong on purpose, for the next calls that match or for a share of all."""

import asyncio
from dataclasses import dataclass, field
from random import Random

from .call import Call


@dataclass(eq=False)
class Fault:
    method: str
    fragment: str
    left: int | None
    status: int | None = None
    code: int = 0
    retry_after_s: float | None = None
    is_global: bool = False
    lost_answer: bool = False
    reset: bool = False
    slow_s: float = 0.0
    rate: float = 1.0
    random: Random = field(default_factory=lambda: Random(0))
    gate: asyncio.Event | None = None
    hits: int = 0

    @property
    def is_used_up(self) -> bool:
        return self.left == 0

    def release(self) -> None:
        """Let go what is held."""
        assert self.gate is not None, "this fault holds nothing"
        self.gate.set()


class Faults:
    """discord.faults.next("PATCH", "messages", status=503): the fragment is looked for in the path and its template."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def next(
        self,
        method: str,
        fragment: str,
        *,
        status: int | None = None,
        code: int = 0,
        retry_after: float | None = None,
        is_global: bool = False,
        lost_answer: bool = False,
        reset: bool = False,
        slow_s: float = 0.0,
        count: int | None = 1,
        rate: float = 1.0,
        random: Random | None = None,
    ) -> Fault:
        """Spoil the next count matching calls (None: all); with a rate, each of them only that often.

        status (with code) refuses before acting; retry_after answers 429; lost_answer acts and cuts the connection;
        reset cuts it during the upload; slow_s answers late.
        """
        fault = Fault(method, fragment, count, status, code, retry_after, is_global, lost_answer, reset, slow_s, rate)
        if random is not None:
            fault.random = random
        self._planned.append(fault)
        return fault

    def hold(self, method: str, fragment: str, *, count: int | None = 1) -> Fault:
        """Let matching calls wait, before they act, until the fault that is returned is released."""
        fault = Fault(method, fragment, count, gate=asyncio.Event())
        self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """From now on everything works; what is held goes on."""
        for fault in self._planned:
            if fault.gate is not None:
                fault.gate.set()
        self._planned.clear()

    def take(self, call: Call) -> Fault | None:
        """The fault that meets this call."""
        for fault in self._planned:
            if call.matches(fault.method, fault.fragment) and not fault.is_used_up and self._strikes(fault):
                fault.hits += 1
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    @staticmethod
    def _strikes(fault: Fault) -> bool:
        return fault.rate >= 1.0 or fault.random.random() < fault.rate
