"""Edits: words that are changed before a video is begun change it."""

from bot.domain.job import JobState
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
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


async def test_the_caption_of_an_album_counts_for_all_its_pictures(bot: Bot, scene: Harbour) -> None:
    """Edited while its videos wait, the caption of an album changes those that have no words of their own."""
    scene.ask(caption="hold")
    await bot.renderer.began(1)
    album = scene.ben.sends_album(scene.bens, [b"1", b"2", b"3"], captions=["fog", "", "rain"])
    await bot.until_accepted(4)
    scene.ben.edits(album.messages[0], "snow")
    await scene.telegram.until(lambda: sum("snow" in one.text for one in scene.bens.of_bot) == 2, about="two lines")
    bot.renderer.release()
    for message in album.messages:
        await scene.video_of(message)
    assert sorted(await prompts(bot)) == ["hold", "rain", "snow", "snow"]


async def test_the_caption_of_an_album_that_is_one_video(bot: Bot, scene: Harbour) -> None:
    """Edited while it waits, the caption of an album that is one video changes that video, whichever picture has it."""
    scene.ask(caption="hold")
    await bot.renderer.began(1)
    album = scene.ben.sends_album(scene.bens, [b"1", b"2"], captions=["", "fog --end-frame"])
    line = await scene.answer_to(album.messages[0])
    scene.ben.edits(album.messages[1], "snow --end-frame")
    await scene.telegram.until(lambda: "snow" in line.text, about="the new words")
    bot.renderer.release()
    await scene.video_of(album.messages[0])
    assert await prompts(bot) == ["hold", "snow"]


async def test_edited_small_talk_is_left_alone(bot: Bot, scene: Harbour) -> None:
    """Words that were about no picture may be edited into anything, and nobody answers."""
    talk = scene.anna.sends(scene.private, "hello")
    await scene.answer_to(talk)
    scene.anna.edits(talk, "hello --there")
    await scene.video()
    assert len(scene.private.of_bot) == 2


async def test_an_album_that_is_edited_before_it_is_complete(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Words that are changed while the pieces of an album still come are those with which it is made."""
    async with open_bot(options=quick(telegram, album_wait_s=0.5)) as bot:
        album = scene.anna.sends_album(scene.private, [b"1", b"2"], captions=["fog"])
        scene.anna.edits(album.messages[0], "snow")
        for message in album.messages:
            await scene.video_of(message)
        assert await prompts(bot) == ["snow", "snow"]


async def test_an_edit_after_the_end_changes_nothing(bot: Bot, scene: Harbour) -> None:
    """A caption that is edited when its video is there makes no other one."""
    message = scene.ask(caption="fog")
    await scene.video_of(message)
    scene.anna.edits(message, "snow")
    await scene.video(caption="rain")
    await eventually(lambda: len(scene.private.of_bot) == 2)
    assert await prompts(bot) == ["fog", "rain"]
