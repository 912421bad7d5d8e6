"""How long a render will take: learned from this machine's own, and remembered."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bot.service.estimates import Effort, Estimates
from tests.loopback.house import House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
EFFORT = Effort("model", "fast", 64, 64, 9, 10)


def test_nothing_is_told_before_anything_was_measured() -> None:
    """No constant stands in for a measurement."""
    assert Estimates([]).seconds(EFFORT) is None


def test_the_first_time_counts_whole_and_later_ones_less() -> None:
    """The mean follows a machine that became slower within a few renders, and one outlier does not upset it."""
    estimates = Estimates([])
    estimates.learn(EFFORT, 10.0)
    assert estimates.seconds(EFFORT) == 10.0
    for _ in range(20):
        estimates.learn(EFFORT, 10.0)
    estimates.learn(EFFORT, 50.0)
    assert estimates.seconds(EFFORT) == 20.0
    for _ in range(10):
        estimates.learn(EFFORT, 50.0)
    assert estimates.seconds(EFFORT) == pytest.approx(50, rel=0.05)


def test_a_shape_never_seen_is_reckoned_from_its_work() -> None:
    """Twice the frames take twice as long, by the preset's own pace, or else by the model's."""
    estimates = Estimates([])
    estimates.learn(EFFORT, 10.0)
    assert estimates.seconds(Effort("model", "fast", 64, 64, 18, 10)) == pytest.approx(20.0)
    assert estimates.seconds(Effort("model", "best", 64, 64, 9, 20)) == pytest.approx(20.0)
    assert estimates.seconds(Effort("another", "fast", 64, 64, 9, 10)) is None


async def test_what_was_learned_is_known_after_a_restart(house_at: HouseAt) -> None:
    """The first request after a restart is told a time; before the very first render it was told none."""
    async with house_at() as house:
        first = await house.ask("bob", "hold")
        assert first.eta_s is None
        house.renderer.release()
        await house.until(first.job.id)
    async with house_at(works=False) as house:
        assert (await house.ask("bob")).eta_s == pytest.approx(2.0)


async def test_a_failed_render_teaches_nothing(house: House) -> None:
    """Only whole videos are measured."""
    await house.until((await house.ask("bob", "refuse")).job.id)
    assert (await house.ask("bob", "hold")).eta_s is None
