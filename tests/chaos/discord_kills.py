"""``python -m tests.chaos.discord_kills --rounds 500 --seed 1``: bots on Discord, killed at random calls."""

import argparse
import asyncio
import logging
import sys
import time
from dataclasses import dataclass, field
from random import Random

from tests.chaos.books import Kind, Problem
from tests.chaos.nursery import Nursery
from tests.chaos.pier import Pier, Turn, new_pier, of_a_job
from tests.chaos.town import LIFE_S
from tests.loopback.discord import Person

_MOST_CALLS = 25
_MOST_ASKING = 4
_LOST_SHARE = 0.05  # of the answers


@dataclass
class Figures:
    """What was done, and what came of it."""

    kills: int = 0
    asked: int = 0
    videos: int = 0
    lost_answers: int = 0
    seconds: float = 0.0
    problems: set[Problem] = field(default_factory=set)

    def __str__(self) -> str:
        wrong = ", ".join(f"{sum(problem.kind is kind for problem in self.problems)} {kind}" for kind in Kind)
        done = (
            f"{self.kills} bots killed, {self.lost_answers} answers lost, {self.asked} requests, {self.videos} videos"
        )
        return f"{done}, {self.seconds:.0f} s: {wrong}"


async def kill_on_discord(nursery: Nursery, rounds: int, seed: int) -> Figures:
    """Let people ask while bots are killed at calls that the seed names, and come to rest."""
    random, figures, started_s = Random(seed), Figures(), time.monotonic()
    async with new_pier(nursery) as pier:
        people = [pier.newcomer(f"person {number}") for number in range(_MOST_ASKING)]
        lost = [
            pier.discord.faults.next(method, "messages", lost_answer=True, count=None, rate=_LOST_SHARE, random=random)
            for method in ("PATCH", "POST")
        ]
        for _ in range(rounds):
            await _round(pier, people, random, figures)
            figures.problems.update(pier.checker.after_death())
        pier.discord.faults.clear()
        figures.problems.update(await pier.end())
        figures.videos = sum(len(message.videos) for message in pier.discord.messages)
        figures.lost_answers = sum(fault.hits for fault in lost)
    figures.seconds = time.monotonic() - started_s
    return figures


async def _round(pier: Pier, people: list[Person], random: Random, figures: Figures) -> None:
    """Have people ask until the bot is dead."""
    bot = await pier.bear()
    pier.reaper.arm(bot, random.randint(1, _MOST_CALLS), of_a_job, acts=random.random() < 0.5)
    async with asyncio.timeout(LIFE_S):
        while not pier.reaper.has_struck:
            for person in random.sample(people, random.randint(1, _MOST_ASKING)):
                await pier.ask(random.choice(list(Turn)), person=person, wait=False)
                figures.asked += 1
            await pier.until_quiet_or_dead()
    await bot.ended()
    figures.kills += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500, help="how many kills")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what is done is drawn from it")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # uploads that break off with their bot
    with Nursery() as nursery:
        figures = asyncio.run(kill_on_discord(nursery, arguments.rounds, arguments.seed))
    for problem in sorted(figures.problems, key=str):
        print(f"{problem.kind}: {problem.text}")
    print(figures)
    sys.exit(bool(figures.problems))


if __name__ == "__main__":
    main()
