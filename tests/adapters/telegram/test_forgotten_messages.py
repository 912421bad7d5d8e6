"""Being forgotten: no message with what somebody asked for stays on show, whatever happens in the middle."""

from bot.domain.job import JobState
from tests.adapters.telegram.conftest import Bot, OpenBot
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram, Message


async def question(scene: Harbour) -> tuple[Message, Message]:
    """Return the status message of a job of Anna's that does not end, and what asks her whether to forget it."""
    status = await scene.answer_to(scene.ask(caption="hold my secret"))
    return status, await scene.answer_to(scene.anna.sends(scene.private, "/forget_me"))


async def test_a_death_leaves_no_message(telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour) -> None:
    """Where the bot dies while it takes a message away, its next life does so, and then forgets."""
    async with open_bot() as bot:
        status, asked = await question(scene)
        asleep = telegram.faults.hold("deleteMessage")
        await scene.anna.presses(asked, "Delete everything", wait=False)
        await telegram.until(lambda: asleep.hits == 1)
        assert (await bot.only_job()).prompt == "hold my secret"  # else nobody would know of the message any more
    telegram.faults.clear()
    async with open_bot() as bot:
        await telegram.until(lambda: not asked.labels, about="the answer")
        assert status.deleted
        assert await bot.jobs() == []


async def test_a_message_that_cannot_go_now_is_tried_first(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """Where Telegram takes no message away just now, nothing is forgotten yet, and the same press works later."""
    status, asked = await question(scene)
    telegram.faults.next("deleteMessage", status=502, html=True)
    pressed = await scene.anna.presses(asked, "Delete everything")
    assert "nothing is forgotten yet" in pressed.text
    assert (await bot.only_job()).state in (JobState.QUEUED, JobState.RUNNING)
    await scene.anna.presses(asked, "Delete everything")
    await telegram.until(lambda: not asked.labels)
    assert status.deleted
    assert await bot.jobs() == []


async def test_a_message_that_is_too_old_loses_its_words(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """A message that Telegram lets nobody delete any more loses its prompt and its buttons."""
    status, asked = await question(scene)
    telegram.faults.next("deleteMessage", status=400, description="Bad Request: message can't be deleted")
    await scene.anna.presses(asked, "Delete everything")
    await telegram.until(lambda: not asked.labels)
    assert "secret" not in status.text
    assert status.labels == []


async def test_a_message_on_its_way_goes_as_well(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """A status message that is being sent while its person is forgotten does not stay behind."""
    status, asked = await question(scene)
    held = telegram.faults.hold("sendMessage")
    scene.ask(caption="hold another secret")
    await telegram.until(lambda: held.hits == 1)
    await scene.anna.presses(asked, "Delete everything", wait=False)
    await telegram.until(lambda: status.deleted)
    held.release()
    await telegram.until(lambda: not asked.labels)
    assert scene.private.of_bot == [asked]
