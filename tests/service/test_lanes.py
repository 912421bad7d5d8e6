"""Lanes: as many jobs at once as the render server takes, and what they do when it cannot."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from bot.domain.job import JobState
from bot.service.lanes import backoff_s
from tests.loopback.house import GENEROUS, House
from tests.loopback.scripted_renderer import ScriptedRenderer

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def test_each_lane_has_one_job_at_a_time(house_at: HouseAt) -> None:
    """With two lanes two jobs are rendered side by side, never three; with one, one after the other."""
    for slots in (1, 2):
        renderer = ScriptedRenderer()
        async with house_at(rules=replace(GENEROUS, slots=slots), renderer=renderer) as house:
            views = [await house.ask("bob", "hold") for _ in range(5)]
            await renderer.began(slots)
            assert (house.services.queue.view().running, house.services.queue.view().waiting) == (slots, 5 - slots)
            renderer.release()
            for view in views:
                await house.until(view.job.id)
            assert renderer.most_at_once == slots


async def test_a_broken_job_in_one_lane_leaves_the_other_alone(house_at: HouseAt) -> None:
    """While one lane's jobs fail in every way, the other lane's render goes on to its end."""
    async with house_at(rules=replace(GENEROUS, slots=2)) as house:
        steady = await house.ask("ann", "hold")
        await house.renderer.began(1)
        for word in ("bug", "refuse", "lost", "encode"):
            await house.until((await house.ask("bob", word)).job.id)
        house.renderer.release()
        assert (await house.until(steady.job.id)).lost_renders == 0


async def test_the_engine_is_made_ready_before_anybody_asks(house: House) -> None:
    """A bot without jobs has its engine ready, and says so."""
    with house.services.board.subscribe(None) as changes:
        while not house.services.queue.view().ready:
            await changes.changed()
    assert house.renderer.starts == 1
    assert house.renderer.seen == []


def test_waits_double_up_to_half_a_minute() -> None:
    """After failures in a row the waits double, end at half a minute, and a week of failures breaks nothing."""
    assert [backoff_s(failures) for failures in (0, 1, 2, 5, 6, 7)] == [0.5, 1.0, 2.0, 16.0, 30.0, 30.0]
    assert backoff_s(100_000) == 30.0


async def test_a_stop_ends_every_wait(house_at: HouseAt) -> None:
    """A lane that waits for its engine ends at once when the bot stops, and the job waits for the next start."""
    async with asyncio.timeout(10):
        async with house_at() as house:
            view = await house.ask("bob", "unavailable-once")
            with house.services.board.subscribe(None) as changes:
                while house.services.queue.view().notice is None:
                    await changes.changed()
        async with house_at() as house:
            assert (await house.until(view.job.id)).state is JobState.DELIVERED
