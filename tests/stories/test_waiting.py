"""What people see while they wait, in which order they are served, and what becomes of it when the bot stops."""

from collections.abc import Awaitable, Callable

import pytest

from tests.loopback.scripted_renderer import MP4
from tests.stories.town import Town

Ending = Callable[[Town], Awaitable[None]]


async def test_a_place_in_the_queue_is_told_and_moves(town: Town) -> None:
    """Whoever waits sees how many go first, and sees it change when somebody before them leaves."""
    anna, ben, carl = [await town.person(name) for name in ("anna", "ben", "carl")]
    await (await anna.asks("hold")).is_rendering()
    bens, carls = await ben.asks(), await carl.asks()
    await bens.is_told(place=1)
    await carls.is_told(place=2)
    await bens.cancel()
    await carls.is_told(place=1)


async def test_progress_is_seen(town: Town) -> None:
    """Whoever's video is being made sees how far it is."""
    anna = await town.person("anna")
    seen = await (await anna.asks("half")).is_rendering(percent=1)
    assert seen.percent == 50


async def test_one_with_many_wishes_does_not_hold_up_one_with_a_single_wish(town: Town) -> None:
    """Between one person with five wishes and another with one, the other is served second and not sixth."""
    anna, ben = await town.person("anna"), await town.person("ben")
    annas = [await anna.asks(prompt) for prompt in ("hold 1", "2", "3", "4", "5")]
    bens = await ben.asks("ben's")
    await bens.is_told(place=1)
    town.renderer.release()
    for ask in (*annas, bens):
        await ask.gets_video()
    assert [request.prompt for request in town.renderer.seen].index("ben's") <= 2


@pytest.mark.parametrize("ending", [Town.restarts, Town.dies])
async def test_what_waited_and_ran_arrives_after_a_restart(town: Town, ending: Ending) -> None:
    """A stop or a sudden death loses neither what was being rendered nor what waited, and makes neither dearer."""
    anna, ben = await town.person("anna"), await town.person("ben")
    before = await anna.credits()
    running = await anna.asks("hold")
    await running.is_rendering()
    waiting = await ben.asks()
    await waiting.is_told(place=1)
    await ending(town)
    for ask in (running, waiting):
        await ask.gets_video()
        assert await ask.video() == MP4
    after = await anna.credits()
    assert (before.left - after.left, after.held) == (1, 0)


@pytest.mark.parametrize("ending", [Town.restarts, Town.dies])
async def test_what_was_rendered_and_not_delivered_arrives_after_a_restart(town: Town, ending: Ending) -> None:
    """A video that could not be brought before the end is brought after it, and not made a second time."""
    anna = await town.person("anna")
    ask = await anna.asks("hold")
    await ask.is_rendering()
    town.is_cut_off = True
    town.renderer.release()
    await town.until_tried_in_vain()
    await ending(town)
    await ask.gets_video()
    assert await ask.video() == MP4
    assert town.renderer.seen == []
