"""What stories about deliveries have in common: a bot that is quick to try again, and time that passes at once."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from bot.adapters.discord.adapter import DiscordOptions
from bot.domain.job import Job, JobState
from bot.store import outbox
from bot.store.outbox import Pending
from tests.adapters.discord.conftest import FAST, FAST_CHANNEL_S, Bot
from tests.adapters.discord.scenes import Harbour
from tests.loopback.discord import Channel, LoopbackDiscord, Message, Person
from tests.loopback.house import PATIENCE_S

#: An interaction's token counts for a quarter of an hour.
TOKEN_OVER_S = 15 * 60 + 1
#: Longer than any pause between two tries.
A_WHILE_S = 1000
_LOOK_EVERY_S = 0.005


def hasty(world: LoopbackDiscord) -> DiscordOptions:
    """Return the settings of a bot that pauses for hundredths of a second where it would pause for seconds."""
    pace = replace(FAST, retry_after_s=0.05)
    return DiscordOptions(
        world.token,
        cdn_hosts={world.cdn_host},
        pace=pace,
        channel_every_s=FAST_CHANNEL_S,
        pause_s=0.01,
        identify_every_s=0.01,
    )


async def held(scene: Harbour, person: Person, place: Channel | None = None, **options: Any) -> Message:
    """Return the status message of a render that goes on when the test says so; it shows all that it will till then."""
    sent = await scene.ask(person, place, **{"prompt": "hold the boats", **options})
    return await sent.until(lambda message: "10 %" in message.text)


async def release(bot: Bot) -> str:
    """Let the only render come to its end; return its job's id."""
    job = await bot.only_job()
    bot.renderer.release()
    return job.id


def pass_time(bot: Bot, seconds: float) -> None:
    """Let it be later, and have the bot look at what is due."""
    bot.clock.move(seconds)
    bot.core.machinery.delivery.wake()


async def pending(bot: Bot, job_id: str) -> Pending | None:
    """Return what is still to be sent of a job's end."""
    return await bot.database.read(lambda tx: outbox.find(tx, job_id))


async def until_tried(bot: Bot, job_id: str, times: int = 1) -> Pending:
    """Wait until a delivery has failed so many times; return what is still to be sent."""
    async with asyncio.timeout(PATIENCE_S):
        while True:  # nobody is told of a try that failed
            left = await pending(bot, job_id)
            if left is not None and left.attempts >= times:
                return left
            await asyncio.sleep(_LOOK_EVERY_S)


async def until_put_off(bot: Bot, job_id: str) -> Pending:
    """Wait until the platform has put off the only delivery; return what is still to be sent."""
    async with asyncio.timeout(PATIENCE_S):
        while True:  # nobody is told of that
            if await bot.database.read(partial(outbox.next_due_ms, now_ms=bot.clock.now_ms())) is not None:
                left = await pending(bot, job_id)
                assert left is not None
                return left
            await asyncio.sleep(_LOOK_EVERY_S)


async def until_told(bot: Bot, job_id: str) -> None:
    """Wait until the end of a job that is over has been told, or given up."""
    async with asyncio.timeout(PATIENCE_S):
        while await pending(bot, job_id) is not None:  # noqa: ASYNC110 (as above)
            await asyncio.sleep(_LOOK_EVERY_S)


async def until_all_ended(bot: Bot, seconds_apart: float = A_WHILE_S) -> list[Job]:
    """Let time pass until every job has ended and everybody knows."""
    async with asyncio.timeout(PATIENCE_S * 2):
        while True:
            found = await bot.jobs()
            if all(job.is_over for job in found) and not [job for job in found if await pending(bot, job.id)]:
                return found
            pass_time(bot, seconds_apart)
            await asyncio.sleep(_LOOK_EVERY_S * 10)


def video_names(messages: Iterable[Message]) -> list[str]:
    """Return the names of all videos that a person sees in these messages."""
    return sorted(video.filename for message in messages for video in message.videos)


async def require_sound(bot: Bot, job_id: str, state: JobState) -> Job:
    """Return a job that has ended as it should, with accounts that add up."""
    job = await bot.until(job_id)
    assert job.state is state, (job.state, job.failure)
    assert await bot.broken_promises() == []
    return job
