"""The commands about oneself: answered where they are given, or in private, and the same after a restart."""

import json
from dataclasses import replace

import pytest

from bot.domain.caption import read_caption
from bot.domain.credits import Limit
from bot.domain.job import JobState
from bot.service.quotas import QuotaLimits
from bot.service.retention import KeepRules
from bot.store.milestones import Change
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot
from tests.adapters.telegram.scenes import PICTURE, Harbour, answers
from tests.loopback.telegram import Chat, LoopbackTelegram, Message, Person

HERE = ("start", "help", "quota", "jobs", "cancel", "report")
IN_PRIVATE = ("history", "privacy", "forget_me")


async def told(scene: Harbour, command: str, person: Person | None = None, chat: Chat | None = None) -> Message:
    """Return the answer to a command, by Anna in private if nobody else is named."""
    return await scene.answer_to((person or scene.anna).sends(chat or scene.private, command))


async def waiting(scene: Harbour, caption: str, chat: Chat | None = None) -> Message:
    """Return the status message of a job of Anna's that does not end."""
    return await scene.answer_to(scene.ask(chat=chat, caption=caption))


@pytest.mark.parametrize("command", [*HERE, *IN_PRIVATE])
async def test_every_command_is_answered_in_private(bot: Bot, scene: Harbour, command: str) -> None:
    """In the chat with the bot each command is answered there, as an answer to it."""
    assert (await told(scene, f"/{command}")).text


@pytest.mark.parametrize("command", IN_PRIVATE)
async def test_what_is_personal_is_not_said_in_a_group(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, command: str
) -> None:
    """What is stored about somebody who asks in a group comes in their own chat, and the group reads nothing of it."""
    before = len(scene.private.of_bot)
    scene.anna.sends(scene.group, f"/{command}")
    await telegram.until(lambda: len(scene.private.of_bot) > before)
    assert scene.group.of_bot == []


@pytest.mark.parametrize("command", IN_PRIVATE)
async def test_who_never_came_to_the_bot_is_shown_the_way(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, command: str
) -> None:
    """Somebody with whom the bot has no chat yet reads in the group where to ask; that link gives the command there."""
    carl = telegram.user("carl")
    scene.group.join(carl)
    chat = telegram.private(carl, is_open=False)
    hint = await told(scene, f"/{command}", carl, scene.group)
    (link,) = [entity.data["url"] for entity in hint.entities if entity.type == "text_link"]
    assert link == f"https://t.me/{telegram.me.username}?start={command}"
    answer = await told(scene, f"/start {command}", carl, chat)
    assert answer.text == (await told(scene, f"/{command}", carl, chat)).text


async def test_a_group_that_speaks_is_sent_nothing_personal(bot: Bot, scene: Harbour) -> None:
    """An admin who writes as the group is shown the way to their own chat: the group has none with the bot."""
    scene.group.join(scene.ben, admin=True)
    hint = await scene.answer_to(scene.ben.sends(scene.group, "/privacy", anonymous=True))
    assert "our own chat only" in hint.text


async def test_a_link_ends_no_job(bot: Bot, scene: Harbour) -> None:
    """A link that somebody else has made opens the chat, and does nothing that cannot be undone."""
    await waiting(scene, "hold")
    assert "Send me a photo" in (await told(scene, "/start cancel")).text
    assert (await bot.only_job()).state is not JobState.CANCELLED


async def test_the_greeting_says_what_to_do_and_what_makes_the_videos(bot: Bot, scene: Harbour) -> None:
    """Who comes for the first time reads what to send, and whether an AI is at work."""
    greeting = await told(scene, "/start")
    assert "Send me a photo now" in greeting.text
    assert "No AI runs here" in greeting.text


async def test_a_group_is_greeted_with_what_works_there(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """A group that the bot has just come into reads the command that it hears, and is not told to send a bare photo."""
    greeting = await scene.answer_to(scene.anna.sends(scene.group, "/start"))
    assert f"/animate@{telegram.me.username} what happens" in greeting.text
    assert "Send me a photo" not in greeting.text


async def test_help_names_every_option_and_command(bot: Bot, scene: Harbour) -> None:
    """In private the help shows the options of the running engine and every command that people have."""
    text = (await told(scene, "/help")).text
    for option in bot.services.offers.options:
        assert f"--{option.name}" in text
        assert all(choice.value in text for choice in option.choices)
    for command in ("animate", "jobs", "cancel", "history", "quota", "report", "privacy", "forget_me"):
        assert f"/{command}" in text


async def test_help_in_a_group_says_what_the_bot_can_hear(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Where privacy mode hides messages, the help names the form that is heard and how the mode is lifted."""
    name = f"/animate@{telegram.me.username} what happens"
    shut = (await told(scene, "/help", chat=scene.group)).text
    assert name in shut
    assert "BotFather" in shut
    office = telegram.group("Office", privacy=False)
    office.join(scene.anna)
    open_ = (await told(scene, "/help", chat=office)).text
    assert name not in open_
    assert "/animate what happens" in open_


async def test_quota_shows_what_is_left_and_when_more_comes(open_bot: OpenBot, scene: Harbour) -> None:
    """Whoever asks for their credits reads how many are left, what is set aside, and when the next one comes."""
    async with open_bot(rules=replace(PLACE_RULES, quota=QuotaLimits(Limit(5_000, 1_000)))) as bot:
        await waiting(scene, "hold")
        text = (await told(scene, "/quota")).text
        assert "4 of 5 credits left, and 1 set aside for jobs under way. Each day brings 1." in text
        assert "balanced: 1 credit" in text
        bot.renderer.release()
        await bot.until((await bot.only_job()).id)
        answer = await told(scene, "/quota")
        (more, *_) = [entity for entity in answer.entities if entity.type == "date_time"]
        assert more.data["unix_time"] == bot.clock.now_ms() // 1000 + 86_400


async def test_jobs_lists_ones_own_and_each_can_be_cancelled(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """Whoever asks for their jobs sees their own under way, and a Cancel for each ends that one."""
    await waiting(scene, "hold the first")
    second = await waiting(scene, "hold the second")
    await scene.answer_to(scene.ask(scene.ben, caption="hold of Ben"))
    answer = await told(scene, "/jobs")
    assert answer.text.index("hold the first") < answer.text.index("hold the second")
    assert "Ben" not in answer.text
    assert answer.labels == ["Cancel 1", "Cancel 2", "Refresh"]
    await scene.anna.presses(answer, "Cancel 2")
    await telegram.until(lambda: "hold the second" not in answer.text and "hold the first" in answer.text)
    await telegram.until(lambda: "Cancelled." in second.text)
    assert [job.state for job in await bot.jobs()].count(JobState.CANCELLED) == 1


async def test_a_list_in_a_group_tells_nothing_of_elsewhere(bot: Bot, scene: Harbour) -> None:
    """In a group the list has the jobs of that group only; of others it says how many there are."""
    await waiting(scene, "hold a secret")
    await waiting(scene, f"/animate@{scene.telegram.me.username} hold in public", scene.group)
    text = (await told(scene, "/jobs", chat=scene.group)).text
    assert "hold in public" in text
    assert "secret" not in text
    assert "1 elsewhere" in text


@pytest.mark.parametrize("label", ["Cancel 1", "Refresh"])
async def test_a_list_answers_nobody_else(bot: Bot, scene: Harbour, label: str) -> None:
    """The buttons of a list in a group are for the person it is about."""
    await waiting(scene, f"/animate@{scene.telegram.me.username} hold", scene.group)
    answer = await told(scene, "/jobs", chat=scene.group)
    pressed = await scene.ben.presses(answer, label)
    assert pressed.is_alert
    assert "somebody else" in pressed.text
    assert (await bot.only_job()).state is not JobState.CANCELLED


async def test_a_cancel_that_comes_too_late_is_told(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """A Cancel in a list that is out of date is answered with why nothing is left to cancel; Refresh renews it."""
    asked = scene.ask(caption="hold")
    await scene.answer_to(asked)
    answer = await told(scene, "/jobs")
    bot.renderer.release()
    await bot.until((await bot.only_job()).id)
    late = await scene.anna.presses(answer, "Cancel 1")
    assert "nothing left to cancel" in late.text
    await scene.anna.presses(answer, "Refresh")
    await telegram.until(lambda: "no jobs under way" in answer.text)
    assert answer.labels == ["Refresh"]


async def test_a_long_list_says_how_many_more_there_are(open_bot: OpenBot, scene: Harbour) -> None:
    """Of many jobs the first ten are shown, and how many more there are."""
    async with open_bot(works=False):
        for number in range(12):
            await waiting(scene, f"wave {number}")
        answer = await told(scene, "/jobs")
        assert sum(label.startswith("Cancel") for label in answer.labels) == 10
        assert "and 2 more." in answer.text


async def test_history_turns_pages_after_a_restart(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour
) -> None:
    """Results are shown the newest first, five at a time, and the pages turn both ways, also after a restart."""
    async with open_bot() as bot:
        for number in range(6):
            await scene.video(caption=f"wave {number}")
        for job in await bot.jobs():
            await bot.until(job.id)
        answer = await told(scene, "/history")
        assert "1. wave 5" in answer.text
        assert "wave 0" not in answer.text
    async with open_bot():
        await scene.anna.presses(answer, "Older")
        await telegram.until(lambda: "6. wave 0" in answer.text and "wave 5" not in answer.text)
        await scene.anna.presses(answer, "Newer")
        await telegram.until(lambda: "1. wave 5" in answer.text)


async def test_a_result_is_sent_and_made_again(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """From the history a video comes once more, and its picture makes another one."""
    await scene.video(caption="boats --seed 7")
    await bot.until((await bot.only_job()).id)
    answer = await told(scene, "/history")
    await scene.anna.presses(answer, "1. Send again")
    await telegram.until(lambda: any(one.video for one in answers(answer)))
    await scene.anna.presses(answer, "1. Again")
    await bot.until_accepted(2)
    assert not answer.deleted


async def test_settings_are_copied_as_the_caption_that_gives_them(bot: Bot, scene: Harbour) -> None:
    """What the copy button of a result gives is read as the same prompt and the same options."""
    await scene.video(caption="boats, slowly --seconds 2 --seed 7")
    await bot.until((await bot.only_job()).id)
    button = (await told(scene, "/history")).buttons[2]
    assert button.label == "1. Copy settings"
    assert read_caption(button.copy_text) == ("boats, slowly", {"seconds": "2", "seed": "7"})


@pytest.mark.parametrize(("length", "is_file"), [(300, False), (2_045, True)])
async def test_long_settings_are_sent(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, length: int, is_file: bool
) -> None:
    """Settings that are too long for a button come as a message, and as a file where they are too long for that."""
    await scene.video()
    job, prompt = await bot.until((await bot.only_job()).id), "🌊" * length
    await bot.database.write(Change.ADMIN, lambda tx: tx.execute("UPDATE job SET prompt = ?", (prompt,)))
    answer = await told(scene, "/history")
    await scene.anna.presses(answer, "1. Copy settings")
    await telegram.until(lambda: answers(answer))
    (sent,) = answers(answer)
    assert (sent.document is not None) == is_file
    found = sent.text if sent.document is None else sent.document.data.decode()
    assert found == f"{prompt} --seed {job.seed}"


async def test_privacy_says_how_long_things_stay(open_bot: OpenBot, scene: Harbour) -> None:
    """The privacy answer names what is stored and for how long, as the operator has set it."""
    async with open_bot(rules=replace(PLACE_RULES, keep=KeepRules(pictures_days=0, videos_days=3, max_bytes=0))):
        text = (await told(scene, "/privacy")).text
        assert "Pictures are deleted as soon as the job is over." in text
        assert "Videos are deleted 3 days after" in text


async def test_all_that_is_stored_comes_as_a_file(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Whoever presses Export gets their data as a file, without what opens their messages."""
    await scene.video(caption="boats of Anna")
    await bot.until((await bot.only_job()).id)
    answer = await told(scene, "/privacy")
    await scene.anna.presses(answer, "Export my data")
    await telegram.until(lambda: answers(answer))
    (sent,) = answers(answer)
    assert sent.document is not None
    assert sent.document.file_name == "my-data.json"
    facts = json.loads(sent.document.data)
    assert facts["person"] == f"telegram:{scene.anna.id}"
    assert [job["prompt"] for job in facts["jobs"]] == ["boats of Anna"]
    assert "address" not in facts["jobs"][0]["origin"]


async def test_being_forgotten_asks_and_then_takes_all_away(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """After the question is answered nothing of the person is left, and the messages of their open jobs are gone."""
    await scene.video(caption="done")
    status = await waiting(scene, "hold")
    await scene.answer_to(scene.ask(scene.ben, caption="hold of Ben"))
    question = await told(scene, "/forget_me")
    assert len(await bot.jobs()) == 3
    await scene.anna.presses(question, "Delete everything")
    await telegram.until(lambda: "2 jobs of yours are deleted" in question.text)
    assert question.labels == []
    assert status.deleted
    assert [job.prompt for job in await bot.jobs()] == ["hold of Ben"]


async def test_whoever_keeps_their_data_loses_nothing(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """The other answer to that question deletes nothing."""
    await scene.video()
    question = await told(scene, "/forget_me")
    await scene.anna.presses(question, "Keep")
    await telegram.until(lambda: question.text == "Nothing was deleted.")
    assert len(await bot.jobs()) == 1


async def test_a_groups_own_list_is_for_those_who_manage_it(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """The list of an admin who writes as the group is pressed by any admin of the group, and by nobody else."""
    scene.group.join(scene.ben, admin=True)
    caption = f"/animate@{telegram.me.username} hold"
    await scene.answer_to(scene.ben.sends_photo(scene.group, PICTURE, caption, anonymous=True))
    answer = await scene.answer_to(scene.ben.sends(scene.group, "/jobs", anonymous=True))
    assert "somebody else" in (await scene.anna.presses(answer, "Cancel 1")).text
    assert (await scene.ben.presses(answer, "Refresh")).text == ""
    await scene.ben.presses(answer, "Cancel 1")
    await telegram.until(lambda: "no jobs under way" in answer.text)
    assert (await bot.only_job()).state is JobState.CANCELLED
