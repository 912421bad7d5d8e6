"""What a channel must be able to do for the stories: let people in, carry what they do, show what they see.

Jobs are named by their ids, people by their names; everything else is said in the words of this file.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.service.delivery import Channel
from bot.service.services import Services

#: Whoever an admin is, on every channel.
OPERATOR = "operator"
#: Everybody else.
PEOPLE = ("anna", "ben", "carl")

Stage = Literal["waiting", "rendering", "delivered", "failed", "cancelled"]


class ToldNo(Exception):
    """Somebody is refused; the text is the sentence that they read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotHere(Exception):
    """The channel has no way to do this; the text says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody sends: pictures, a sentence, and options as they would type them."""

    prompt: str
    picture: bytes
    end_picture: bytes | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What is said under a video."""

    used_ai: bool
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person sees of a job in one moment."""

    stage: Stage
    size: tuple[int, int] | None = None  # width and height in pixels, where they are said
    ahead: int | None = None  # jobs that go before it
    percent: int = 0  # of a render
    why: str = ""  # the sentence that says why there is no video
    credits: Literal["held", "returned", "used"] = "held"
    made: Made | None = None

    @property
    def is_over(self) -> bool:
        return self.stage in ("delivered", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Credits:
    """What somebody has."""

    left: float
    held: float


class Door(Protocol):
    """One person's way to the bot. Every method raises ToldNo where they are refused."""

    async def ask(self, wish: Wish) -> str:
        """Send a wish and return the job's id."""
        ...

    async def ask_twice(self, wish: Wish) -> None:
        """Send a wish in such a way that the bot hears the very same update two times."""
        ...

    async def until(self, job: str, is_so: Callable[[Seen], bool]) -> Seen:
        """Watch a job until it looks so, as the channel shows it by itself."""
        ...

    async def video(self, job: str) -> bytes:
        """Return the video as it was delivered."""
        ...

    async def fetch(self, job: str) -> bytes:
        """Return the video once more, some time after it was delivered."""
        ...

    async def cancel(self, job: str) -> None: ...

    async def again(self, job: str) -> str: ...

    async def best(self, job: str) -> str: ...

    async def edit(self, job: str, prompt: str) -> str:
        """Raises NotHere where somebody else's video may be asked for in other words."""
        ...

    async def delete(self, job: str) -> None:
        """Raises NotHere where one job alone cannot be deleted."""
        ...

    async def report(self, job: str, reason: str) -> None: ...

    async def price(self, preset: str) -> float:
        """Return what a video costs, before it is asked for."""
        ...

    async def credits(self) -> Credits: ...

    async def history(self) -> list[str]:
        """Return the prompts of what was made, the newest first."""
        ...

    async def forget_me(self) -> None: ...

    async def stored(self) -> Mapping[str, object]:
        """Return all that the bot says it has stored of the person."""
        ...

    async def command(self, name: str, arguments: Mapping[str, str]) -> str:
        """Give an admin's command and return what it answers; a person is named by their name."""
        ...


class Life(Protocol):
    """One life of the bot on a channel, from a start to a stop."""

    @property
    def channel(self) -> Channel:
        """The way back to people."""
        ...

    def serve(self, services: Services) -> AbstractAsyncContextManager[None]: ...


class Street(Protocol):
    """A channel with all its people; it is there before the bot, and after it."""

    @property
    def admin(self) -> str:
        """The operator's id, as the settings name it."""
        ...

    def new_life(self) -> Life: ...

    async def door(self, name: str) -> Door: ...


def end_of(text: str) -> tuple[str, Literal["held", "returned", "used"]]:
    """Take what a chat says of an end apart: why, and what became of the credits."""
    match = re.fullmatch(r"(.*?) [\d.]+ credits? (given back|used: half of the work was done)\.", text, re.DOTALL)
    if match is None:
        return text, "held"
    return match[1], "returned" if match[2] == "given back" else "used"
