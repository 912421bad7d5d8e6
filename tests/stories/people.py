"""People and their wishes: the words in which every story is told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.stories.driver import Credits, Door, NotHere, Seen, Stage, ToldNo, Wish

PICTURE = b"a picture, as any other"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who talks to the bot."""

    name: str
    door: Door
    ended: Callable[[str], Awaitable[None]]  # waits until the bot, too, has taken down that a job is over

    async def asks(
        self, prompt: str = "draw", picture: bytes = PICTURE, end_picture: bytes | None = None, **options: str
    ) -> "Ask":
        """Send a picture and a sentence. Raises ToldNo."""
        return Ask(self, await self.door.ask(Wish(prompt, picture, end_picture, options)))

    async def asks_twice(self, prompt: str) -> None:
        """Send one wish of which the bot hears twice."""
        await self.door.ask_twice(Wish(prompt, PICTURE))

    async def price(self, preset: str) -> float:
        return await self.door.price(preset)

    async def credits(self) -> Credits:
        return await self.door.credits()

    async def history(self) -> list[str]:
        return await self.door.history()

    async def is_forgotten(self) -> None:
        """Ask to be forgotten, and confirm it."""
        await self.door.forget_me()

    async def stored(self) -> Mapping[str, object]:
        return await self.door.stored()

    async def command(self, name: str, **arguments: str) -> str:
        """Give an admin's command. Raises ToldNo."""
        return await self.door.command(name, arguments)


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish that was accepted, as one person sees it."""

    person: Person
    job: str

    def seen_by(self, person: Person) -> "Ask":
        """Return the same wish in the hands of somebody else."""
        return Ask(person, self.job)

    async def until(self, is_so: Callable[[Seen], bool]) -> Seen:
        return await self.person.door.until(self.job, is_so)

    async def is_told(self, *, place: int) -> Seen:
        """Wait until the person reads that so many go first, themselves counted: 1 is next in line."""
        return await self.until(lambda seen: seen.stage == "waiting" and seen.ahead == place - 1)

    async def is_rendering(self, *, percent: int = 0) -> Seen:
        return await self.until(lambda seen: seen.stage == "rendering" and seen.percent >= percent)

    async def gets_video(self) -> Seen:
        return await self._ends("delivered")

    async def fails(self) -> Seen:
        return await self._ends("failed")

    async def is_cancelled(self) -> Seen:
        return await self._ends("cancelled")

    async def video(self) -> bytes:
        return await self.person.door.video(self.job)

    async def fetch(self) -> bytes:
        """Have the video once more."""
        return await self.person.door.fetch(self.job)

    async def cancel(self) -> None:
        await self.person.door.cancel(self.job)

    async def again(self) -> "Ask":
        return Ask(self.person, await self.person.door.again(self.job))

    async def best(self) -> "Ask":
        return Ask(self.person, await self.person.door.best(self.job))

    async def edit(self, prompt: str) -> "Ask":
        try:
            return Ask(self.person, await self.person.door.edit(self.job, prompt))
        except NotHere as reason:
            pytest.skip(str(reason))

    async def delete(self) -> None:
        try:
            await self.person.door.delete(self.job)
        except NotHere as reason:
            pytest.skip(str(reason))

    async def report(self, reason: str) -> None:
        await self.person.door.report(self.job, reason)

    async def _ends(self, stage: Stage) -> Seen:
        seen = await self.until(lambda seen: seen.is_over)
        assert seen.stage == stage, seen
        await self.person.ended(self.job)
        return seen


async def told_no(action: Awaitable[object]) -> str:
    """Require that somebody is refused, and return the sentence that they read."""
    try:
        done = await action
    except ToldNo as no:
        return no.text
    raise AssertionError(f"nobody was refused: {done!r}")
