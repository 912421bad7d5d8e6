"""Status messages follow their jobs no faster than Discord likes it: with the usual pace, in simulated time."""

import asyncio
from itertools import pairwise
from pathlib import Path
from random import Random

import discord
import pytest

from bot.adapters.discord.status_cards import CHANNEL_NAME, USUAL_PACE
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain.job import JobState
from bot.service.delivery import TooLarge, TryLater
from generation.picture import Picture
from tests.adapters.discord.stage import ANNA, NETWORK_S, THREADS_S, Play, Stage, Story, apart_s, person, running
from tests.loopback.house import open_house
from tests.loopback.scripted_channel import ScriptedChannel
from tests.loopback.simulated_loop import SimulatedLoop


@pytest.fixture
def play(tmp_path: Path, picture: Picture) -> Play:
    """Play a story in simulated time, with cards that are drawn meanwhile."""

    def play(story: Story) -> None:
        loop = SimulatedLoop(Random(1))

        async def on_stage() -> None:
            async with open_house(tmp_path, picture, channel=ScriptedChannel(CHANNEL_NAME)) as house:
                await story(Stage(house))

        try:
            loop.run_until_complete(on_stage())
        finally:
            loop.bury()

    return play


def test_a_message_is_edited_every_four_seconds_at_most(play: Play) -> None:
    """However fast a render tells of its progress, its message changes no faster, and shows the last state soon."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        for step in range(1, 301):
            stage.progress(job_id, step)
            await asyncio.sleep(0.1)
        stage.progress(job_id, 900)
        await asyncio.sleep(USUAL_PACE.edit_every_s + 1)
        edits = stage.posts.of(message)
        assert apart_s(edits) >= USUAL_PACE.edit_every_s
        assert 7 <= len(edits) <= 10
        assert "90 %" in edits[-1].text

    play(story)


def test_what_did_not_change_is_not_sent(play: Play) -> None:
    """A message that would look the same is left as it is."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        stage.progress(job_id, 500)
        await asyncio.sleep(10)
        before = len(stage.posts.of(message))
        for _ in range(60):
            stage.progress(job_id, 500)
            stage.house.services.board.queue_changed()
            await asyncio.sleep(1)
        assert len(stage.posts.of(message)) == before

    play(story)


def test_ten_thousand_that_wait_do_not_flood_discord(play: Play) -> None:
    """With ten thousand waiting and every place moving, a start and five minutes are five edits a second at most."""

    async def story(stage: Stage) -> None:
        view, address = await stage.ask()
        await stage.house.until(view.job.id, JobState.RUNNING)
        waiting = await stage.fill(10_000)
        await stage.draw()
        minutes = 5
        for second in range(minutes * 60):
            if second % 5 == 0:
                await stage.house.services.jobs.cancel(person(second), waiting[second])
            stage.progress(view.job.id, second * 3)
            await asyncio.sleep(1)
        edits_a_second = 1 / USUAL_PACE.places_apart_s
        running = stage.posts.of(address.message)
        others = [edit for edit in stage.posts.edits if edit.message != address.message]
        assert 0.9 <= len(others) / (minutes * 60 * edits_a_second) <= 1.1
        assert len({edit.message for edit in others}) == len(others)
        assert len(running) >= minutes * 60 / (USUAL_PACE.edit_every_s + 1) - 1  # nobody's progress has to wait

    play(story)


def test_places_are_shown_now_and_then(play: Play) -> None:
    """While places move all the time, each message says so every quarter of a minute, and the last place in the end."""

    async def story(stage: Stage) -> None:
        cards, _, _ = await running(stage)
        ahead = await stage.fill(12)
        view, address = await stage.ask()
        cards.follow(view, address)
        for number, job_id in enumerate(ahead):
            await asyncio.sleep(5)
            await stage.house.services.jobs.cancel(person(number), job_id)
        edits = stage.posts.of(address.message)
        assert apart_s(edits) >= USUAL_PACE.place_every_s - NETWORK_S
        assert len(edits) <= 2 * (60 / USUAL_PACE.place_every_s + 1)
        await asyncio.sleep(30)
        assert "Next in line." in stage.posts.of(address.message)[-1].text

    play(story)


def test_one_channel_hears_little_of_the_bots_own_token(play: Play) -> None:
    """Where only the bot's own token is left, a channel's messages take turns, and renders go before places."""

    async def story(stage: Stage) -> None:
        view, address = await stage.ask(has_token=False)
        await stage.house.until(view.job.id, JobState.RUNNING)
        await stage.fill(60, has_token=False)
        await stage.draw()
        for step in range(1, 61):
            stage.progress(view.job.id, step * 16)
            await asyncio.sleep(1)
        assert apart_s(stage.posts.edits) >= USUAL_PACE.channel_every_s - THREADS_S
        assert len(stage.posts.of(address.message)) >= 60 / (USUAL_PACE.edit_every_s + USUAL_PACE.channel_every_s) - 1
        assert len(stage.posts.edits) >= 60 / (USUAL_PACE.channel_every_s + 0.1) - 1

    play(story)


def test_discords_own_pause_is_kept(play: Play) -> None:
    """Where Discord asks for a minute's pause a message is not edited for a minute, whatever the render says."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        await asyncio.sleep(10)
        stage.posts.errors = [TryLater(60.0)]
        before = len(stage.posts.of(message))
        for step in range(1, 100):
            stage.progress(job_id, step)
            await asyncio.sleep(1)
        refused, *later = stage.posts.of(message)[before:]
        assert later[0].at_s - refused.at_s >= 60

    play(story)


def test_edits_that_fail_become_rare(play: Play) -> None:
    """While Discord does not answer, the tries come ever more slowly, up to a pause of more than a minute."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        await asyncio.sleep(10)
        stage.posts.refusal = TryLater(may_have_arrived=True)
        before = len(stage.posts.of(message))
        for step in range(1, 600):
            stage.progress(job_id, step)
            await asyncio.sleep(1)
        pauses_s = [after.at_s - one.at_s for one, after in pairwise(stage.posts.of(message)[before:])]
        assert [round(pause_s) for pause_s in pauses_s[:5]] == [5, 10, 20, 40, 80]
        stage.posts.refusal = None
        await asyncio.sleep(90)
        assert "59 %" in stage.posts.of(message)[-1].text

    play(story)


def test_without_a_login_nothing_is_tried(play: Play) -> None:
    """While there is no login no message is touched; with the next one each shows how things stand."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        await asyncio.sleep(10)
        stage.posts.use(None)
        before = len(stage.posts.edits)
        for step in range(1, 100):
            stage.progress(job_id, step)
            await asyncio.sleep(1)
        assert len(stage.posts.edits) <= before + 1
        stage.progress(job_id, 800)
        stage.posts.use(discord.Client(intents=discord.Intents.none()))
        await asyncio.sleep(10)
        assert "80 %" in stage.posts.of(message)[-1].text

    play(story)


def test_what_a_filter_blocks_is_shown_without_the_prompt_or_not_at_all(play: Play) -> None:
    """A card that the server's filter refuses is shown without the prompt; refused again, it is left alone."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        await asyncio.sleep(10)
        stage.posts.refusal = ContentBlocked()
        before = len(stage.posts.of(message))
        for step in range(1, 120):
            stage.progress(job_id, step)
            await asyncio.sleep(1)
        _, bare = stage.posts.of(message)[before:]
        assert "hold" not in bare.text

    play(story)


@pytest.mark.parametrize("reason", [NoWay(), MessageGone(), TooLarge(1)])
def test_a_message_that_is_gone_is_left_alone(play: Play, reason: Exception) -> None:
    """A message that cannot be edited any more is not tried again; the job goes on without it."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        await asyncio.sleep(10)
        stage.posts.refusal = reason
        before = len(stage.posts.of(message))
        for step in range(1, 120):
            stage.progress(job_id, step)
            await asyncio.sleep(1)
        assert len(stage.posts.of(message)) == before + 1
        await stage.house.until(job_id, JobState.RUNNING)

    play(story)


def test_a_job_that_ended_before_it_was_followed_is_not_shown(play: Play) -> None:
    """Where the video was faster than the status message, the status message does not come after it."""

    async def story(stage: Stage) -> None:
        cards, _, _ = await running(stage)
        view, address = await stage.ask()
        await stage.house.services.jobs.cancel(ANNA, view.job.id)
        before = list(stage.posts.of(address.message))
        cards.follow(view, address)
        await asyncio.sleep(30)
        assert stage.posts.of(address.message) == before

    play(story)
