"""Albums: their pieces come one by one, in any order, and make one video each or one from first to last."""

from random import Random

import pytest

from bot.adapters.telegram.album_making import TOO_LATE_FOR_ENDS
from bot.adapters.telegram.wishes import ONE_PICTURE_ONLY
from bot.domain.job import JobState
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
from tests.adapters.telegram.scenes import Harbour, answers
from tests.loopback.expect import eventually
from tests.loopback.telegram import LoopbackTelegram

THREE = [b"one", b"two", b"three"]


async def test_each_picture_becomes_a_video(bot: Bot, scene: Harbour) -> None:
    """The words of one picture count for all that have none, and each picture has its own answer."""
    album = scene.anna.sends_album(scene.private, THREE, captions=["", "fog --seconds 2"], order=[2, 0, 1])
    for message in album.messages:
        await scene.video_of(message)
    jobs = await bot.jobs()
    assert [(job.prompt, dict(job.options)) for job in jobs] == [("fog", {"seconds": "2"})] * 3


async def test_words_of_ones_own_count(bot: Bot, scene: Harbour) -> None:
    """A picture that has words of its own is made with them, and the others with the first ones of the album."""
    scene.anna.sends_album(scene.private, THREE, captions=["fog", "", "snow"], order=[1, 2, 0])
    assert [job.prompt for job in await bot.until_accepted(3)] == ["fog", "fog", "snow"]


async def test_pictures_sent_as_files(bot: Bot, scene: Harbour) -> None:
    """An album of files is an album."""
    album = scene.anna.sends_album(scene.private, THREE, captions=["fog"], as_files=True)
    for message in album.messages:
        await scene.video_of(message)


async def test_from_the_first_picture_to_the_last(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """With --end-frame an album is one video, from the first to the last picture in it, in whatever order they come."""
    album = scene.anna.sends_album(scene.private, THREE, captions=["fog --end-frame --seconds 2"], order=[2, 1, 0])
    await scene.video_of(album.messages[0])
    job = await bot.only_job()
    assert (job.prompt, dict(job.options), job.has_end_picture) == ("fog", {"seconds": "2"}, True)
    sizes = [
        max((size.to_photo_size() for size in one.photo), key=lambda size: size["width"]) for one in album.messages
    ]
    fetched = [call.parameters["file_id"] for call in telegram.calls_to("getFile")]
    assert fetched == [sizes[0]["file_id"], sizes[2]["file_id"]]


async def test_the_operator_may_want_albums_as_one_video(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """With the setting on, an album is one video without any switch, and a single picture still one of its own."""
    async with open_bot(options=quick(telegram, album_is_ends=True)) as bot:
        album = scene.anna.sends_album(scene.private, THREE[:2])
        await scene.video_of(album.messages[0])
        await scene.video()
        assert [job.has_end_picture for job in await bot.jobs()] == [True, False]


async def test_a_piece_that_comes_late(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """A picture that comes when its album has been made already is made with the words of the album."""
    album = scene.anna.sends_album(scene.private, THREE, captions=["fog"], held=[1])
    await bot.until_accepted(2)
    album.release()
    await scene.video_of(album.messages[1])
    assert [job.prompt for job in await bot.jobs()] == ["fog"] * 3


async def test_a_piece_that_comes_late_for_one_video(bot: Bot, scene: Harbour) -> None:
    """Where the album was one video a late picture costs nothing, and its sender hears what can be done with it."""
    album = scene.anna.sends_album(scene.private, THREE, captions=["fog --end-frame"], held=[2])
    await scene.video_of(album.messages[0])
    album.release()
    assert (await scene.answer_to(album.messages[2])).text == TOO_LATE_FOR_ENDS
    assert len(await bot.jobs()) == 1


async def test_one_refusal_is_told_once(bot: Bot, scene: Harbour) -> None:
    """What is wrong with several pictures is one message, which says how many it is about."""
    album = scene.anna.sends_album(scene.private, [b"broken", b"two", b"broken"], captions=["fog"])
    told = await scene.answer_to(album.messages[0])
    assert told.text.startswith("2 of 3 pictures: The picture is damaged")
    await scene.video_of(album.messages[1])
    assert answers(album.messages[2]) == []


async def test_an_album_in_a_group(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Where the bot reads everything, an album is for it if one of its captions is; else it is left alone."""
    group = telegram.group("Open", privacy=False)
    group.join(scene.anna)
    scene.anna.sends_album(group, THREE, captions=["our trip"])
    scene.anna.sends_album(group, THREE, captions=["", "", "/animate fog"])
    assert [job.prompt for job in await bot.until_accepted(3)] == ["fog"] * 3
    await scene.video(chat=group, caption="/animate snow")
    assert len(await bot.jobs()) == 4


async def test_the_switch_may_stand_with_any_picture(bot: Bot, scene: Harbour) -> None:
    """--end-frame counts wherever in the album it is written; words of its own do not take it away."""
    album = scene.anna.sends_album(scene.private, THREE, captions=["fog", "", "snow --end-frame"])
    await scene.video_of(album.messages[0])
    job = await bot.only_job()
    assert (job.prompt, job.has_end_picture) == ("fog", True)


async def test_one_video_of_an_album_of_which_one_picture_arrives(bot: Bot, scene: Harbour) -> None:
    """With group privacy on only one picture arrives: that --end-frame cannot be followed is said, not passed over."""
    album = scene.anna.sends_album(scene.group, THREE, captions=["/animate fog --end-frame"])
    assert (await scene.answer_to(album.messages[0])).text == ONE_PICTURE_ONLY
    assert await bot.jobs() == []


async def test_in_a_group_with_privacy_only_the_spoken_piece_arrives(bot: Bot, scene: Harbour) -> None:
    """With group privacy on Telegram gives the bot the picture that has the command, which is made alone."""
    album = scene.anna.sends_album(scene.group, THREE, captions=["", "/animate fog"])
    await scene.video_of(album.messages[1])
    assert len(await bot.jobs()) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_an_album_that_is_cut_off_is_made_after_the_restart(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, seed: int
) -> None:
    """A bot that ends while an album is still being gathered makes all its videos after its next start, each once."""
    order = Random(seed).sample(range(3), 3)
    async with open_bot(options=quick(telegram, album_wait_s=3600.0)) as bot:
        album = scene.anna.sends_album(scene.private, THREE, captions=["fog"], order=order)
        await telegram.until_confirmed()
        assert await bot.jobs() == []
    async with open_bot() as bot:
        for message in album.messages:
            await scene.video_of(message)
        for update in telegram.updates:
            telegram.repeats(update)
        await scene.video()
        assert [job.prompt for job in await bot.jobs()] == ["fog", "fog", "fog", "boats"]
        await eventually(lambda: len(scene.private.of_bot) == 4)


async def test_one_video_of_an_album_is_cut_off_while_its_picture_is_fetched(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A bot that ends in the middle of it makes the one video after its next start, of the same two pictures."""
    held = telegram.faults.hold("getFile")
    async with open_bot() as bot:
        album = scene.anna.sends_album(scene.private, THREE, captions=["fog --end-frame"])
        await telegram.until(lambda: telegram.calls_to("getFile"), about="the first picture")
        assert await bot.jobs() == []
    held.release()
    async with open_bot() as bot:
        await scene.video_of(album.messages[0])
        assert (await bot.only_job()).has_end_picture
        assert len(scene.private.of_bot) == 1


async def test_an_album_is_refused_while_telegram_is_away(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Where nobody can be told of a refusal it is told later, once."""
    async with open_bot():
        lost = telegram.faults.next("sendMessage", reset=True, count=4)
        album = scene.anna.sends_album(scene.private, [b"broken", b"broken"], captions=["fog"])
        told = await scene.answer_to(album.messages[0])
        assert lost.hits == 4
        assert told.text.startswith("2 of 2 pictures: ")
        assert len(scene.private.of_bot) == 1


async def test_words_that_come_last_count_for_the_others(bot: Bot, scene: Harbour) -> None:
    """Pieces that were accepted before the one with the caption came are made with it all the same."""
    scene.ask(scene.ben, caption="hold")
    await bot.renderer.began(1)
    album = scene.anna.sends_album(scene.private, THREE, captions=["fog"], held=[0])
    await bot.until_accepted(3)
    album.release()
    await eventually(lambda: _are_made(bot, ["fog", "fog", "fog", "hold"]))
    bot.renderer.release()
    for message in album.messages:
        await scene.video_of(message)
    assert await bot.broken_promises() == []


async def test_the_first_words_of_an_album_stay_its_words(bot: Bot, scene: Harbour) -> None:
    """Words of a late piece count for that piece alone where the album has words already."""
    scene.ask(scene.ben, caption="hold")
    await bot.renderer.began(1)
    album = scene.anna.sends_album(scene.private, THREE, captions=["rain", "fog"], held=[0])
    await bot.until_accepted(3)
    album.release()
    await bot.until_accepted(4)
    bot.renderer.release()
    for message in album.messages:
        await scene.video_of(message)
    assert sorted([job.prompt for job in await bot.jobs()]) == ["fog", "fog", "hold", "rain"]


async def test_a_command_that_comes_last_takes_the_others_along(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """In a group the pieces that came before the one with the command become videos as well."""
    group = telegram.group("Open", privacy=False)
    group.join(scene.anna)
    album = scene.anna.sends_album(group, THREE, captions=["", "", "/animate fog"], held=[2])
    name = f"album:{group.id}:{album.messages[0].album}"
    await eventually(lambda: _is_noted(bot, name))
    album.release()
    for message in album.messages:
        await scene.video_of(message)
    assert [job.prompt for job in await bot.jobs()] == ["fog"] * 3


async def _are_made(bot: Bot, wanted: list[str]) -> bool:
    return sorted(job.prompt for job in await bot.jobs() if job.state is not JobState.CANCELLED) == wanted


async def _is_noted(bot: Bot, name: str) -> bool:
    return await bot.services.notebook.read("telegram", name) is not None
