"""A home, its people, and the lives of its bot one after the other."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.books import Checker, Kind, Problem, require_right
from tests.chaos.nursery import CAP_CREDITS, TOKENS, Bot, Home, Nursery
from tests.chaos.people import POLL_S, Door, Person

LIFE_S = 60.0  # a bot that has not died at its milestone by then will not


@dataclass
class Town:
    """Everything that outlives a bot."""

    nursery: Nursery
    home: Home
    door: Door
    people: Mapping[str, Person]
    checker: Checker

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    async def bear(self, settings: Mapping[str, str] | None = None, **order: object) -> Bot:
        """Start a bot and show people the way, unless it dies before it can be found."""
        bot = self.nursery.bear(self.home, settings, **order)
        async with asyncio.timeout(LIFE_S):
            address = await bot.address()
        if address is not None:
            await self.door.show(address)
        return bot

    async def end(self, bot: Bot) -> list[Problem]:
        """Let a bot finish what there is, stop it as an operator does, and return what is wrong then."""
        async with asyncio.timeout(LIFE_S):
            while not self.home.is_at_rest():  # noqa: ASYNC110 (another process changes it)
                await asyncio.sleep(POLL_S)
            problems = [problem async for problem in self._seen_by_people()]
        bot.kill(signal.SIGTERM)
        async with asyncio.timeout(LIFE_S):
            code = await bot.ended()
        assert code == 0, self.home.log.read_text()[-3000:]
        return problems + self.checker.at_rest()

    async def _seen_by_people(self) -> AsyncIterator[Problem]:
        """Yield what a person would find wrong: their jobs, their videos, their credits."""
        for person in self.people.values():
            stranger = self.people["anna" if person.name != "anna" else "ben"]
            for asked in person.asked:
                if asked.is_forgotten:
                    continue
                job = await person.job(asked)
                code = (job["error"] or {}).get("code", "")
                if not asked.may_end(job["status"], code, servers_die=self.checker.servers_die):
                    yield Problem(Kind.LOST, f"{job['status']} for {asked}")
                if job["has_video"]:
                    video = await person.request("GET", f"/api/jobs/{asked.job_id}/video", 200)
                    if len(video.content) != job["video_bytes"]:
                        yield Problem(Kind.FILE, f"{len(video.content)} bytes for {asked}")
                await stranger.request("GET", f"/api/jobs/{asked.job_id}", 404)
            quota = await person.quota()
            if quota["held"]:
                yield Problem(Kind.ACCOUNT, f"{quota} of {person.name}")


@asynccontextmanager
async def new_town(nursery: Nursery) -> AsyncIterator[Town]:
    door = Door()
    async with AsyncExitStack() as stack:
        home = stack.enter_context(Home.new())
        people = {name: Person(name, door) for name in (*TOKENS, "operator")}
        for person in people.values():
            stack.push_async_callback(person.close)
        yield Town(nursery, home, door, people, Checker(home, list(people.values())))


@dataclass(frozen=True)
class Life:
    """A bot that dies at a milestone, what people want of it, and what is done before it is started."""

    die_at: str
    want: Callable[[Town], Awaitable[None]] | None = None
    visit: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Path], None] | None = None  # of the data folder


async def live_through(town: Town, lives: Iterable[Life]) -> None:
    """Let a bot die again and again, each time where its life says; the last one does what is left."""
    async with asyncio.TaskGroup() as wants:
        for life in lives:
            if life.before is not None:
                life.before(town.home.data)
            if life.want is not None:
                wants.create_task(_want(town, life.want))
            bot = await town.bear(life.settings, die_at=str(life.die_at), visit=life.visit)
            try:
                async with asyncio.timeout(LIFE_S):
                    code = await bot.ended()
            except TimeoutError:
                raise AssertionError(f"never reached: {life.die_at}") from None
            assert (code, bot.died_at) == (-signal.SIGKILL, life.die_at), town.home.log.read_text()[-3000:]
            problems = town.checker.after_death()
            assert not problems, (life.die_at, problems)
        bot = await town.bear()
    require_right(await town.end(bot))


async def _want(town: Town, want: Callable[[Town], Awaitable[None]]) -> None:
    await want(town)


def change_rows(data: Path, statement: str) -> None:
    """Change a database that nobody has open, as years and operators do."""
    database = sqlite3.connect(data / "animate.db")
    with database:
        database.execute(statement)
    database.close()


def grant_credits(town: Town, name: str, amount: int, times: int) -> None:
    """Let an account have been given credits up to so many times."""
    town.checker.granted[f"person:{town[name].id}"] = {amount * 1000 * count for count in range(times + 1)}
    assert amount * times < CAP_CREDITS
