"""How fast the bot acknowledges commands on Discord when many come in the same moment, printed as figures.

    python -m benchmarks.discord_acks [--people 200] [--rounds 5]

The bot is a process of its own: the real adapter, discord.py, services and database; what renders is scripted. Discord
is a loopback in this process. Measured is what a person would see: from the event on Discord's side to the bot's first
answer there, which must come within three seconds.
"""

import argparse
import asyncio
import statistics

from tests.chaos.nursery import Nursery
from tests.chaos.pier import Pier, new_pier
from tests.loopback.discord import Person, Sent

_GOAL_S, _ALLOWED_S = 1.0, 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200, help="how many ask at once")
    parser.add_argument("--rounds", type=int, default=5, help="how often they do")
    arguments = parser.parse_args()
    with Nursery() as nursery:
        asyncio.run(measure(nursery, arguments.people, arguments.rounds))


async def measure(nursery: Nursery, count: int, rounds: int) -> None:
    """Print the times of each round, and of all together."""
    everything: list[float] = []
    missed = 0
    async with new_pier(nursery) as pier:
        people = [pier.newcomer(f"person {number}") for number in range(count)]
        await pier.bear()
        for number in range(1, rounds + 1):
            times_s = await _round(pier, people)
            missed += count - len(times_s)
            everything += times_s
            print(f"round {number}: {_figures(times_s)}", flush=True)
    print(f"all: {_figures(everything)}, {missed} not acknowledged within {_ALLOWED_S:g} s; the goal is {_GOAL_S:g} s")


async def _round(pier: Pier, people: list[Person]) -> list[float]:
    """Have everybody ask in the same moment; return when each was answered, in seconds."""
    sent: list[Sent] = [await pier.ask(person=person, wait=False) for person in people]
    await pier.discord.until(lambda: all(one.acknowledged_after_s is not None or one.failed for one in sent))
    return [one.acknowledged_after_s for one in sent if one.acknowledged_after_s is not None]


def _figures(times_s: list[float]) -> str:
    p50, p99 = (statistics.quantiles(times_s, n=100, method="inclusive")[share - 1] for share in (50, 99))
    slow = sum(time_s > _GOAL_S for time_s in times_s)
    largest = max(times_s)
    return (
        f"{len(times_s)} acknowledged, p50 {p50:.2f} s, p99 {p99:.2f} s, longest {largest:.2f} s, {slow} past the goal"
    )


if __name__ == "__main__":
    main()
