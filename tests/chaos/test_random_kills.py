"""Kills that nobody has thought of: the short form of ``python -m tests.chaos.run``."""

from tests.chaos.nursery import Nursery
from tests.chaos.random_kills import kill_at_random


async def test_kills_at_random_moments_lose_nothing(nursery: Nursery) -> None:
    """Whoever is killed again and again, everybody gets what they asked for, once, at its price."""
    figures = await kill_at_random(nursery, rounds=8, seed=7)
    assert not figures.problems, figures.problems
    assert figures.jobs > 0
    assert figures.kills["bot"] > 0
    assert figures.kills["server"] > 0
