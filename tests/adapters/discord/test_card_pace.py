"""How Discord's cards are edited: by which limit, and what becomes of those that it refuses; in simulated time."""

import asyncio
from pathlib import Path
from random import Random

import discord
import pytest
import structlog

from bot.adapters.discord.address import CHANNEL_NAME
from bot.adapters.discord.card_painter import CHANNEL_EVERY_S
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain.job import JobState
from bot.service.delivery import TooLarge
from bot.service.status_messages import USUAL_PACE
from generation.picture import Picture
from tests.adapters.discord.stage import THREADS_S, Play, Stage, Story, apart_s, running
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
        assert apart_s(stage.posts.edits) >= CHANNEL_EVERY_S - THREADS_S
        assert len(stage.posts.of(address.message)) >= 60 / (USUAL_PACE.edit_every_s + CHANNEL_EVERY_S) - 1
        assert len(stage.posts.edits) >= 60 / (CHANNEL_EVERY_S + 0.1) - 1

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
    """A message that cannot be edited any more is not tried again, which is no bug; the job goes on without it."""

    async def story(stage: Stage) -> None:
        _, job_id, message = await running(stage)
        await asyncio.sleep(10)
        stage.posts.refusal = reason
        before = len(stage.posts.of(message))
        with structlog.testing.capture_logs() as lines:
            for step in range(1, 120):
                stage.progress(job_id, step)
                await asyncio.sleep(1)
        assert len(stage.posts.of(message)) == before + 1
        assert [line for line in lines if line["log_level"] == "error"] == []
        await stage.house.until(job_id, JobState.RUNNING)

    play(story)
