"""Whoever asks hears at once that they were heard, and a job is begun only where they were."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import TOKEN_OVER_S, hasty, held, pass_time, until_all_ended, video_names
from tests.adapters.discord.scenes import PICTURE, Harbour, has_video
from tests.loopback.discord import LoopbackDiscord

_CROWD = 200
_ALLOWED_S = 3.0  # by Discord


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


async def test_two_hundred_at_once_are_all_heard(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """However many ask in the same moment, each is acknowledged in time, and each has one job."""
    await world.until_ready()
    people = [world.user(f"person {number}") for number in range(_CROWD)]
    for person in people:
        scene.guild.join(person)
    sent = [
        await person.command(scene.channel, "animate", image=PICTURE, prompt="hold", wait=False) for person in people
    ]
    await world.until(lambda: all(one.acknowledged_after_s is not None or one.failed for one in sent))
    assert max(one.acknowledged_after_s or _ALLOWED_S for one in sent) < _ALLOWED_S
    jobs = await bot.until_accepted(_CROWD)
    assert len(jobs) == len({job.requester.id for job in jobs}) == _CROWD


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_a_lost_answer_of_the_acknowledgement_is_no_lost_job(
    bot: Bot, world: LoopbackDiscord, scene: Harbour, count: int
) -> None:
    """Where Discord has the acknowledgement and its answers get lost, the person has their video, once."""
    lost = world.faults.next("POST", "callback", lost_answer=True, count=count)
    await (await scene.ask(scene.anna)).until(has_video)
    assert lost.hits == count
    job = await bot.only_job()
    assert video_names(world.messages) == [f"video-{job.id}.mp4"]


async def test_an_error_of_discords_at_the_acknowledgement_is_tried_again(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """An acknowledgement that Discord could not take is given once more, and in time."""
    world.faults.next("POST", "callback", status=500, count=2)
    sent = await scene.ask(scene.anna)
    assert not sent.failed
    await sent.until(has_video)
    assert len(await bot.jobs()) == 1


async def test_who_is_acknowledged_too_late_has_no_job(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """Whoever reads that the application did not respond has nothing begun, and nothing to pay."""
    late = world.faults.next("POST", "callback", status=404, code=10062)
    await world.until_ready()
    await scene.anna.command(scene.channel, "animate", image=PICTURE, wait=False)
    await world.until(lambda: late.hits == 1)
    await scene.video(scene.ben)
    (job,) = await bot.jobs()
    assert job.requester.user == str(scene.ben.id)
    assert len(world.downloads) == 1


async def test_where_the_messages_number_is_lost_the_video_comes_into_it(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """An acknowledgement of which only the fact is known is enough, also for a video that takes long."""
    world.faults.next("POST", "callback", lost_answer=True)
    world.faults.next("GET", "@original", status=404, code=10008)
    message = await held(scene, scene.anna)
    pass_time(bot, TOKEN_OVER_S)
    bot.renderer.release()
    await until_all_ended(bot)
    assert message.videos
    assert len(video_names(world.messages)) == 1


async def test_the_same_command_twice_is_one_job(bot: Bot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A command that Discord hands out twice, as it may after a lost connection, gives one job and one message."""
    sent = await scene.ask(scene.anna, prompt="hold")
    await bot.until_accepted()
    world.world.send("INTERACTION_CREATE", sent.interaction.payload, scene.guild)
    callbacks = world.calls_to("POST", "callback")
    await world.until(lambda: len(world.calls_to("POST", "callback")) > len(callbacks))
    bot.renderer.release()
    await sent.until(has_video)
    await scene.video(scene.ben)
    assert [job.requester.user for job in await bot.jobs()] == [str(scene.anna.id), str(scene.ben.id)]
    assert len(scene.channel.messages) == 2
