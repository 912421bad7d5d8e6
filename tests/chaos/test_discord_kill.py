"""Whoever is killed between two calls to Discord, wherever: each request comes to one video, and costs one."""

import pytest

from tests.chaos.books import require_right
from tests.chaos.discord_kills import kill_on_discord
from tests.chaos.nursery import Nursery
from tests.chaos.pier import Turn, new_pier, one_death

#: So many calls each delivery makes at least, one by one.
_LEAST_CALLS = {Turn.NOTHING: 2, Turn.LATE: 3, Turn.DELETED: 4, Turn.PRIVATE: 5}


@pytest.mark.parametrize("turn", Turn)
async def test_a_bot_may_die_between_any_two_calls(nursery: Nursery, turn: Turn) -> None:
    """At whichever call of a delivery a bot is killed, heard by Discord or not: one video in the end, paid once."""
    async with new_pier(nursery) as pier:
        for acts in (False, True):
            nth = 1
            while await one_death(pier, turn, nth, acts=acts):
                nth += 1
            assert nth > _LEAST_CALLS[turn]
        require_right(await pier.end())


async def test_bots_that_are_killed_at_random_lose_and_double_nothing(nursery: Nursery) -> None:
    """Whatever many people are doing when bots are killed, each has one video for each request that was accepted."""
    figures = await kill_on_discord(nursery, rounds=10, seed=7)
    assert figures.kills == 10
    assert figures.videos > 0
    require_right(figures.problems)
