"""A delivery cannot be lost, and cannot come twice, whatever Discord and the network do to it."""

from collections.abc import AsyncIterator
from random import Random

import pytest

from bot.domain.job import CreditState, JobState
from generation.engines.engine import Phase, Progress
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import (
    TOKEN_OVER_S,
    hasty,
    held,
    pass_time,
    release,
    require_sound,
    until_all_ended,
    until_put_off,
    until_told,
    until_tried,
    video_names,
)
from tests.adapters.discord.scenes import Harbour
from tests.loopback.discord import LoopbackDiscord

_FEW = 12  # calls


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


@pytest.mark.parametrize(("share", "seed", "count"), [(0.02, 1, 40), (0.5, 2, 16), (0.5, 3, 16)])
async def test_lost_answers_lose_and_double_nothing(
    bot: Bot, world: LoopbackDiscord, scene: Harbour, share: float, seed: int, count: int
) -> None:
    """However many of Discord's answers get lost: each person has one video in the end, and pays for one."""
    world.faults.next("PATCH", "messages", lost_answer=True, count=None, rate=share, random=Random(seed))
    world.faults.next("POST", "messages", lost_answer=True, count=None, rate=share, random=Random(seed))
    for _ in range(count):
        await scene.ask(scene.anna)
    await bot.until_accepted(count)
    jobs = await until_all_ended(bot)
    assert [job.state for job in jobs] == [JobState.DELIVERED] * count
    assert video_names(world.messages) == sorted(f"video-{job.id}.mp4" for job in jobs)
    assert await bot.broken_promises() == []


async def test_a_progress_that_is_late_does_not_replace_the_video(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """While an edit with the progress is on its way the video waits, so that it is the last that is shown."""
    message = await held(scene, scene.anna)
    job = await bot.only_job()
    pass_time(bot, TOKEN_OVER_S)
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 5, 10))
    await world.until(lambda: "50 %" in message.text)
    late = world.faults.hold("PATCH", str(message.id))
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 9, 10))
    await world.until(lambda: late.hits == 1)
    bot.renderer.release()
    await scene.video(scene.ben)
    assert len(world.calls_to("PATCH", f"channels/{scene.channel.id}/messages/{message.id}")) == 2
    late.release()
    await require_sound(bot, job.id, JobState.DELIVERED)
    assert message.videos


async def test_connections_that_break_during_the_upload_cost_nothing(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """An upload that is cut off is made again, and gives one video."""
    message = await held(scene, scene.anna)
    cut = world.faults.next("PATCH", "messages", reset=True, count=2)
    job_id = await release(bot)
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
    job_id = await release(bot)
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
    job_id = await release(bot)
    left = await until_put_off(bot, job_id)
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
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert limit.hits == 2
    assert message.videos


async def test_a_video_that_is_too_large_comes_smaller(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A file that Discord does not take is encoded once more, smaller, and that one comes."""
    message = await held(scene, scene.anna)
    world.faults.next("PATCH", "messages", status=413, code=40005)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    (_, max_bytes), *more = bot.shrinker.calls
    assert more == []
    assert message.videos[0].size_bytes == max_bytes
    assert job.is_shrunk


async def test_a_video_that_stays_too_large_is_paid_back(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Whoever cannot have their video because of its size is told so, and has their credits back."""
    message = await held(scene, scene.anna)
    world.faults.next("PATCH", "messages", status=413, code=40005, count=2)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.FAILED)
    await until_told(bot, job_id)
    assert job.credits is CreditState.RETURNED
    assert "too large" in message.text
    assert "given back" in message.text
    assert message.videos == []
    assert "Again" in message.labels


async def test_words_that_a_filter_blocks_are_left_out(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Where the server's filter does not like the prompt, the video comes without it."""
    message = await held(scene, scene.anna)
    world.faults.next("PATCH", "messages", status=400, code=200000)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert message.videos
    assert "hold the boats" not in message.text


async def test_a_video_that_a_filter_blocks_is_given_up(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """What the server's filter refuses in any form is given up, and the admins read why."""
    message = await held(scene, scene.anna)
    scene.channel.automod_blocks = True
    before = len(world.calls)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.UNDELIVERABLE)
    assert message.videos == []
    assert len(world.calls) - before <= _FEW
    (notice,) = await bot.services.admin.notices_since(0)
    assert "filter" in notice.message


async def test_a_restart_brings_what_was_on_its_way(open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A video that could not be sent before the bot was stopped comes after its next start, into the same message."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        outage = world.faults.next("PATCH", "messages", reset=True, count=None)
        job_id = await release(bot)
        await until_tried(bot, job_id)
    assert outage.hits
    assert message.videos == []
    world.faults.clear()
    async with open_bot(options=hasty(world)) as bot:
        await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([message]) == video_names(world.messages) == [f"video-{job_id}.mp4"]
