"""Who waited long is called to their video, once; nobody else ever is."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.job import JobState
from bot.service.delivery import Answer
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import (
    hasty,
    held,
    pass_time,
    release,
    require_sound,
    until_told,
    video_names,
)
from tests.adapters.discord.scenes import Harbour, harbour
from tests.loopback.discord import LoopbackDiscord, Message


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


def _calls_for(message: Message, scene: Harbour) -> list[Message]:
    return [one for one in scene.channel.messages if one is not message]


async def test_whoever_waited_for_more_than_a_minute_is_called_once(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """After a wait of a minute a short line under the video calls whoever asked and nobody else, once."""
    message = await held(scene, scene.anna, prompt=f"hold <@{scene.ben.id}> @everyone")
    bot.clock.move(61)
    world.faults.next("POST", "messages", lost_answer=True)  # the call, whose loss is not seen
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    (call,) = _calls_for(message, scene)
    assert call.pings == [str(scene.anna.id)]
    assert call.reference is not None
    assert int(call.reference["message_id"]) == message.id
    assert message.pings == []


async def test_whoever_asked_in_private_is_called_in_private(bot: Bot, scene: Harbour) -> None:
    """The line that calls somebody to a private video is seen by that person only."""
    message = await held(scene, scene.anna, private=True)
    bot.clock.move(61)
    await require_sound(bot, await release(bot), JobState.DELIVERED)
    video, call = scene.anna.sees(scene.channel)
    assert video is message
    assert message.videos
    assert call.is_ephemeral
    assert call.pings == [str(scene.anna.id)]
    assert scene.channel.messages == []


async def test_whoever_is_still_there_is_not_called(bot: Bot, scene: Harbour) -> None:
    """A video that comes within a minute comes without a noise."""
    message = await held(scene, scene.anna)
    bot.clock.move(59)
    await require_sound(bot, await release(bot), JobState.DELIVERED)
    assert _calls_for(message, scene) == []


@pytest.mark.parametrize("is_installed", [True, False])
async def test_a_delivery_that_is_made_again_calls_nobody_again(
    bot: Bot, world: LoopbackDiscord, is_installed: bool
) -> None:
    """Where nobody knows whether a delivery was made, it is made again; there is one video, and one call."""
    scene = harbour(world, bot_installed=is_installed)
    message = await held(scene, scene.anna, user_install=not is_installed)
    bot.clock.move(61)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    await bot.adapter.channel.deliver(Answer(job, bot.files.video(job_id), None, attempts=1, in_doubt=True))
    assert len(_calls_for(message, scene)) == 1
    assert video_names(world.messages) == [f"video-{job_id}.mp4"]


async def test_a_call_that_is_refused_does_not_hold_the_video_up(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Whatever happens to the line that calls the person, the video is delivered."""
    message = await held(scene, scene.anna)
    bot.clock.move(61)
    refused = world.faults.next("POST", "messages", status=400, code=50035)
    await require_sound(bot, await release(bot), JobState.DELIVERED)
    assert refused.hits == 1
    assert message.videos


async def test_whoever_cancels_is_not_called(bot: Bot, scene: Harbour, world: LoopbackDiscord) -> None:
    """Whoever ends their own job, however late, is not called before everybody to be told so."""
    message = await held(scene, scene.anna)
    job = await bot.only_job()
    pass_time(bot, 120)
    await bot.services.jobs.cancel(job.requester, job.id)
    await world.until(lambda: "Cancelled" in message.text)
    await until_told(bot, job.id)
    assert scene.channel.messages == [message]


async def test_the_call_comes_where_the_bot_may_not_send(bot: Bot, scene: Harbour, world: LoopbackDiscord) -> None:
    """Where the bot may not send messages by itself the call comes by the command's own right, while that lasts."""
    scene.channel.deny("SEND_MESSAGES")
    message = await held(scene, scene.anna)
    pass_time(bot, 120)
    bot.renderer.release()
    _, call = await world.until(lambda: scene.channel.messages[1:] and scene.channel.messages)
    assert call.pings == [str(scene.anna.id)]
    assert message.videos
