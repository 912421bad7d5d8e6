"""People who ask, cancel, ask again and have themselves forgotten, while somebody kills bot and render server."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import psutil

from tests.chaos.books import Kind, Problem
from tests.chaos.nursery import TOKENS, Bot, Nursery
from tests.chaos.people import Asked, Person
from tests.chaos.town import LIFE_S, Town, new_town

_MOST_OPEN = 4
_PAUSE_S = 0.05
_SERVER_SHARE = 0.3  # of the kills
_LONG_LIFE_EVERY = 4  # else no render would ever end
_SHORT_S, _LONG_S = (0.01, 0.3), (0.5, 2.0)
_PROMPTS = ("draw",) * 12 + ("refuse", "sigkill", "never-ends", "never-ends")


@dataclass
class Figures:
    """What was done, and what came of it."""

    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    problems: set[Problem] = field(default_factory=set)
    seconds: float = 0.0

    def count(self, kind: Kind) -> int:
        return sum(problem.kind is kind for problem in self.problems)

    def __str__(self) -> str:
        wrong = ", ".join(f"{self.count(kind)} {kind}" for kind in Kind)
        done = f"{self.rounds} rounds, {self.kills['bot']} bots and {self.kills['server']} render servers killed"
        return f"{done}, {self.jobs} jobs, {self.seconds:.0f} s: {wrong}"


async def kill_at_random(nursery: Nursery, rounds: int, seed: int) -> Figures:
    """Let one town live through so many rounds, each of which ends with a kill, and then come to rest."""
    random, figures, started_s = Random(seed), Figures(), time.monotonic()
    async with new_town(nursery) as town:
        town.checker.servers_die = True
        is_over = asyncio.Event()
        crowd = [asyncio.create_task(_live(town[name], Random(f"{seed} {name}"), is_over, figures)) for name in TOKENS]
        bot = None
        for figures.rounds in range(1, rounds + 1):
            if bot is None or bot.is_over:
                bot = nursery.bear(town.home)
            await _stay(town, bot, random, figures.rounds)
            if random.random() < _SERVER_SHARE and (server := bot.server()) is not None:
                await _kill_server(server, figures)
                continue
            bot.kill()
            figures.kills["bot"] += 1
            await bot.ended()
            figures.problems.update(town.checker.after_death())
        is_over.set()
        if bot is None or bot.is_over:
            bot = await town.bear()
        else:
            await _show(town, bot)
        async with asyncio.timeout(LIFE_S * 4):
            await asyncio.gather(*crowd)
        figures.problems.update(await town.end(bot))
    figures.seconds = time.monotonic() - started_s
    return figures


async def _stay(town: Town, bot: Bot, random: Random, number: int) -> None:
    """Let a bot live for a while, which may end before it is found."""
    showing = asyncio.create_task(_show(town, bot))
    try:
        if number % _LONG_LIFE_EVERY == 0:
            await showing
            await asyncio.sleep(random.uniform(*_LONG_S))
        else:
            await asyncio.sleep(random.uniform(*_SHORT_S))
    finally:
        showing.cancel()


async def _show(town: Town, bot: Bot) -> None:
    address = await bot.address()
    if address is not None:
        await town.door.show(address)


async def _kill_server(server: psutil.Process, figures: Figures) -> None:
    try:
        server.kill()
        figures.kills["server"] += 1
    except psutil.NoSuchProcess:
        return


async def _live(person: Person, random: Random, is_over: asyncio.Event, figures: Figures) -> None:
    """Do one thing after the other; at the end cancel what never ends."""
    while not is_over.is_set():
        mine = [asked for asked in person.asked if not asked.is_forgotten]
        states = {job["id"]: job["status"] for job in await person.jobs()}
        still_open = [asked for asked in mine if states.get(asked.job_id) in ("queued", "running")]
        await _act(person, random, mine, still_open, figures)
        await asyncio.sleep(random.uniform(0, _PAUSE_S))
    for asked in person.asked:
        if asked.prompt == "never-ends" and not asked.is_forgotten:
            await person.cancel(asked)


async def _act(person: Person, random: Random, mine: list[Asked], still_open: list[Asked], figures: Figures) -> None:
    wish = random.random()
    if still_open and (wish < 0.2 or any(asked.prompt == "never-ends" for asked in still_open)):
        await person.cancel(random.choice(still_open))
    elif mine and wish < 0.3:
        await person.ask_again(random.choice(mine))
    elif mine and wish < 0.33:
        await person.forget()
    elif len(still_open) < _MOST_OPEN:
        await person.ask(random.choice(_PROMPTS))
        figures.jobs += 1
