"""Whoever is forgotten while what they sent is still being looked at has no videos made of it."""

from tests.adapters.telegram.conftest import Bot
from tests.adapters.telegram.scenes import PICTURE, Harbour
from tests.loopback.expect import eventually
from tests.loopback.telegram import LoopbackTelegram


async def be_forgotten(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """Have Anna delete everything, and wait until it is done."""
    question = await scene.answer_to(scene.anna.sends(scene.private, "/forget_me"))
    await scene.anna.presses(question, "Delete everything")
    await telegram.until(lambda: "deleted" in question.text, about="the word that all is deleted")


async def nothing_left_open(bot: Bot) -> bool:
    rows = await bot.database.read(
        lambda tx: tx.execute("SELECT count(*) FROM inbox WHERE body IS NOT NULL").fetchone()[0]
    )
    return int(rows) == 0


async def test_a_picture_on_its_way_does_not_become_a_job(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """A photo in a group, which is being fetched while its sender is forgotten, makes no video; Ben's does."""
    held = telegram.faults.hold("/file/", count=2)
    scene.ask(chat=scene.group, caption="/animate a secret")
    scene.ask(scene.ben, scene.group, caption="/animate fog")
    await telegram.until(lambda: held.hits == 2, about="both downloads")
    await be_forgotten(telegram, scene)
    held.release()
    assert [job.prompt for job in await bot.until_accepted()] == ["fog"]
    await eventually(lambda: nothing_left_open(bot))
    assert [job.prompt for job in await bot.jobs()] == ["fog"]


async def test_an_album_that_is_being_made_ends_there(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Of an album whose sender is forgotten while its first picture is fetched nothing is made, and nothing is left."""
    held = telegram.faults.hold("/file/")
    scene.anna.sends_album(scene.private, [PICTURE] * 3, captions=["a secret", "", ""])
    await telegram.until(lambda: held.hits == 1, about="the first download")
    await be_forgotten(telegram, scene)
    held.release()
    await scene.video(scene.ben, caption="fog")  # which takes longer than the next picture of an album
    await eventually(lambda: nothing_left_open(bot))
    assert [job.prompt for job in await bot.jobs()] == ["fog"]
    assert len(telegram.downloads) == 2


async def test_what_notes_keep_and_what_stays_is_told(bot: Bot, scene: Harbour) -> None:
    """Before anything is deleted people read what is kept besides their jobs, for how long, and what stays."""
    stored = (await scene.answer_to(scene.anna.sends(scene.private, "/privacy"))).text
    for fact in ("two days", "for a day", "an album", "not understood", "questions to you"):
        assert fact in stored
    asked = (await scene.answer_to(scene.anna.sends(scene.private, "/forget_me"))).text
    assert "log of admins' commands" in asked
