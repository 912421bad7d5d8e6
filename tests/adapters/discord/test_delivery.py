"""A delivery finds its person, by whichever way is open, or ends clearly."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.adapters.discord.card import Shows, video_card
from bot.domain.job import CreditState, JobState
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import (
    A_WHILE_S,
    TOKEN_OVER_S,
    hasty,
    held,
    pass_time,
    pending,
    release,
    require_sound,
    until_all_ended,
    until_tried,
    video_names,
)
from tests.adapters.discord.scenes import Harbour, harbour, has_video
from tests.loopback.discord import LoopbackDiscord

_UNREACHABLE = 12  # no more calls than that for somebody who cannot be reached


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


async def test_the_status_message_becomes_the_video(bot: Bot, scene: Harbour) -> None:
    """The message that showed the progress becomes the video, says how it was made, and offers what can be done."""
    message = await held(scene, scene.anna, seed=7)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert scene.channel.messages == [message]
    assert video_names([message]) == [f"video-{job_id}.mp4"]
    assert message.videos[0].data == bot.files.video(job_id).read_bytes()
    assert "hold the boats" in message.text
    assert "camera move, no AI, seed 7, " in message.text
    assert "made in 2 s" in message.text
    assert "Cancel" not in message.labels
    assert {"Again", "Edit prompt", "Delete", "Report"} <= set(message.labels)
    assert message.pings == []


async def test_a_video_of_a_model_says_that_it_is_ai_generated(bot: Bot, scene: Harbour) -> None:
    """Whatever a model has drawn is called AI-generated, with the model's name."""
    await scene.video(scene.anna)
    job = await bot.only_job()
    assert job.video is not None
    drawn = replace(job, video=replace(job.video, used_ai=True, model="ltx-2b"))
    card = str(video_card(drawn, Shows()).to_components())  # type: ignore[no-untyped-call]
    assert f"AI-generated (ltx-2b), seed {job.seed}" in card


async def test_the_video_comes_after_the_token_is_over(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A render of more than a quarter of an hour ends in the same message, too."""
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([message]) == [f"video-{job_id}.mp4"]
    assert video_names(world.messages) == [f"video-{job_id}.mp4"]


async def test_a_message_that_nobody_can_find_is_replaced_where_it_was(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Where neither the message's number is known nor its token counts, a new message in the channel has the video."""
    world.faults.next("POST", "callback", lost_answer=True)
    world.faults.next("GET", "@original", status=404, code=10008)
    world.faults.next("PATCH", "/webhooks/", status=401, code=50027, count=None)
    sent = await scene.ask(scene.anna)
    job_id = (await bot.until_accepted())[0].id
    await require_sound(bot, job_id, JobState.DELIVERED)
    thinking, video = scene.channel.messages
    assert thinking is sent.response
    assert video_names(world.messages) == video_names([video]) == [f"video-{job_id}.mp4"]


async def test_a_private_video_comes_directly_after_the_token_is_over(bot: Bot, scene: Harbour) -> None:
    """What only one person may see goes to that person alone when its message can no longer be reached."""
    message = await held(scene, scene.anna, private=True)
    assert message.is_ephemeral
    pass_time(bot, TOKEN_OVER_S)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert scene.channel.messages == []
    assert video_names(scene.world.dm(scene.anna).messages) == [f"video-{job_id}.mp4"]


async def test_where_the_bot_is_not_the_video_comes_in_time_or_directly(bot: Bot, world: LoopbackDiscord) -> None:
    """Whoever brought the bot along has the video in the message, and after a quarter of an hour directly."""
    scene = harbour(world, bot_installed=False)
    message = await (await scene.ask(scene.anna, user_install=True)).until(has_video)
    assert scene.channel.messages == [message]
    late = await held(scene, scene.ben, user_install=True)
    pass_time(bot, TOKEN_OVER_S)
    bot.renderer.release()
    await until_all_ended(bot)
    assert late.videos == []
    (direct,) = world.dm(scene.ben).messages
    assert video_names([direct]) == [f"video-{(await bot.jobs())[1].id}.mp4"]
    assert await bot.broken_promises() == []


@pytest.mark.parametrize("permission", ["VIEW_CHANNEL", "ATTACH_FILES"])
async def test_a_bot_that_may_not_write_where_it_was_asked_writes_directly(
    bot: Bot, scene: Harbour, permission: str
) -> None:
    """Where the bot may see or attach nothing any more, the person has their video in a direct message."""
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    scene.channel.deny(permission)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert message.videos == []
    assert video_names(scene.world.dm(scene.anna).messages) == [f"video-{job_id}.mp4"]


async def test_a_thread_that_was_archived_is_left_alone(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where a thread takes nothing any more, the person has their video in a direct message."""
    await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    world.faults.next("PATCH", "messages", status=400, code=50083)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(world.dm(scene.anna).messages) == [f"video-{job_id}.mp4"]


@pytest.mark.parametrize("loss", ["closed", "kicked", "deleted"])
async def test_whoever_cannot_be_reached_costs_a_few_calls(
    bot: Bot, world: LoopbackDiscord, scene: Harbour, loss: str
) -> None:
    """A video whose person is out of reach is given up at once: the admins read why, and Discord is left in peace."""
    await held(scene, scene.anna, private=loss == "closed")
    pass_time(bot, TOKEN_OVER_S)
    scene.anna.close_dms()
    if loss == "kicked":
        scene.guild.kick_bot()
    if loss == "deleted":
        scene.channel.delete()
    before = len(world.calls)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.UNDELIVERABLE)
    assert job.credits is CreditState.USED
    for _ in range(3):
        pass_time(bot, A_WHILE_S)
    assert await pending(bot, job_id) is None
    assert 0 < len(world.calls) - before <= _UNREACHABLE
    (notice,) = await bot.services.admin.notices_since(0)
    assert job_id in notice.message
    assert video_names(world.messages) == []


@pytest.mark.parametrize("loss", ["kicked", "deleted"])
async def test_a_place_that_is_gone_does_not_take_the_video_along(bot: Bot, scene: Harbour, loss: str) -> None:
    """Whoever asked in a channel that is gone, or in a server that the bot has left, has the video directly."""
    await held(scene, scene.anna)
    if loss == "kicked":
        scene.guild.kick_bot()
    else:
        scene.channel.delete()
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(scene.world.dm(scene.anna).messages) == [f"video-{job_id}.mp4"]


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_status_message_that_was_deleted_comes_anew_once(
    bot: Bot, world: LoopbackDiscord, scene: Harbour, is_late: bool
) -> None:
    """Where somebody has deleted the status message, one new one brings the video, though an answer was lost."""
    message = await held(scene, scene.anna)
    if is_late:
        pass_time(bot, TOKEN_OVER_S)
    message.delete()
    lost = world.faults.next("POST", "messages", lost_answer=True)
    job_id = await release(bot)
    await until_tried(bot, job_id)
    assert lost.hits == 1
    pass_time(bot, 400)  # so late that Discord does not know the nonce any more
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(world.messages) == [f"video-{job_id}.mp4"]
    assert video_names(scene.channel.messages) == [f"video-{job_id}.mp4"]


async def test_where_nobody_can_look_the_video_may_have_arrived(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Where a video may be there already and the bot may not read, it says so, and sends no second one."""
    message = await held(scene, scene.anna)
    message.delete()
    scene.channel.deny("READ_MESSAGE_HISTORY")
    world.faults.next("POST", "messages", lost_answer=True)
    job_id = await release(bot)
    await until_tried(bot, job_id)
    pass_time(bot, 400)
    await require_sound(bot, job_id, JobState.DELIVERED)
    video, note, *_ = scene.channel.messages
    assert video_names(world.messages) == video_names([video]) == [f"video-{job_id}.mp4"]
    assert "may have arrived" in note.text
    assert note.labels == ["Send again"]
