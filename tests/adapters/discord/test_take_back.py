"""A video that admins hide is taken back from where it was shown."""

from collections.abc import AsyncIterator

import pytest
import structlog

from bot.domain.job import Job, JobState
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import hasty, held, release, require_sound, until_told
from tests.adapters.discord.scenes import Harbour
from tests.loopback.discord import LoopbackDiscord


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


async def delivered(bot: Bot, scene: Harbour) -> Job:
    """Return a job whose person was called to its video after a long wait."""
    await held(scene, scene.anna)
    bot.clock.move(61)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    await until_told(bot, job_id)
    assert len(scene.channel.messages) == 2
    return await bot.job(job_id)


async def test_a_video_and_the_call_to_it_are_deleted(bot: Bot, scene: Harbour) -> None:
    """The message with the video goes, and the line that called the person to it; the row stays as it was."""
    job = await delivered(bot, scene)
    await bot.adapter.channel.take_back(job)
    assert scene.channel.messages == []
    assert await bot.job(job.id) == job


async def test_what_is_gone_already_is_no_trouble(bot: Bot, scene: Harbour) -> None:
    """A second time there is nothing to take back, and nothing is said about it."""
    job = await delivered(bot, scene)
    await bot.adapter.channel.take_back(job)
    with structlog.testing.capture_logs() as lines:
        await bot.adapter.channel.take_back(job)
    assert [line for line in lines if line["log_level"] != "debug"] == []


async def test_where_discord_refuses_only_the_log_says_so(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where a message cannot be deleted the other one still goes, and whoever hides the video is not held up."""
    job = await delivered(bot, scene)
    _, call = scene.channel.messages
    world.faults.next("DELETE", f"messages/{call.id}", status=403, code=50013)
    with structlog.testing.capture_logs() as lines:
        await bot.adapter.channel.take_back(job)
    assert scene.channel.messages == [call]
    assert [line["event"] for line in lines if line["log_level"] != "debug"] == ["a message could not be deleted"]


async def test_before_a_login_nothing_can_be_taken_back(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """While Discord cannot be reached the message stays, and nothing breaks."""
    async with open_bot(options=hasty(world)) as bot:
        job = await delivered(bot, scene)
    before = list(scene.channel.messages)
    with structlog.testing.capture_logs():
        await bot.adapter.channel.take_back(job)
    assert scene.channel.messages == before
