"""Edits: words that are changed before a video is begun change it."""

from dataclasses import replace

import pytest

from bot.adapters.telegram.address import Address
from bot.domain.job import JobState
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from tests.adapters.telegram.conftest import FAST, Bot, OpenBot, quick
from tests.adapters.telegram.disks import Gate, slow_files
from tests.adapters.telegram.scenes import PICTURE, Harbour
from tests.loopback.expect import eventually
from tests.loopback.telegram import LoopbackTelegram


async def prompts(bot: Bot) -> list[str]:
    """Return what the videos show that are made, or are to be."""
    return [job.prompt for job in await bot.jobs() if job.state is not JobState.CANCELLED]


async def test_an_edited_caption_changes_a_job_that_waits(bot: Bot, scene: Harbour) -> None:
    """The video is made with the new words, in the message that was there already, and is paid once."""
    held = scene.ask(caption="hold")
    await bot.renderer.began(1)
    message = scene.ask(scene.ben, caption="fog")
    line = await scene.answer_to(message)
    scene.ben.edits(message, "snow --seconds 2")
    await scene.telegram.until(lambda: "snow" in line.text, about="the new words in the same message")
    bot.renderer.release()
    assert await scene.video_of(message) is line
    await scene.video_of(held)
    assert await prompts(bot) == ["hold", "snow"]
    (job,) = [job for job in await bot.jobs() if job.prompt == "snow"]
    assert dict(job.options) == {"seconds": "2"}
    assert await bot.broken_promises() == []


async def test_the_same_words_change_nothing(bot: Bot, scene: Harbour) -> None:
    """Telegram also says that a message was edited where nobody has changed its words."""
    held = scene.ask(caption="hold")
    await bot.renderer.began(1)
    scene.anna.edits(held, "hold")
    bot.renderer.release()
    await scene.video_of(held)
    await scene.video(caption="fog")
    assert await prompts(bot) == ["hold", "fog"]
    assert len(scene.private.of_bot) == 2


async def test_an_edit_that_comes_too_late_is_told(bot: Bot, scene: Harbour) -> None:
    """Whoever edits the caption of a video that is being made hears that it is too late."""
    held = scene.ask(caption="hold")
    await bot.renderer.began(1)
    scene.anna.edits(held, "snow")
    said = sentence(Refused(RefusalCode.ALREADY_STARTED))
    await scene.telegram.until(lambda: [one for one in scene.private.of_bot if one.text == said], about=said)
    bot.renderer.release()
    await scene.video_of(held)
    assert await prompts(bot) == ["hold"]


async def test_an_edit_that_cannot_be_followed_leaves_the_job(bot: Bot, scene: Harbour) -> None:
    """Where the new words are wrong, that is told, and the old ones count."""
    scene.ask(caption="hold")
    await bot.renderer.began(1)
    message = scene.ask(scene.ben, caption="fog")
    await scene.answer_to(message)
    scene.ben.edits(message, "snow --secnds 2")
    await scene.telegram.until(lambda: any("secnds" in one.text for one in scene.bens.of_bot))
    bot.renderer.release()
    await scene.video_of(message)
    assert await prompts(bot) == ["hold", "fog"]


async def test_words_that_were_not_understood_can_be_mended(bot: Bot, scene: Harbour) -> None:
    """Whoever mistyped an option edits the caption, and gets the video; an edit without a change makes none."""
    message = scene.ask(caption="fog --secnds 2")
    await scene.answer_to(message)
    scene.anna.edits(message, "fog --secnds 2")
    scene.anna.edits(message, "fog --seconds 2")
    await scene.video_of(message)
    assert await prompts(bot) == ["fog"]
    assert len(scene.private.of_bot) == 2


async def test_an_edited_command_that_answers_a_photo(bot: Bot, scene: Harbour) -> None:
    """/animate in answer to a photo can be edited like a caption."""
    scene.ask(caption="hold")
    await bot.renderer.began(1)
    photo = scene.ben.sends_photo(scene.group, PICTURE)
    wish = scene.ben.sends(scene.group, "/animate fog", reply_to=photo)
    line = await scene.answer_to(wish)
    scene.ben.edits(wish, "/animate snow")
    await scene.telegram.until(lambda: "snow" in line.text, about="the new words")
    bot.renderer.release()
    await scene.video_of(wish)
    assert await prompts(bot) == ["hold", "snow"]


async def test_edited_small_talk_is_left_alone(bot: Bot, scene: Harbour) -> None:
    """Words that were about no picture may be edited into anything, and nobody answers."""
    talk = scene.anna.sends(scene.private, "hello")
    await scene.answer_to(talk)
    scene.anna.edits(talk, "hello --there")
    await scene.video()
    assert len(scene.private.of_bot) == 2


async def test_an_edit_after_the_end_changes_nothing(bot: Bot, scene: Harbour) -> None:
    """A caption that is edited when its video is there makes no other one."""
    message = scene.ask(caption="fog")
    await scene.video_of(message)
    scene.anna.edits(message, "snow")
    await scene.video(caption="rain")
    await eventually(lambda: len(scene.private.of_bot) == 2)
    assert await prompts(bot) == ["fog", "rain"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_edit_right_behind_its_own_photo(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, moment: str
) -> None:
    """Whose status message is still on its way when the words change gets the video in that very message.

    Telegram's answer comes just before or just after the change is committed.
    """
    before, after = Gate(), Gate()
    gate = before if moment == "before" else after
    rare = replace(FAST, edit_every_s=3600.0)  # no later edit of the message mends what was noted wrongly
    async with open_bot(options=quick(telegram, pace=rare), files=slow_files(before, after)) as bot:
        scene.ask(caption="hold")
        await bot.renderer.began(1)
        slow = telegram.faults.hold("sendMessage", chat=scene.bens.id)
        message = scene.ask(scene.ben, caption="fog")
        await telegram.until(lambda: slow.hits, about="the status message on its way")
        (old,) = [job for job in await bot.jobs() if job.prompt == "fog"]
        gate.is_shut = True
        scene.ben.edits(message, "snow")
        await eventually(gate.arrived.is_set)
        slow.release()
        await bot.when(old.id, lambda _: True)

        async def is_noted() -> bool:
            return bool(Address.of(await bot.job(old.id)).message)

        await eventually(is_noted)
        gate.open()
        line = await scene.answer_to(message)

        async def is_found() -> bool:
            return any(job.prompt == "snow" and Address.of(job).message == line.id for job in await bot.jobs())

        await eventually(is_found)
        bot.renderer.release()
        assert await scene.video_of(message) is line
        assert scene.bens.of_bot == [line]


async def test_mended_words_are_not_lost_while_the_picture_is_fetched(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A bot that stops while it fetches the picture for mended words makes the video after its next start."""
    async with open_bot():
        message = scene.ask(caption="fog --secnds 2")
        await scene.answer_to(message)
        held = telegram.faults.hold("getFile")
        scene.anna.edits(message, "fog --seconds 2")
        await telegram.until(lambda: held.hits, about="the picture")
    held.release()
    async with open_bot() as bot:
        await scene.video_of(message)
        assert await prompts(bot) == ["fog"]


@pytest.mark.parametrize("name", ["", "@animate_test_bot"])
async def test_small_talk_that_becomes_a_wish(telegram: LoopbackTelegram, bot: Bot, scene: Harbour, name: str) -> None:
    """In a group a photo is made a wish by adding the command to what was said about it."""
    group = telegram.group("Open", privacy=False)
    group.join(scene.anna)
    photo = scene.ask(chat=group, caption="my boat")
    await scene.video(chat=group, caption="/animate fog")
    scene.anna.edits(photo, f"/animate{name} my boat")
    await scene.video_of(photo)
    scene.anna.edits(photo, f"/animate{name} my boat and rain")
    await scene.video(chat=group, caption="/animate snow")
    assert await prompts(bot) == ["fog", "my boat", "snow"]
