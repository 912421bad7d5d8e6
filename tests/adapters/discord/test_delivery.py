"""A delivery cannot be lost, and cannot come twice, whatever Discord, the network and people do to it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

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
    require_sound,
    until_all_ended,
    until_told,
    until_tried,
    video_names,
)
from tests.adapters.discord.scenes import Harbour, harbour, has_video
from tests.loopback.discord import LoopbackDiscord, Message

_UNREACHABLE = 12  # no more calls than that for somebody who cannot be reached


@pytest.fixture
def scene(world: LoopbackDiscord) -> Harbour:
    return harbour(world)


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


async def _release(bot: Bot) -> str:
    """Let the only render come to its end; return its job's id."""
    job = await bot.only_job()
    bot.renderer.release()
    return job.id


async def test_the_status_message_becomes_the_video(bot: Bot, scene: Harbour) -> None:
    """The message that showed the progress becomes the video, says how it was made, and offers what can be done."""
    message = await held(scene, scene.anna, seed=7)
    job_id = await _release(bot)
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


@pytest.mark.parametrize(("share", "seed", "count"), [(0.02, 1, 40), (0.5, 2, 16), (0.5, 3, 16)])
async def test_lost_answers_lose_and_double_nothing(
    bot: Bot, world: LoopbackDiscord, scene: Harbour, share: float, seed: int, count: int
) -> None:
    """However many of Discord's answers get lost: each person has one video in the end, and pays for one."""
    world.faults.next("PATCH", "messages", lost_answer=True, count=None, rate=share, random=Random(seed))
    world.faults.next("POST", "messages", lost_answer=True, count=None, rate=share, random=Random(seed))
    for _ in range(count):
        await scene.ask(scene.anna)
    jobs = await until_all_ended(bot)
    assert [job.state for job in jobs] == [JobState.DELIVERED] * count
    assert video_names(world.messages) == sorted(f"video-{job.id}.mp4" for job in jobs)
    assert await bot.broken_promises() == []


async def test_connections_that_break_during_the_upload_cost_nothing(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """An upload that is cut off is made again, and gives one video."""
    message = await held(scene, scene.anna)
    cut = world.faults.next("PATCH", "messages", reset=True, count=2)
    job_id = await _release(bot)
    for tries in (1, 2):
        await until_tried(bot, job_id, tries)
        assert message.videos == []
        pass_time(bot, 40)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert cut.hits == 2
    assert video_names(world.messages) == [f"video-{job_id}.mp4"]


async def test_a_storm_of_server_errors_passes(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """While Discord answers with errors of its own nobody is told a thing; afterwards the video comes, once."""
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    storm = world.faults.next("PATCH", "messages", status=503, count=None)
    job_id = await _release(bot)
    for tries in (1, 2, 3):
        await until_tried(bot, job_id, tries)
        assert storm.hits == tries
        if tries < 3:
            pass_time(bot, 200)
    world.faults.clear()
    pass_time(bot, 200)
    assert (await require_sound(bot, job_id, JobState.DELIVERED)).credits is CreditState.USED
    assert video_names(world.messages) == [f"video-{job_id}.mp4"]
    assert message.videos


async def test_a_long_rate_limit_is_waited_out(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where Discord says to come back after a time, it hears nothing of this video before."""
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    limit = world.faults.next("PATCH", "messages", retry_after=90.0, count=None)
    job_id = await _release(bot)
    left = await until_tried(bot, job_id)
    assert limit.hits == 1
    not_before_ms = await bot.database.read(
        lambda tx: tx.execute("SELECT not_before_ms FROM outbox WHERE job = ?", (job_id,)).fetchone()[0]
    )
    assert not_before_ms - bot.clock.now_ms() >= 90_000
    assert not left.in_doubt
    world.faults.clear()
    pass_time(bot, 120)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert message.videos


async def test_a_short_rate_limit_is_only_a_pause(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A rate limit of moments delays the video by moments, and is no failed try."""
    message = await held(scene, scene.anna)
    limit = world.faults.next("PATCH", "messages", retry_after=0.2, count=2)
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert limit.hits == 2
    assert message.videos


async def test_a_video_that_is_too_large_comes_smaller(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A file that Discord does not take is encoded once more, smaller, and that one comes."""
    message = await held(scene, scene.anna)
    world.faults.next("PATCH", "messages", status=413, code=40005)
    job_id = await _release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    (_, max_bytes), *more = bot.shrinker.calls
    assert more == []
    assert message.videos[0].size_bytes == max_bytes
    assert job.is_shrunk


async def test_a_video_that_stays_too_large_is_paid_back(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Whoever cannot have their video because of its size is told so, and has their credits back."""
    message = await held(scene, scene.anna)
    world.faults.next("PATCH", "messages", status=413, code=40005, count=2)
    job_id = await _release(bot)
    job = await require_sound(bot, job_id, JobState.FAILED)
    await until_told(bot, job_id)
    assert job.credits is CreditState.RETURNED
    assert "too large" in message.text
    assert "given back" in message.text
    assert message.videos == []
    assert "Again" in message.labels


async def test_the_video_comes_after_the_token_is_over(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A render of more than a quarter of an hour ends in the same message, too."""
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([message]) == [f"video-{job_id}.mp4"]
    assert video_names(world.messages) == [f"video-{job_id}.mp4"]


async def test_a_message_whose_number_is_not_known_is_found(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where Discord's answers were lost, so that nobody knows the status message's number, the video is in it still."""
    world.faults.next("POST", "callback", lost_answer=True)
    world.faults.next("GET", "@original", status=404, code=10008)
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([message]) == [f"video-{job_id}.mp4"]


async def test_a_private_video_comes_directly_after_the_token_is_over(bot: Bot, scene: Harbour) -> None:
    """What only one person may see goes to that person alone when its message can no longer be reached."""
    message = await held(scene, scene.anna, private=True)
    assert message.is_ephemeral
    pass_time(bot, TOKEN_OVER_S)
    job_id = await _release(bot)
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
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert message.videos == []
    assert video_names(scene.world.dm(scene.anna).messages) == [f"video-{job_id}.mp4"]


async def test_a_thread_that_was_archived_is_left_alone(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where a thread takes nothing any more, the person has their video in a direct message."""
    await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    world.faults.next("PATCH", "messages", status=400, code=50083)
    job_id = await _release(bot)
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
    job_id = await _release(bot)
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
    job_id = await _release(bot)
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
    job_id = await _release(bot)
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
    job_id = await _release(bot)
    await until_tried(bot, job_id)
    pass_time(bot, 400)
    await require_sound(bot, job_id, JobState.DELIVERED)
    video, note, *_ = scene.channel.messages
    assert video_names(world.messages) == video_names([video]) == [f"video-{job_id}.mp4"]
    assert "may have arrived" in note.text
    assert note.labels == ["Send again"]


async def test_words_that_a_filter_blocks_are_left_out(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where the server's filter does not like the prompt, the video comes without it."""
    message = await held(scene, scene.anna)
    world.faults.next("PATCH", "messages", status=400, code=200000)
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert message.videos
    assert "hold the boats" not in message.text


async def test_a_video_that_a_filter_blocks_is_given_up(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """What the server's filter refuses in any form is given up, and the admins read why."""
    message = await held(scene, scene.anna)
    scene.channel.automod_blocks = True
    before = len(world.calls)
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.UNDELIVERABLE)
    assert message.videos == []
    assert len(world.calls) - before <= _UNREACHABLE
    (notice,) = await bot.services.admin.notices_since(0)
    assert "filter" in notice.message


def _calls_for(message: Message, scene: Harbour) -> list[Message]:
    return [one for one in scene.channel.messages if one is not message]


async def test_whoever_waited_for_more_than_a_minute_is_called_once(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """After a wait of a minute a short line under the video calls whoever asked and nobody else, once."""
    message = await held(scene, scene.anna, prompt=f"hold <@{scene.ben.id}> @everyone")
    bot.clock.move(61)
    world.faults.next("POST", "messages", lost_answer=True)  # the call, whose loss is not seen
    job_id = await _release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    (call,) = _calls_for(message, scene)
    assert call.pings == [str(scene.anna.id)]
    assert call.reference is not None
    assert int(call.reference["message_id"]) == message.id
    assert message.pings == []


async def test_whoever_is_still_there_is_not_called(bot: Bot, scene: Harbour) -> None:
    """A video that comes within a minute comes without a noise."""
    message = await held(scene, scene.anna)
    bot.clock.move(59)
    await require_sound(bot, await _release(bot), JobState.DELIVERED)
    assert _calls_for(message, scene) == []


async def test_a_delivery_that_is_made_again_calls_nobody_again(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Where a delivery must be repeated, the person is called once all the same."""
    message = await held(scene, scene.anna)
    bot.clock.move(61)
    world.faults.next("PATCH", "messages", lost_answer=True)
    job_id = await _release(bot)
    await until_tried(bot, job_id)
    pass_time(bot, 40)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert len(_calls_for(message, scene)) == 1
    assert message.videos


async def test_a_call_that_is_refused_does_not_hold_the_video_up(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Whatever happens to the line that calls the person, the video is delivered."""
    message = await held(scene, scene.anna)
    bot.clock.move(61)
    refused = world.faults.next("POST", "messages", status=400, code=50035)
    await require_sound(bot, await _release(bot), JobState.DELIVERED)
    assert refused.hits == 1
    assert message.videos


async def test_a_restart_brings_what_was_on_its_way(open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A video that could not be sent before the bot was stopped comes after its next start, into the same message."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        outage = world.faults.next("PATCH", "messages", reset=True, count=None)
        job_id = await _release(bot)
        await until_tried(bot, job_id)
    assert outage.hits
    assert message.videos == []
    world.faults.clear()
    async with open_bot(options=hasty(world)) as bot:
        await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([message]) == video_names(world.messages) == [f"video-{job_id}.mp4"]
