"""However the connection is lost, refused or ended: nothing is done twice, and the operator is told when needed."""

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.discord.adapter import DiscordClosed
from bot.domain.job import JobState
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import (
    TOKEN_OVER_S,
    hasty,
    held,
    pass_time,
    require_sound,
    until_tried,
    video_names,
)
from tests.adapters.discord.scenes import PICTURE, Harbour, has_video
from tests.loopback.discord import LoopbackDiscord
from tests.loopback.house import PATIENCE_S


async def _is_closed(bot: Bot) -> str:
    """Wait until the adapter has given up, and return what the operator reads."""
    with pytest.raises(DiscordClosed) as closed:
        await asyncio.wait_for(asyncio.shield(bot.running), PATIENCE_S)
    return closed.value.reason


async def test_a_connection_that_is_resumed_brings_what_was_missed(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """A command that was sent while the connection was away is heard once, when it is back."""
    async with open_bot(options=hasty(world)) as bot:
        await scene.video(scene.anna)
        await world.gateway.drop(resumable=True)
        sent = await scene.anna.command(scene.channel, "animate", image=PICTURE, prompt="missed", wait=False)
        await sent.until(has_video)
        (resumed,) = world.gateway.resumes
        assert resumed.accepted
        assert resumed.replayed == 1
        assert [job.prompt for job in await bot.jobs()] == ["the boats sway", "missed"]
        assert len(world.gateway.identifies) == 1
        assert len(scene.channel.messages) == 2


@pytest.mark.parametrize("loss", ["invalid", "dropped", "cut", "asked"])
async def test_a_connection_that_is_lost_comes_back(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour, loss: str
) -> None:
    """However a connection ends: it comes back by itself, what was begun goes on, and nothing is begun twice."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        before = len(world.gateway.identifies) + len(world.gateway.resumes)
        match loss:
            case "invalid":
                world.gateway.invalidate()
            case "dropped":
                await world.gateway.drop(resumable=False)
            case "cut":
                world.gateway.cut()
            case _:
                world.gateway.ask_to_reconnect()
        await world.until(lambda: len(world.gateway.identifies) + len(world.gateway.resumes) > before)
        await world.until(lambda: world.gateway.is_ready)
        bot.renderer.release()
        await scene.video(scene.ben)
        await world.until(lambda: message.videos)
        jobs = await bot.jobs()
        assert video_names(world.messages) == sorted(f"video-{job.id}.mp4" for job in jobs)
        assert [job.requester.user for job in jobs] == [str(scene.anna.id), str(scene.ben.id)]
        assert len(scene.channel.messages) == 2


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/users/@me", {"status": 503}),
        ("/users/@me", {"reset": True}),
        ("/applications/@me", {"lost_answer": True}),
        ("/gateway/bot", {"status": 503}),
        ("/gateway/bot", {"reset": True}),
    ],
)
async def test_a_login_that_fails_is_tried_again(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour, path: str, fault: dict[str, int | bool]
) -> None:
    """A bot that is started while Discord is away waits for it, and then works."""
    failed = world.faults.next("GET", path, count=3, **fault)  # type: ignore[arg-type]
    async with open_bot(options=hasty(world)):
        await world.until(lambda: world.gateway.is_ready)
        assert failed.hits == 3
        await scene.video(scene.anna)


async def test_a_handshake_that_fails_is_tried_again(open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour) -> None:
    """A gateway that does not take the first connection is tried again, and then works."""
    world.gateway.refuse_next_handshake()
    async with open_bot(options=hasty(world)):
        await world.until(lambda: world.gateway.is_ready)
        assert world.gateway.handshakes_refused == 1
        await scene.video(scene.anna)


async def test_a_token_that_is_not_valid_ends_the_adapter_at_once(open_bot: OpenBot, world: LoopbackDiscord) -> None:
    """With a token that was revoked before the start the operator is told, and Discord is asked once."""
    options = hasty(world)
    await world.revoke_token()
    async with open_bot(options=options, is_online=False) as bot:
        assert await _is_closed(bot) == "the token is not valid"
    assert len(world.calls) == 1


async def test_a_token_that_is_revoked_ends_the_adapter_and_keeps_the_jobs(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """When the token is revoked the operator is told once; with the new one what was accepted is delivered."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        job = await bot.only_job()
        before = len(world.calls)
        token = await world.revoke_token()
        assert "4004" in await _is_closed(bot)
        assert len(world.calls) - before <= 2
        pass_time(bot, TOKEN_OVER_S)
        bot.renderer.release()
        await until_tried(bot, job.id)
        assert message.videos == []
        assert len(world.calls) - before <= 2
    async with open_bot(options=replace(hasty(world), token=token)) as bot:
        await require_sound(bot, job.id, JobState.DELIVERED)
    assert video_names(world.messages) == [f"video-{job.id}.mp4"]


async def test_a_token_that_is_refused_in_a_call_ends_the_adapter(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Where Discord refuses the bot's token in any call the operator is told, and the video stays on its way."""
    async with open_bot(options=hasty(world)) as bot:
        await held(scene, scene.anna)
        job = await bot.only_job()
        pass_time(bot, TOKEN_OVER_S)
        world.faults.next("PATCH", "/channels/", status=401, count=None)
        bot.renderer.release()
        assert await _is_closed(bot) == "the token was revoked"
        left = await until_tried(bot, job.id)
        assert not left.in_doubt
        assert (await bot.job(job.id)).state is JobState.RENDERED


async def test_an_interaction_token_that_is_refused_ends_nothing(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """A refusal of one interaction's token is about that interaction: the video comes by the bot's own token."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        world.faults.next("PATCH", "/webhooks/", status=401, count=None)
        bot.renderer.release()
        await world.until(lambda: message.videos)
        assert not bot.running.done()


async def test_what_waits_comes_as_soon_as_the_network_is_back(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """A video that could not be sent while nothing could be reached comes with the connection, not minutes later."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        job = await bot.only_job()
        world.faults.next("*", "/", reset=True, count=None)
        bot.renderer.release()
        await until_tried(bot, job.id, 1)
        world.faults.clear()
        assert message.videos == []  # its time has not come: the clock stands still
        world.gateway.cut()
        await world.until(lambda: message.videos)


async def test_a_network_that_goes_away_for_a_while_costs_nothing(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """While nothing can be reached, what is rendered waits; afterwards it comes, once, and new requests are heard."""
    async with open_bot(options=hasty(world)) as bot:
        message = await held(scene, scene.anna)
        job = await bot.only_job()
        away = world.faults.next("*", "/", reset=True, count=None)
        world.gateway.cut()
        bot.renderer.release()
        await until_tried(bot, job.id, 1)
        pass_time(bot, 40)
        await until_tried(bot, job.id, 2)
        assert away.hits
        world.faults.clear()
        pass_time(bot, 150)
        await require_sound(bot, job.id, JobState.DELIVERED)
        assert video_names([message]) == video_names(world.messages) == [f"video-{job.id}.mp4"]
        await world.until(lambda: world.gateway.is_ready)
        await scene.video(scene.ben)
