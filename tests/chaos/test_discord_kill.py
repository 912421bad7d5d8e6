"""Whoever is killed between two calls to Discord, wherever: each request comes to one video, and costs one."""

import asyncio

from tests.chaos.books import require_right
from tests.chaos.discord_kills import kill_on_discord
from tests.chaos.nursery import Nursery
from tests.chaos.pier import Turn, new_pier, one_death

#: So many calls each delivery makes at least, one by one.
_LEAST_CALLS = {Turn.NOTHING: 2, Turn.LATE: 3, Turn.DELETED: 4, Turn.PRIVATE: 4}


async def test_a_bot_may_die_between_any_two_calls(nursery: Nursery) -> None:
    """At whichever call of a delivery a bot is killed, heard by Discord or not: one video in the end, paid once."""

    async def at_a_pier_of_its_own(turn: Turn) -> None:
        async with new_pier(nursery) as pier:
            for acts in (False, True):
                nth = 1
                while await one_death(pier, turn, nth, acts=acts):
                    nth += 1
                assert nth > _LEAST_CALLS[turn]
            require_right(await pier.end())

    async with asyncio.TaskGroup() as piers:
        for turn in Turn:
            piers.create_task(at_a_pier_of_its_own(turn))


async def test_bots_that_are_killed_at_random_lose_and_double_nothing(nursery: Nursery) -> None:
    """Whatever many people are doing when bots are killed, each has one video for each request that was accepted."""
    figures = await kill_on_discord(nursery, rounds=6, seed=7)
    assert figures.kills == 6
    assert figures.videos > 0
    require_right(figures.problems)
