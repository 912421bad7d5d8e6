"""Everything that outlives a bot on a chat platform, whichever it is."""

import asyncio
import signal
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.books import Checker, Problem, read_books
from tests.chaos.nursery import Bot, Home, Nursery
from tests.chaos.people import POLL_S
from tests.chaos.town import LIFE_S

_LONGEST_RENDER_S = 1.0  # on a machine that does other things


class Shore(ABC):
    """A home, and one bot after the other in it."""

    def __init__(self, nursery: Nursery, home: Home) -> None:
        self.nursery, self.home = nursery, home
        self.checker = Checker(home, [])
        self.bot: Bot | None = None

    @abstractmethod
    async def bear(self) -> Bot:
        """Return the bot that lives, or a new one, when it is connected."""

    @abstractmethod
    def problems(self) -> list[Problem]:
        """Return what people would find wrong: a job without its video, a video that is there twice."""

    @abstractmethod
    def require_manners(self) -> None:
        """Require that no bot has said anything that the platform does not know."""

    def is_at_rest(self) -> bool:
        """Return whether every job has ended and everybody knows."""
        return self.home.is_at_rest()

    async def until_rest(self) -> None:
        """Wait until there is nothing more to be done."""
        open_jobs = self.home.number("SELECT count(*) FROM job WHERE ended_ms IS NULL")
        try:
            async with asyncio.timeout(LIFE_S + _LONGEST_RENDER_S * open_jobs):
                while not self.is_at_rest():  # noqa: ASYNC110 (another process changes it)
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            books = read_books(self.home)
            left = Counter(job["state"] for job in books.open_jobs)
            raise AssertionError(f"not at rest: {dict(left)}, {len(books.outbox)} to be told") from None

    def job_count(self) -> int:
        return self.home.number("SELECT count(*) FROM job")

    async def end(self) -> list[Problem]:
        """Let the last bot finish what there is, stop it, and return what is wrong then."""
        bot = await self.bear()
        await self.until_rest()
        bot.kill(signal.SIGTERM)
        async with asyncio.timeout(LIFE_S):
            code = await bot.ended()
        assert code == 0, self.home.log.read_text()[-3000:]
        self.require_manners()
        return [*self.problems(), *self.checker.at_rest()]

    @asynccontextmanager
    async def inhabited(self) -> AsyncIterator[None]:
        """Leave no bot behind."""
        try:
            yield
        finally:
            if self.bot is not None:
                self.bot.kill()
                await self.bot.ended()
