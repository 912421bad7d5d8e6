"""Edited albums: what is changed in one caption counts for every picture that it is about."""

import pytest

from bot.domain.job import Requester
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
from tests.adapters.telegram.scenes import Harbour
from tests.adapters.telegram.test_edits import prompts
from tests.loopback.expect import eventually
from tests.loopback.telegram import LoopbackTelegram


async def _made(bot: Bot, wanted: list[str]) -> None:
    async def is_so() -> bool:
        return sorted(await prompts(bot)) == wanted

    await eventually(is_so)


async def _is_noted(bot: Bot, name: str) -> bool:
    return await bot.services.notebook.read("telegram", name) is not None


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


@pytest.mark.parametrize("switch", ["", " --end-frame"])
async def test_mended_words_of_an_album_count_for_the_whole_album(bot: Bot, scene: Harbour, switch: str) -> None:
    """Where an album was refused for a mistyped option, its edited caption makes of it what it would have made."""
    album = scene.anna.sends_album(scene.private, [b"1", b"2", b"3"], captions=["", f"fog --secnds 2{switch}"])
    refusal = await scene.answer_to(album.messages[0])
    assert "secnds" in refusal.text
    scene.anna.edits(album.messages[1], f"fog --seconds 2{switch}")
    for message in album.messages[: 1 if switch else 3]:
        await scene.video_of(message)
    jobs = await bot.jobs()
    assert [(job.prompt, job.has_end_picture) for job in jobs] == [("fog", bool(switch))] * (1 if switch else 3)
    assert len(scene.private.of_bot) == 1 + len(jobs)


async def test_new_words_of_an_album_that_is_gathered_outlive_the_bot(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A bot that ends while an album is gathered makes it with the caption as it was edited."""
    async with open_bot(options=quick(telegram, album_wait_s=3600.0)):
        album = scene.anna.sends_album(scene.private, [b"1", b"2"], captions=["fog"])
        scene.anna.edits(album.messages[0], "snow")
        await telegram.until_confirmed()
        await eventually(lambda: not telegram.unconfirmed)
        talk = scene.ask(scene.ben)  # what came before it has been seen to by then
        await scene.video_of(talk)
    async with open_bot() as bot:
        for message in album.messages:
            await scene.video_of(message)
        assert sorted(await prompts(bot)) == ["snow", "snow", "the boats sway"]


@pytest.mark.parametrize("is_cut_off", [False, True])
async def test_new_words_of_an_album_that_is_being_made(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, *, is_cut_off: bool
) -> None:
    """Words that change when the first of an album's pictures is accepted count, also where the bot ends then."""
    async with open_bot(works=False) as bot:
        telegram.faults.next("getFile")  # the first one is given at once
        held = telegram.faults.hold("getFile")
        album = scene.anna.sends_album(scene.private, [b"1", b"2", b"3"], captions=["fog"])
        await telegram.until(lambda: held.hits, about="the second picture of the album")
        scene.anna.edits(album.messages[0], "snow")
        await telegram.until_confirmed()
        if not is_cut_off:
            held.release()
            await _made(bot, ["snow"] * 3)
    held.release()
    async with open_bot(works=False) as bot:
        await _made(bot, ["snow"] * 3)
        assert await bot.broken_promises() == []
    async with open_bot():
        for message in album.messages:
            await scene.video_of(message)


async def test_words_of_ones_own_that_are_taken_away(bot: Bot, scene: Harbour) -> None:
    """A picture of an album whose own words are deleted takes those of the album."""
    scene.ask(caption="hold")
    await bot.renderer.began(1)
    album = scene.ben.sends_album(scene.bens, [b"1", b"2"], captions=["fog", "snow"])
    await bot.until_accepted(3)
    scene.ben.edits(album.messages[1], "")
    await _made(bot, ["fog", "fog", "hold"])
    bot.renderer.release()
    for message in album.messages:
        await scene.video_of(message)


async def test_an_album_of_a_group_that_becomes_a_wish(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """In a group an album is made a wish as a whole by adding the command to its caption."""
    group = telegram.group("Open", privacy=False)
    group.join(scene.anna)
    album = scene.anna.sends_album(group, [b"1", b"2"], captions=["our trip"])
    await scene.video(chat=group, caption="/animate fog")
    await eventually(lambda: _is_noted(bot, f"album:{group.id}:{album.messages[0].album}"))
    scene.anna.edits(album.messages[0], "/animate our trip")
    for message in album.messages:
        await scene.video_of(message)
    assert await prompts(bot) == ["fog", "our trip", "our trip"]


@pytest.mark.parametrize("fetched", [0, 1])
async def test_whoever_is_forgotten_while_their_album_is_made(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, fetched: int
) -> None:
    """What is left of an album of somebody who is forgotten meanwhile is neither made nor noted."""
    scene.ask(scene.ben, caption="hold")
    await bot.renderer.began(1)
    telegram.faults.next("getFile", count=fetched)
    held = telegram.faults.hold("getFile")
    album = scene.anna.sends_album(scene.private, [b"1", b"2"], captions=["fog"])
    await telegram.until(lambda: held.hits, about="a picture of the album")
    await bot.services.privacy.forget(Requester("telegram", str(scene.anna.id)))
    held.release()
    bot.renderer.release()
    await scene.video(scene.ben)
    assert await prompts(bot) == ["hold", "boats"]
    assert not await _is_noted(bot, f"album:{scene.private.id}:{album.messages[0].album}")
