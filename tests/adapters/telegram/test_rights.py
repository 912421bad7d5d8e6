"""Rights: what a button or a reply claims counts only for whoever could have seen it there."""

import pytest

from tests.adapters.telegram.conftest import Bot
from tests.adapters.telegram.delivering import held, wish
from tests.adapters.telegram.scenes import Harbour, answers
from tests.loopback.telegram import LoopbackTelegram, Message

NOT_YOURS = "Only the person who asked for this video can do that."
NOT_NOW = "Telegram does not answer just now. Please try again in a few minutes."


async def secret(bot: Bot, scene: Harbour) -> str:
    """Have Anna make a video in private; return its job's id."""
    await scene.video(caption="boats and my secret")
    return (await bot.until((await bot.only_job()).id)).id


async def some_message(scene: Harbour) -> Message:
    """Return any message of the bot's that Ben sees."""
    return await scene.answer_to(scene.ben.sends(scene.bens, "/help"))


@pytest.mark.parametrize(
    "verb", ["send", "file", "again", "best", "longer", "edit", "report", "cancel", "delete", "sure"]
)
async def test_a_made_up_press_opens_nothing(bot: Bot, scene: Harbour, verb: str) -> None:
    """Whoever knows the number of somebody's private job, and presses a button that was never shown, gets nothing."""
    job_id = await secret(bot, scene)
    message = await some_message(scene)
    pressed = await scene.ben.forges(message, f"job:{job_id}:{verb}")
    assert (pressed.text, pressed.is_alert) == (NOT_YOURS, True)
    assert len(await bot.jobs()) == 1
    assert (await bot.only_job()).has_video
    assert scene.bens.of_bot == [message]
    assert await bot.services.admin.notices_since(0) == []


@pytest.mark.parametrize("verb", ["send", "file", "again", "report"])
async def test_a_job_of_another_group_stays_there(bot: Bot, scene: Harbour, verb: str) -> None:
    """A job of a group is for those who are in that group, and not for another one's members."""
    await scene.video_of(wish(scene, scene.anna, scene.group, "boats of the group"))
    job = await bot.until((await bot.only_job()).id)
    elsewhere = await scene.answer_to(scene.ben.sends(scene.forum, "/help"))
    assert (await scene.ben.forges(elsewhere, f"job:{job.id}:{verb}")).text == NOT_YOURS
    assert answers(elsewhere) == []
    assert len(await bot.jobs()) == 1


async def test_ones_own_job_is_at_hand_everywhere(bot: Bot, scene: Harbour) -> None:
    """Whoever asked for a video has it sent again wherever they press."""
    await scene.video_of(wish(scene, scene.anna, scene.group, "boats"))
    await bot.until((await bot.only_job()).id)
    page = await scene.answer_to(scene.anna.sends(scene.private, "/history"))
    await scene.anna.presses(page, "1. Send again")
    assert (await scene.video_of(page)).chat is scene.private


@pytest.mark.parametrize("label", ["Cancel", "Delete"])
async def test_a_silent_telegram_is_nobodys_fault(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, label: str
) -> None:
    """Where Telegram does not say whether somebody manages the group, they are asked to try again, and nothing ends."""
    scene.group.join(scene.ben, admin=True)
    if label == "Cancel":
        message = await held(scene, scene.group)
    else:
        message = await scene.video_of(wish(scene, scene.anna, scene.group, "boats"))
        await bot.until((await bot.only_job()).id)
    telegram.faults.next("getChatMember", status=502, html=True)
    assert (await scene.ben.presses(message, label)).text == NOT_NOW
    assert not (await bot.only_job()).is_over or label == "Delete"
    assert label in message.labels
    assert (await scene.ben.presses(message, label)).text == ""


async def test_a_command_waits_for_an_answer_too(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Whoever commands a group while Telegram does not answer is asked to try again, and is not refused."""
    scene.group.join(scene.ben, admin=True)
    telegram.faults.next("getChatMember", status=502, html=True)
    answer = await scene.answer_to(scene.ben.sends(scene.group, "/place"))
    assert answer.text == NOT_NOW


async def test_the_help_needs_no_answer(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Where Telegram does not say what the bot hears, the help names the form that is heard in any case."""
    telegram.faults.next("getChatMember", status=502, html=True)
    answer = await scene.answer_to(scene.ben.sends(scene.group, "/help"))
    assert f"/animate@{telegram.me.username} what happens" in answer.text
