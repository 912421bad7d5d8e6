"""A photo without words, where the operator wants words: they are asked for, and may come in several ways."""

import itertools

import pytest

from bot.adapters.telegram.wishes import WHAT_SHOULD_HAPPEN
from bot.domain.job import JobState
from bot.store.milestones import Change, before_commit
from tests.adapters.telegram.conftest import OpenBot, quick
from tests.adapters.telegram.disks import FullDisk
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.expect import eventually
from tests.loopback.telegram import LoopbackTelegram


async def test_where_the_operator_wants_words_they_are_asked_for(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """With the setting on, a photo alone is answered with a question, and the answer makes its video."""
    async with open_bot(options=quick(telegram, asks_for_prompt=True)) as bot:
        photo = scene.ask(caption="")
        question = await scene.answer_to(photo)
        assert WHAT_SHOULD_HAPPEN in question.text
        assert question.force_reply is not None
        assert await bot.jobs() == []
        scene.anna.sends(scene.private, "the tide comes in --seconds 2", reply_to=question)
        await scene.video_of(photo)
        job = await bot.only_job()
        assert (job.prompt, dict(job.options)) == ("the tide comes in", {"seconds": "2"})


async def test_a_question_is_answered_after_a_restart(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """An answer that comes when the bot has been started anew still finds its photo; twice it is one video."""
    options = quick(telegram, asks_for_prompt=True)
    async with open_bot(options=options):
        photo = scene.ask(caption="")
        question = await scene.answer_to(photo)
    async with open_bot(options=options) as bot:
        for _ in range(2):
            scene.anna.sends(scene.private, "rain", reply_to=question)
        await scene.video_of(photo)
        await scene.video(caption="what comes later")
        assert [job.prompt for job in await bot.jobs()] == ["rain", "what comes later"]


async def test_a_caption_answers_the_question_as_well(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Whoever was asked for words and adds them to the photo itself gets its video."""
    async with open_bot(options=quick(telegram, asks_for_prompt=True)) as bot:
        photo = scene.ask(caption="")
        await scene.answer_to(photo)
        scene.anna.edits(photo, "rain --seconds 2")
        await scene.video_of(photo)
        job = await bot.only_job()
        assert (job.prompt, dict(job.options)) == ("rain", {"seconds": "2"})


@pytest.mark.parametrize("is_edited", [False, True])
async def test_another_answer_changes_the_video_that_waits(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, *, is_edited: bool
) -> None:
    """Whoever answers the question twice, or adds a caption afterwards, is heard as long as the video waits."""
    async with open_bot(options=quick(telegram, asks_for_prompt=True)) as bot:
        scene.ask(scene.ben, caption="hold")
        await bot.renderer.began(1)
        photo = scene.ask(caption="")
        question = await scene.answer_to(photo)
        scene.anna.sends(scene.private, "rain", reply_to=question)
        await bot.until_accepted(2)
        if is_edited:
            scene.anna.edits(photo, "snow")
        else:
            scene.anna.sends(scene.private, "snow", reply_to=question)
        await telegram.until(lambda: any("snow" in one.text for one in scene.private.of_bot), about="the new words")
        bot.renderer.release()
        await scene.video_of(photo)
        made = [job.prompt for job in await bot.jobs() if job.state is not JobState.CANCELLED]
        assert made == ["hold", "snow"]


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_full_disk_brings_one_question(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, failing: int
) -> None:
    """However often a photo has to be seen to because the disk takes nothing, one question stays in the chat."""
    disk = FullDisk(Change.NOTE)
    notes = itertools.count(1)

    def reach(milestone: str) -> None:
        if milestone == before_commit(Change.NOTE) and next(notes) == failing:
            disk.is_full = True
        disk.reach(milestone)

    async with open_bot(options=quick(telegram, asks_for_prompt=True), reach=reach) as bot:
        photo = scene.ask(caption="")
        await eventually(lambda: disk.refused >= 2)
        disk.is_full = False
        question = await scene.answer_to(photo)
        assert len(telegram.calls_to("sendMessage")) == failing
        scene.anna.sends(scene.private, "rain", reply_to=question)
        await scene.video_of(photo)
        assert len(await bot.jobs()) == 1
