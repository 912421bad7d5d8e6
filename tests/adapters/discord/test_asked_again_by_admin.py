"""A job that an admin asks for again, from whatever channel: its message goes on where the old one ended."""

from bot.domain.job import JobState, Requester
from bot.service.roles import Caller
from tests.adapters.discord.conftest import Bot
from tests.adapters.discord.scenes import Harbour, harbour, has_video
from tests.loopback.discord import LoopbackDiscord

ADMIN = Caller(Requester("web", "local"), has_admin_role=True)


async def test_the_message_of_a_failed_job_goes_on(world: LoopbackDiscord, bot: Bot) -> None:
    """Where an admin asks for a failed job again, its message shows the new one being made, and then its video."""
    scene: Harbour = harbour(world)
    message = await (await scene.ask(scene.anna, prompt="hold")).until(lambda one: "10 %" in one.text)
    (old,) = await bot.jobs()
    await bot.services.jobs.cancel(ADMIN, old.id)
    await world.until(lambda: "Cancelled" in message.text)
    await bot.services.admin.run(ADMIN, "retry", {"job": old.id})
    await world.until(lambda: "10 %" in message.text)
    bot.renderer.release()
    await world.until(lambda: has_video(message))
    new = (await bot.jobs())[-1]
    assert (new.id != old.id, new.seed, new.requester.id) == (True, old.seed, old.requester.id)
    assert (await bot.until(new.id)).state is JobState.DELIVERED
    assert scene.channel.messages == [message]


async def test_a_video_stays_where_it_is(world: LoopbackDiscord, bot: Bot) -> None:
    """Where an admin asks for a delivered job again, its message keeps its video; the new one comes by itself."""
    scene: Harbour = harbour(world)
    message = await scene.video(scene.anna)
    (old,) = await bot.jobs()
    await bot.until(old.id)
    await bot.services.admin.run(ADMIN, "retry", {"job": old.id})
    new = (await bot.jobs())[-1]
    assert (await bot.until(new.id)).state is JobState.DELIVERED
    assert [video.filename for video in message.videos] == [f"video-{old.id}.mp4"]
    (direct,) = world.dm(scene.anna).messages
    assert [video.filename for video in direct.videos] == [f"video-{new.id}.mp4"]
