"""Faults: what goes wrong on purpose, for the next calls that match or for a share of all."""

import asyncio
from dataclasses import dataclass, field
from random import Random

from .call import Call
from .errors import ApiError, too_many_requests

_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(eq=False)
class Fault:
    method: str
    left: int | None
    chat_id: int | None = None
    status: int | None = None
    description: str = ""
    retry_after_s: int | None = None
    html: bool = False
    lost_answer: bool = False
    reset: bool = False
    slow_s: float = 0.0
    rate: float = 1.0
    random: Random = field(default_factory=lambda: Random(0))
    gate: asyncio.Event | None = None
    hits: int = 0

    @property
    def refusal(self) -> ApiError | None:
        """What it answers instead of acting; None where it acts."""
        if self.retry_after_s is not None:
            return too_many_requests(self.retry_after_s)
        if self.status is None:
            return None
        return ApiError(self.status, self.description or _PHRASES.get(self.status, "on purpose"))

    @property
    def page(self) -> str:
        """What a proxy answers in Telegram's place."""
        title = "" if self.refusal is None else f"{self.refusal.code} {self.refusal.description}"
        return f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"

    def meets(self, call: Call) -> bool:
        is_meant = self.method in ("*", call.method) and self.chat_id in (None, call.chat_id)
        return is_meant and self.left != 0 and (self.rate >= 1.0 or self.random.random() < self.rate)

    def release(self) -> None:
        """Let go what is held."""
        assert self.gate is not None, "this fault holds nothing"
        self.gate.set()


class Faults:
    """telegram.faults.next("editMessageMedia", status=502, html=True); "*" is every method, "/file/" a download."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def next(
        self,
        method: str,
        *,
        chat: int | None = None,
        status: int | None = None,
        description: str = "",
        retry_after: int | None = None,
        html: bool = False,
        lost_answer: bool = False,
        reset: bool = False,
        slow_s: float = 0.0,
        count: int | None = 1,
        rate: float = 1.0,
        random: Random | None = None,
    ) -> Fault:
        """Spoil the next count matching calls (None: all), of one chat or of any; with a rate, each only that often.

        status (with a description) refuses before acting; html makes that a page of a proxy, 502 unless another status
        is given; retry_after answers 429; lost_answer acts and cuts the connection; reset cuts it during the upload,
        before anything is acted on; slow_s answers late.
        """
        fault = Fault(
            method,
            count,
            chat,
            502 if html and status is None else status,
            description,
            retry_after,
            html,
            lost_answer,
            reset,
            slow_s,
            rate,
        )
        assert not (reset and chat is not None), "what is cut during the upload has not said its chat yet"
        if random is not None:
            fault.random = random
        self._planned.append(fault)
        return fault

    def hold(self, method: str, *, chat: int | None = None, count: int | None = 1) -> Fault:
        """Let matching calls wait, before they act, until the fault that is returned is released."""
        fault = Fault(method, count, chat, gate=asyncio.Event())
        self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """From now on everything works; what is held goes on."""
        for fault in self._planned:
            if fault.gate is not None:
                fault.gate.set()
        self._planned.clear()

    def take(self, call: Call, *, is_read: bool) -> Fault | None:
        """The fault that meets this call; cuts during the upload strike before the body is read, all others after."""
        for fault in self._planned:
            if fault.reset != is_read and fault.meets(call):
                fault.hits += 1
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None
