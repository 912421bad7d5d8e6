"""The message of a job that waits or runs says how it is, and is edited only when it has something new to say."""

import asyncio
from dataclasses import replace

import pytest

from bot.adapters.telegram import posts, request
from bot.adapters.telegram.address import Address
from bot.adapters.telegram.limiter import Urgency
from bot.adapters.telegram.status import DRAWING_LIMIT_S, TelegramPainter
from bot.domain.job import JobState, Requester
from bot.service.roles import Caller
from bot.service.status_message import Budget, OutOfReach, StatusMessage
from generation.engines.engine import Phase, Progress
from tests.adapters.telegram.conftest import FAST, Bot, OpenBot, quick
from tests.adapters.telegram.delivering import held, named, release, require_sound, video_names, wish
from tests.adapters.telegram.scenes import Harbour, answers
from tests.loopback.house import PATIENCE_S
from tests.loopback.telegram import LoopbackTelegram

_LOOK_EVERY_S = 0.005
ADMIN = Caller(Requester("web", "local"), has_admin_role=True)


def painter_of(bot: Bot) -> TelegramPainter:
    """Return a painter of the bot's own, which paints when it is told to."""
    return TelegramPainter(bot.services, bot.adapter._posts, bot.clock, lambda: 0.0)


async def message_of(bot: Bot) -> StatusMessage[Address]:
    """Return the message of the newest job, of which nobody knows yet how it looks."""
    job = (await bot.jobs())[-1]
    return StatusMessage(job.id, job.requester, Address.of(job))


async def address_of(bot: Bot) -> Address:
    """Return where the newest job's row says that its message is."""
    return Address.of((await bot.jobs())[-1])


async def until_noted(bot: Bot, message: int) -> None:
    """Wait until the newest job's row says where its message is."""
    async with asyncio.timeout(PATIENCE_S):
        while (await address_of(bot)).message != message:  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(_LOOK_EVERY_S)


async def test_the_status_message_follows_its_job(bot: Bot, scene: Harbour) -> None:
    """One message answers the request, shows the progress, and can end the job."""
    status = await held(scene)
    job = await bot.only_job()
    assert status.text.startswith("hold the boats\nbalanced, 5.0 s, ")
    assert status.labels == ["Cancel"]
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 5, 10))
    await scene.telegram.until(lambda: "50 %" in status.text)
    assert "Drawing the frames." in status.text
    assert scene.private.of_bot == [status]
    await until_noted(bot, status.id)
    assert "record_video" in [action.action for action in scene.private.actions]


async def test_who_waits_sees_their_place(bot: Bot, scene: Harbour) -> None:
    """Whoever waits reads how many go before them, and why nothing moves."""
    await held(scene)
    second = await scene.answer_to(wish(scene, scene.ben, scene.bens, "hold two"))
    await scene.telegram.until(lambda: "Next in line." in second.text)
    await bot.services.admin.run(ADMIN, "pause", {})
    await scene.telegram.until(lambda: "The queue is paused" in second.text)
    assert scene.bens.actions == []


async def test_in_a_group_nothing_is_recorded_for_all(bot: Bot, scene: Harbour) -> None:
    """In a group the chat's head does not say for minutes that a video is being recorded."""
    status = await held(scene, scene.group)
    await until_noted(bot, status.id)
    assert await painter_of(bot).paint(await message_of(bot))
    assert scene.group.actions == []


async def test_what_looks_the_same_is_not_sent(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """An edit that would change nothing is not made; that a second passes changes nothing."""
    await scene.video(scene.ben)  # now the bot knows how long one takes
    status = await held(scene)
    await telegram.until(lambda: "Ready in about 2 s." in status.text)
    painter, message = painter_of(bot), await message_of(bot)
    assert await painter.paint(message)
    before = len(telegram.calls_to("editMessageText"))
    bot.clock.move(1)
    assert await painter.paint(message)
    assert len(telegram.calls_to("editMessageText")) == before
    bot.services.board.show_progress(message.job_id, message.requester.id, Progress(Phase.DRAW, 9, 10))
    assert await painter.paint(message)
    assert len(telegram.calls_to("editMessageText")) > before


async def test_where_a_message_is_is_noted_until_it_is_written(bot: Bot, scene: Harbour) -> None:
    """Where a full disk kept the message's number from being written, the next look at it writes it."""
    status = await held(scene)
    await until_noted(bot, status.id)
    message = await message_of(bot)
    await bot.services.jobs.set_address(message.job_id, str(replace(message.address, message=0)))
    assert await painter_of(bot).paint(message)
    assert await address_of(bot) == message.address


async def test_a_message_that_is_gone_is_out_of_reach(bot: Bot, scene: Harbour) -> None:
    """A status message that was deleted, or whose chat is closed, is not drawn any more."""
    status = await held(scene)
    await until_noted(bot, status.id)
    status.delete()
    with pytest.raises(OutOfReach):
        await painter_of(bot).paint(await message_of(bot))
    scene.anna.blocks()
    with pytest.raises(OutOfReach):
        await painter_of(bot).paint(await message_of(bot))


async def test_a_status_message_that_could_not_be_sent_comes_later(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where Telegram does not take the first message, the job is kept, and its message comes when it does."""
    refused = telegram.faults.next("sendMessage", status=500, count=2)
    status = await held(scene)
    assert refused.hits == 2
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert scene.private.of_bot == [status]


async def test_a_deleted_status_message_stays_away(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Whoever deletes the status message is sent no other one until there is a video."""
    status = await held(scene)
    job = await bot.only_job()
    status.delete()
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 9, 10))
    await telegram.until(lambda: any(call.status == 400 for call in telegram.calls_to("editMessageText")))
    assert scene.private.of_bot == []
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(scene.private.of_bot) == [named(job_id)]


async def test_a_group_that_moves_takes_its_status_along(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a group becomes a supergroup while a video is made, its status goes on in the new one."""
    await held(scene, scene.group)
    job = await bot.only_job()
    new = scene.group.migrates()
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 9, 10))
    await telegram.until(lambda: any("90 %" in one.text for one in new.of_bot))
    job = await bot.until(await release(bot))
    assert job.state is JobState.DELIVERED
    assert video_names(new.of_bot) == [named(job.id)]
    assert len(new.of_bot) == 1


async def test_after_a_restart_the_same_message_goes_on(open_bot: OpenBot, scene: Harbour) -> None:
    """A job that was under way when the bot was stopped goes on in its message after the next start."""
    async with open_bot(works=False) as bot:
        status = await scene.answer_to(wish(scene, scene.anna, scene.private, "boats"))
        await until_noted(bot, status.id)
    async with open_bot() as bot:
        await scene.telegram.until(lambda: status.video is not None)
        assert scene.private.of_bot == [status]


async def test_what_an_admin_asks_for_again_comes_by_itself(bot: Bot, scene: Harbour) -> None:
    """A delivered job that an admin asks for again leaves the old video alone, and the new one comes beside it."""
    message = await scene.video()
    old = await bot.until((await bot.only_job()).id)
    await bot.services.admin.run(ADMIN, "retry", {"job": old.id})
    new = (await bot.jobs())[-1]
    await require_sound(bot, new.id, JobState.DELIVERED)
    assert video_names(scene.private.of_bot) == sorted([named(old.id), named(new.id)])
    assert message.video is not None
    assert message.video.file_name == named(old.id)


async def test_many_pictures_at_once_have_their_lines_at_once(open_bot: OpenBot, scene: Harbour) -> None:
    """However slowly messages are edited, the first line of each of several wishes comes at once."""
    slow = replace(FAST, edit_every_s=1_000.0)
    async with open_bot(options=quick(scene.telegram, pace=slow), works=False):
        asked = [wish(scene, scene.anna, scene.private, f"boat {number}") for number in range(5)]
        await scene.telegram.until(lambda: all(answers(one) for one in asked))


async def test_edits_of_a_chat_share_one_budget(bot: Bot) -> None:
    """Edits are counted by chat, in groups more slowly than in private; first messages as the chat takes them."""
    painter = TelegramPainter(bot.services, bot.adapter._posts, bot.clock, lambda: 0.0)
    anna = Requester("telegram", "1")

    def budget(address: Address) -> object:
        return painter.budget(StatusMessage("a" * 20, anna, address))

    assert budget(Address(7, 1)) == budget(Address(7, 2)) == Budget(7, 4.0)
    assert budget(Address(-7, 1)) == Budget(-7, 9.0)
    assert budget(Address(7)) == Budget(("first", 7), 1.1, 3)
    assert budget(Address(-7)) == Budget(("first", -7), 4.0, 3)


async def test_a_slow_answer_makes_no_second_line(open_bot: OpenBot, scene: Harbour) -> None:
    """However late Telegram answers that it has taken a status line, each request has one."""
    scene.telegram.faults.next("sendMessage", slow_s=0.3, count=None)
    hasty = replace(FAST, edit_limit_s=0.05)
    async with open_bot(options=quick(scene.telegram, pace=hasty), works=False) as bot:
        asked = wish(scene, scene.anna, scene.private, "boats")
        await scene.telegram.until(lambda: bool(answers(asked)))
        await until_noted(bot, answers(asked)[0].id)
        assert len(answers(asked)) == 1


def test_nobody_gives_up_before_telegram_does() -> None:
    """A message may take longer to be drawn than its wait for a turn and every limit of its request together."""
    request_s = request._POOL_S + request._CONNECT_S + 2 * request._READ_S
    for urgency in (Urgency.STATUS, Urgency.EDIT):
        assert posts._MAX_WAIT_S[urgency] + request_s < DRAWING_LIMIT_S


async def test_a_move_is_noted_at_once(bot: Bot, scene: Harbour) -> None:
    """Where a group becomes a supergroup, a job's row says so before there is anything new to show."""
    await held(scene, scene.group)
    new = scene.group.migrates()
    async with asyncio.timeout(PATIENCE_S):
        while await address_of(bot) != Address(new.id):  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(_LOOK_EVERY_S)
