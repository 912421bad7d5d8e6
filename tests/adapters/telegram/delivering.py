"""What stories about deliveries have in common: renders that hold, time that passes at once, whose video is where."""

import asyncio
from collections.abc import Iterable
from functools import partial

from bot.domain.job import Job, JobState
from bot.store import outbox
from bot.store.outbox import Pending
from tests.adapters.telegram.conftest import Bot
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.house import PATIENCE_S
from tests.loopback.telegram import Chat, Message, Person, Topic

#: Longer than any pause between two tries.
A_WHILE_S = 1000
#: After so long Telegram lets nobody take a message back.
TWO_DAYS_S = 48 * 3600 + 1
_LOOK_EVERY_S = 0.005


def wish(scene: Harbour, person: Person, place: Chat | Topic, prompt: str) -> Message:
    """Have somebody send the picture, in a group with the command that it takes there."""
    is_group = not (isinstance(place, Chat) and place.kind == "private")
    caption = f"/animate@{scene.telegram.me.username} {prompt}" if is_group else prompt
    return person.sends_photo(place, b"a picture, as any other", caption)


async def held(scene: Harbour, place: Chat | Topic | None = None, prompt: str = "hold the boats") -> Message:
    """Return the status message of a render that goes on when the test says so; it shows all that it will till then."""
    asked = wish(scene, scene.anna, place or scene.private, prompt)
    status = await scene.answer_to(asked)
    await scene.telegram.until(lambda: "10 %" in status.text, about="the progress")
    return status


async def release(bot: Bot) -> str:
    """Let the only render come to its end; return its job's id."""
    job = await bot.only_job()
    bot.renderer.release()
    return job.id


def pass_time(bot: Bot, seconds: float = A_WHILE_S) -> None:
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


async def until_all_ended(bot: Bot) -> list[Job]:
    """Let time pass until every job has ended and everybody knows."""
    async with asyncio.timeout(PATIENCE_S * 3):
        while True:
            found = await bot.jobs()
            if all(job.is_over for job in found) and not [job for job in found if await pending(bot, job.id)]:
                return found
            pass_time(bot)
            await asyncio.sleep(_LOOK_EVERY_S * 10)


def video_names(messages: Iterable[Message]) -> list[str]:
    """Return the names of all videos that are to be seen in these messages."""
    return sorted(one.video.file_name for one in messages if one.video is not None)


def named(job_id: str) -> str:
    """Return the name of a job's video."""
    return f"video-{job_id}.mp4"


async def require_sound(bot: Bot, job_id: str, state: JobState) -> Job:
    """Return a job that has ended as it should, with accounts that add up."""
    job = await bot.until(job_id)
    assert job.state is state, (job.state, job.failure)
    assert await bot.broken_promises() == []
    return job
