"""What Telegram refuses for a reason that nobody knows ends clearly: with the video, or with a line that says so."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.job import CreditState, JobState
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot
from tests.adapters.telegram.delivering import (
    held,
    named,
    pass_time,
    release,
    require_sound,
    until_told,
    until_tried,
    video_names,
)
from tests.adapters.telegram.line import jpeg
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram

_UNKNOWN = "Bad Request: IMAGE_PROCESS_FAILED"
_MAYBE = "may have arrived"


async def _release_with_cover(bot: Bot, telegram: LoopbackTelegram, method: str) -> str:
    """Let the only render come to its end, and have a picture that can be sent beside its video."""
    telegram.faults.next(method, status=403, html=True)
    telegram.faults.next(method, status=400, description=_UNKNOWN)
    job_id = await release(bot)
    await until_tried(bot, job_id)
    await asyncio.to_thread(bot.files.save_poster, job_id, jpeg(640, 400))
    pass_time(bot)
    return job_id


async def test_a_message_that_does_not_become_the_video_makes_room_for_one(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where the edit is refused for an unknown reason, one new message brings the video, without other pictures."""
    status = await held(scene)
    job_id = await _release_with_cover(bot, telegram, "editMessageMedia")
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert status.deleted
    assert video_names(scene.private.of_bot) == [named(job_id)]
    *_, refused, sent = telegram.calls_to("editMessageMedia", "sendVideo")
    assert (len(refused.files), len(sent.files)) == (3, 1)


async def test_a_new_message_goes_without_its_pictures_where_they_are_refused(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where Telegram refuses a new message once, the video comes without the pictures that go with it."""
    telegram.holds_video_in_text = False
    await held(scene)
    job_id = await _release_with_cover(bot, telegram, "sendVideo")
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(scene.private.of_bot) == [named(job_id)]
    *_, refused, sent = telegram.calls_to("sendVideo")
    assert (len(refused.files), len(sent.files)) == (3, 1)


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_video_that_is_refused_every_way_says_so(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram, is_gone: bool
) -> None:
    """Where nothing is taken the line says so at once, with a way to the video, and Telegram is left in peace."""
    status = await held(scene)
    if is_gone:
        status.delete()
    for method in ("editMessageMedia", "sendVideo"):
        telegram.faults.next(method, status=400, description=_UNKNOWN, count=None)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.UNDELIVERABLE)
    assert job.credits is CreditState.USED
    (line,) = scene.private.of_bot
    assert "Telegram did not take it" in line.text
    assert line.labels == ["Send again"]
    uploads = len(telegram.calls_to("editMessageMedia", "sendVideo"))
    assert uploads <= 2
    pass_time(bot)
    await until_told(bot, job_id)
    telegram.faults.clear()
    await scene.anna.presses(line, "Send again")
    await telegram.until(lambda: line.deleted)
    assert video_names(scene.private.of_bot) == [named(job_id)]


async def test_what_the_bot_is_doing_is_no_reason_to_wait(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where Telegram refuses to be told what the bot is doing, the video comes all the same."""
    status = await held(scene)
    telegram.faults.next("sendChatAction", status=400, description="Bad Request: SOMETHING_NEW", count=None)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([status]) == [named(job_id)]


@pytest.mark.parametrize(
    ("fault", "said"), [({"status": 403, "html": True}, "did not take it"), ({"reset": True}, _MAYBE)]
)
async def test_a_video_that_was_tried_for_too_long_says_so(
    open_bot: OpenBot, scene: Harbour, telegram: LoopbackTelegram, fault: dict[str, int | bool], said: str
) -> None:
    """Where Telegram took no video for a day, its line ends with that, and not with the render's last step."""
    async with open_bot(rules=replace(PLACE_RULES, give_up_after_s=86_400)) as bot:
        status = await held(scene)
        telegram.faults.next("editMessageMedia", count=None, **fault)  # type: ignore[arg-type]
        job_id = await release(bot)
        await until_tried(bot, job_id)
        pass_time(bot, 86_401)
        await require_sound(bot, job_id, JobState.UNDELIVERABLE)
        assert said in status.text
        assert status.labels == ["Send again"]


async def test_a_failure_after_a_doubt_says_both(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a video may have arrived in a new message, and is lost before the next try, the line says both."""
    telegram.holds_video_in_text = False
    status = await held(scene)
    telegram.faults.next("sendVideo", lost_answer=True)
    job_id = await release(bot)
    await until_tried(bot, job_id)
    bot.files.delete_video(job_id)
    pass_time(bot)
    await require_sound(bot, job_id, JobState.FAILED)
    await until_told(bot, job_id)
    assert _MAYBE in status.text
    assert "given back" in status.text
    assert "Send again" not in status.labels
