"""A delivery cannot be lost, and cannot come twice, whatever Telegram and the network do to it."""

from random import Random

import pytest

from bot.domain.job import CreditState, JobState
from generation.engines.engine import Phase, Progress
from tests.adapters.telegram.conftest import Bot, OpenBot
from tests.adapters.telegram.delivering import (
    held,
    named,
    pass_time,
    release,
    require_sound,
    until_all_ended,
    until_put_off,
    until_tried,
    video_names,
    wish,
)
from tests.adapters.telegram.scenes import Harbour, answers
from tests.loopback.telegram import LoopbackTelegram, Message

_MAYBE = "may have arrived"


def lose(telegram: LoopbackTelegram, share: float, seed: int) -> None:
    """Have a share of the answers to all that shows something get lost."""
    for method in ("sendMessage", "editMessageText", "editMessageMedia", "sendVideo", "deleteMessage"):
        telegram.faults.next(method, lost_answer=True, count=None, rate=share, random=Random(f"{method} {seed}"))


@pytest.mark.parametrize(("share", "seed", "count"), [(0.02, 1, 30), (0.5, 2, 12), (0.5, 3, 12)])
@pytest.mark.parametrize("holds_video_in_text", [True, False])
async def test_lost_answers_lose_and_double_nothing(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram, share: float, seed: int, count: int, holds_video_in_text: bool
) -> None:
    """However many of Telegram's answers get lost: each request has one video, or one line that may be without it."""
    telegram.holds_video_in_text = holds_video_in_text
    lose(telegram, share, seed)
    asked = [wish(scene, scene.anna, scene.private, f"boats {number}") for number in range(count)]
    await bot.until_accepted(count)
    jobs = await until_all_ended(bot)
    assert [job.state for job in jobs] == [JobState.DELIVERED] * count
    for one in asked:
        videos = video_names(answers(one))
        assert len(videos) <= 1
        assert videos or any(_MAYBE in line.text for line in answers(one))
    if holds_video_in_text:  # where all is edited there is no doubt
        assert video_names(telegram.messages) == sorted(named(job.id) for job in jobs)
    assert await bot.broken_promises() == []


async def test_where_nobody_can_look_the_video_may_have_arrived(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where a new message with a video may be there already the bot says so, sends no second one, and offers it."""
    status = await held(scene)
    status.delete()
    telegram.faults.next("sendVideo", lost_answer=True)
    job_id = await release(bot)
    await until_tried(bot, job_id)
    pass_time(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    video, line = scene.private.of_bot
    assert video_names([video]) == [named(job_id)]
    assert _MAYBE in line.text
    assert line.labels == ["Send again"]
    await scene.anna.presses(line, "Send again")
    await telegram.until(lambda: line.deleted)
    assert video_names(scene.private.of_bot) == [named(job_id)] * 2


@pytest.mark.parametrize("is_sent", [False, True])
async def test_a_death_while_a_new_message_is_sent_doubles_nothing(
    open_bot: OpenBot, scene: Harbour, telegram: LoopbackTelegram, is_sent: bool
) -> None:
    """Where the bot dies while a new message with the video is on its way, it sends no second one, and says so."""
    telegram.holds_video_in_text = False
    async with open_bot() as bot:
        status = await held(scene)
        job_id = await release(bot)
        if is_sent:
            telegram.faults.next("sendVideo", lost_answer=True, count=None)
        else:
            telegram.faults.next("sendVideo", reset=True, count=None)
        await until_tried(bot, job_id)
    telegram.faults.clear()
    async with open_bot() as bot:
        await require_sound(bot, job_id, JobState.DELIVERED)
    assert _MAYBE in status.text
    assert video_names(telegram.messages) == ([named(job_id)] if is_sent else [])


async def test_what_telegram_has_refused_is_sent_again(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """A new message that Telegram has clearly not taken is sent later, as if nothing had been."""
    telegram.holds_video_in_text = False
    await held(scene)
    telegram.faults.next("sendVideo", retry_after=30)
    job_id = await release(bot)
    left = await until_put_off(bot, job_id)
    assert not left.in_doubt
    pass_time(bot)
    del bot.adapter._limiter._lanes[scene.private.id]  # the clock of flood waits is no story's to move
    pass_time(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    (video,) = scene.private.of_bot
    assert video_names([video]) == [named(job_id)]


async def test_a_progress_that_is_late_does_not_replace_the_video(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """While an edit with the progress is on its way the video waits, so that it is the last that is shown."""
    status = await held(scene)
    job = await bot.only_job()
    late = telegram.faults.hold("editMessageText")
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 9, 10))
    await telegram.until(lambda: late.hits == 1)
    bot.renderer.release()
    await scene.video(scene.ben)
    assert telegram.calls_to("editMessageMedia") == [
        call for call in telegram.calls_to("editMessageMedia") if call.chat_id == scene.bens.id
    ]
    late.release()
    await require_sound(bot, job.id, JobState.DELIVERED)
    assert status.video is not None


async def test_connections_that_break_during_the_upload_cost_nothing(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """An upload that is cut off is made again, and gives one video."""
    status = await held(scene)
    cut = telegram.faults.next("editMessageMedia", reset=True, count=2)
    job_id = await release(bot)
    for tries in (1, 2):
        await until_tried(bot, job_id, tries)
        assert status.video is None
        pass_time(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert cut.hits == 2
    assert video_names(telegram.messages) == [named(job_id)]


async def test_a_failure_below_a_video_that_did_arrive(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a video had arrived unnoticed and is then refused for its size, what is told stands below it."""
    status = await held(scene)
    telegram.faults.next("editMessageMedia", lost_answer=True)
    telegram.faults.next("editMessageMedia", status=413, count=2)
    job_id = await release(bot)
    await until_tried(bot, job_id)
    pass_time(bot)
    await require_sound(bot, job_id, JobState.FAILED)
    await telegram.until(lambda: "given back" in status.caption)
    assert status.video is not None


@pytest.mark.parametrize("is_page", [False, True])
async def test_a_storm_of_server_errors_passes(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram, is_page: bool
) -> None:
    """While Telegram answers with errors of its own, or a gateway with pages, nobody is told; then the video comes."""
    status = await held(scene)
    storm = telegram.faults.next("editMessageMedia", status=502, html=is_page, count=None)
    job_id = await release(bot)
    for tries in (1, 2, 3):
        await until_tried(bot, job_id, tries)
        assert storm.hits == tries
        if tries < 3:
            pass_time(bot)
    telegram.faults.clear()
    pass_time(bot)
    assert (await require_sound(bot, job_id, JobState.DELIVERED)).credits is CreditState.USED
    assert scene.private.of_bot[0] is status
    assert video_names([status]) == video_names(telegram.messages) == [named(job_id)]


async def test_edits_that_are_refused_keep_nobody_else_waiting(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """While Telegram refuses the edits of one chat for a time, the video of another chat goes through at once."""
    status = await held(scene)
    job = await bot.only_job()
    refused = telegram.faults.next("editMessageText", chat=scene.private.id, retry_after=60, count=None)
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 9, 10))
    await telegram.until(lambda: refused.hits == 1)
    bens = wish(scene, scene.ben, scene.bens, "boats")
    bot.renderer.release()
    await scene.video_of(bens)
    before = [call for call in telegram.calls if call.chat_id == scene.private.id]
    assert before[-1].status == 429  # since then the bot has left that chat in peace
    assert status.video is None


async def test_a_restart_brings_what_was_on_its_way(
    open_bot: OpenBot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """A video that could not be sent before the bot was stopped comes after its next start, into the same message."""
    async with open_bot() as bot:
        status = await held(scene)
        telegram.faults.next("editMessageMedia", reset=True, count=None)
        job_id = await release(bot)
        await until_tried(bot, job_id)
    assert status.video is None
    telegram.faults.clear()
    async with open_bot() as bot:
        await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([status]) == video_names(telegram.messages) == [named(job_id)]


async def test_a_second_status_line_goes_when_it_is_pressed(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where a status line came twice, a press on the one that nobody follows counts, and takes it away."""
    telegram.faults.next("sendMessage", lost_answer=True)
    asked = wish(scene, scene.anna, scene.private, "hold the boats")

    def lines() -> list[Message]:
        return [one for one in answers(asked) if one.labels == ["Cancel"]]

    await telegram.until(lambda: len(lines()) == 2)
    stray, followed = lines()
    await telegram.until(lambda: "10 %" in followed.text)
    pressed = await scene.anna.presses(stray, "Cancel")
    assert pressed.text == ""
    await telegram.until(lambda: stray.deleted and "Cancelled." in followed.text)
    assert (await bot.only_job()).state is JobState.CANCELLED
