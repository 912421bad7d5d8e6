"""Whoever is killed on Telegram, wherever: each request comes to one video or one no, and costs what that costs."""

import asyncio

from tests.chaos.books import require_right
from tests.chaos.cape import Turn, new_cape, one_death
from tests.chaos.nursery import Nursery
from tests.chaos.telegram_kills import DEATHS, die_at_moments, kill_on_telegram

#: So many calls each delivery makes at least, one by one.
_LEAST_CALLS = {Turn.NOTHING: 2, Turn.DELETED: 3, Turn.OLD_SERVER: 4}
_AT_ONCE = 4


async def test_a_bot_may_die_between_any_two_calls(nursery: Nursery) -> None:
    """At whichever call of a delivery a bot is killed, heard by Telegram or not: one video in the end, paid once."""

    async def at_a_cape_of_its_own(turn: Turn) -> None:
        async with new_cape(nursery) as cape:
            for acts in (False, True):
                nth = 1
                while await one_death(cape, turn, nth, acts=acts):
                    nth += 1
                assert nth > _LEAST_CALLS[turn]
            require_right(await cape.end())

    async with asyncio.TaskGroup() as capes:
        for turn in Turn:
            capes.create_task(at_a_cape_of_its_own(turn))


async def test_a_bot_may_die_at_any_moment_of_an_update(nursery: Nursery) -> None:
    """Before and after each thing that is written, from an update to its video: nothing is lost, nothing doubled."""

    async def at_a_cape_of_its_own(number: int) -> None:
        require_right(await die_at_moments(nursery, DEATHS[number::_AT_ONCE], seed=number))

    async with asyncio.TaskGroup() as capes:
        for number in range(_AT_ONCE):
            capes.create_task(at_a_cape_of_its_own(number))


async def test_bots_that_are_killed_at_random_lose_and_double_nothing(nursery: Nursery) -> None:
    """Whatever people do when bots are killed, each picture comes to one job or one no, and each job to one video."""
    figures = await kill_on_telegram(nursery, rounds=5, seed=7)
    assert figures.kills == 5
    assert figures.videos > 0
    require_right(figures.problems)
