"""A wire: what lies behind the limiter in its tests, in a life in which no time passes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.adapters.telegram.limiter import ChatLimiter, Send, Urgency
from bot.adapters.telegram.trouble import FloodWait
from tests.loopback.simulated_loop import SimulatedLoop

ANNA, BEN, GROUP = 1001, 1002, -1003
DELIVERY, ANSWER, STATUS = Send(Urgency.DELIVERY), Send(Urgency.ANSWER), Send(Urgency.STATUS)
#: What no stretch of time may pass: three calls in three seconds in a chat, 20 a minute in a group, 30 a second in all.
BURST, BURST_S, PER_GROUP_MINUTE, PER_SECOND = 3, 3.0, 20, 30


@dataclass(frozen=True, slots=True)
class Made:
    """A call that went out."""

    at_s: float
    chat: int
    endpoint: str
    name: str


@dataclass
class Wire:
    """What lies behind the limiter: takes down each call, and refuses those that a test wants refused."""

    limiter: ChatLimiter
    made: list[Made] = field(default_factory=list)
    refusals: list[tuple[int, float]] = field(default_factory=list)  # the next call in a chat is refused for so long
    takes_s: float = 0.05

    async def call(
        self, chat: int | None, send: Send | None = ANSWER, name: str = "", endpoint: str = "sendMessage"
    ) -> Any:
        data: dict[str, Any] = {"text": "hello"} if chat is None else {"chat_id": chat}

        async def callback(chat: int) -> str:
            self.made.append(Made(asyncio.get_running_loop().time(), chat, endpoint, name))
            await asyncio.sleep(self.takes_s)
            for refusal in self.refusals:
                if refusal[0] == chat:
                    self.refusals.remove(refusal)
                    raise FloodWait(refusal[1])
            return name

        return await self.limiter.process_request(callback, (chat or 0,), {}, endpoint, data, send)

    def start(self, *args: Any, **kwargs: Any) -> "asyncio.Task[Any]":
        return asyncio.ensure_future(self.call(*args, **kwargs))

    def to(self, chat: int) -> list[Made]:
        return [made for made in self.made if made.chat == chat]


Story = Callable[[Wire], Coroutine[Any, Any, None]]


def play(story: Story) -> None:
    """Tell a story in a life in which no time passes."""
    loop = SimulatedLoop(Random(1))
    try:
        loop.run_until_complete(story(Wire(ChatLimiter())))
    finally:
        loop.bury()


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def settled() -> None:
    """Let every call line up that has been started."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def most_within(made: list[Made], seconds: float) -> int:
    """The most calls that were made in any stretch of so many seconds, its ends included."""
    times_s = sorted(one.at_s for one in made)
    return max((sum(start_s <= at_s <= start_s + seconds + 1e-6 for at_s in times_s) for start_s in times_s), default=0)
