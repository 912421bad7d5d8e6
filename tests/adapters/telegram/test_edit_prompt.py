""" "Edit prompt" asks a question, and its answer is a new video of the same picture."""

from collections.abc import Mapping

from telegram import Message as BotMessage

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import NOT_NOW
from bot.adapters.telegram.questions import job_of
from bot.domain.job import JobState
from bot.store.milestones import Change
from generation.request import MAX_PROMPT_CHARACTERS
from tests.adapters.telegram.conftest import Bot, OpenBot
from tests.adapters.telegram.delivering import held, pass_time, wish
from tests.adapters.telegram.disks import FullDisk
from tests.adapters.telegram.scenes import PICTURE, Harbour, answers
from tests.loopback.expect import eventually
from tests.loopback.telegram import Chat, LoopbackTelegram, Message, Person, Topic

_A_DAY_S = 24 * 3600 + 1


async def video(scene: Harbour, place: Chat | Topic | None = None, prompt: str = "boats") -> Message:
    """Return a message with a video of Anna's."""
    return await scene.video_of(wish(scene, scene.anna, place or scene.private, prompt))


async def question(scene: Harbour, person: Person, message: Message) -> Message:
    """Return the question that a press on "Edit prompt" brings."""
    pressed = await person.presses(message, "Edit prompt")
    assert not pressed.is_alert
    await scene.telegram.until(lambda: any(one.force_reply for one in answers(message)), about="a question")
    return next(one for one in answers(message) if one.force_reply)


async def test_the_answer_is_a_new_video(bot: Bot, scene: Harbour) -> None:
    """The old prompt can be copied from the question; the answer gives a new video with its words and options."""
    asked = await question(scene, scene.anna, await video(scene, prompt="the <b>boats</b> sway"))
    assert asked.text.startswith("Please answer this message")
    assert [entity.text for entity in asked.entities if entity.type == "pre"] == ["the <b>boats</b> sway"]
    assert asked.force_reply is not None
    assert asked.force_reply.selective
    reply = scene.anna.sends(scene.private, "the gulls fly --seconds 2 --seed 5", reply_to=asked)
    other = await scene.video_of(reply)
    first, second = await bot.jobs()
    assert (second.prompt, second.seed, second.requester.id) == ("the gulls fly", 5, first.requester.id)
    assert second.seconds < first.seconds
    assert other.caption.startswith("the gulls fly\n")


async def test_options_alone_leave_the_words(bot: Bot, scene: Harbour) -> None:
    """Whoever answers with options only keeps the prompt."""
    asked = await question(scene, scene.anna, await video(scene))
    await scene.video_of(scene.anna.sends(scene.private, "--seed 5", reply_to=asked))
    _, second = await bot.jobs()
    assert (second.prompt, second.seed) == ("boats", 5)


async def test_in_a_group_whoever_pressed_is_asked(bot: Bot, scene: Harbour) -> None:
    """In a group the question names whoever pressed, and only their answer counts."""
    scene.group.join(scene.ben, admin=True)
    asked = await question(scene, scene.ben, await video(scene, scene.group))
    assert [entity.text for entity in asked.entities if entity.type == "text_mention"] == ["ben"]
    scene.anna.sends(scene.group, "anna's words", reply_to=asked)
    reply = scene.ben.sends(scene.group, "ben's words", reply_to=asked)
    await scene.video_of(reply)
    first, second = await bot.jobs()
    assert (second.prompt, second.requester.user) == ("ben's words", str(scene.ben.id))
    assert first.requester.user == str(scene.anna.id)


async def test_an_anonymous_admin_is_asked_and_answers(bot: Bot, scene: Harbour) -> None:
    """Of an admin who writes in the group's name the question names nobody, and their answer counts."""
    scene.group.join(scene.ben, admin=True)
    wanted = scene.ben.sends_photo(scene.group, PICTURE, "/animate fog", anonymous=True)
    asked = await question(scene, scene.ben, await scene.video_of(wanted))
    assert asked.text.startswith("Please answer this message")
    assert [entity.text for entity in asked.entities if entity.type == "text_mention"] == []
    await scene.video_of(scene.ben.sends(scene.group, "gulls", reply_to=asked, anonymous=True))
    assert [(job.prompt, job.requester.user) for job in await bot.jobs()] == [
        ("fog", str(scene.group.id)),
        ("gulls", str(scene.group.id)),
    ]


async def test_the_groups_voice_answers_for_admins_only(bot: Bot, scene: Harbour) -> None:
    """A question to somebody who is no admin of the group is not answered in the group's name."""
    scene.group.join(scene.ben, admin=True)
    asked = await question(scene, scene.anna, await video(scene, scene.group))
    scene.ben.sends(scene.group, "an admin's words", reply_to=asked, anonymous=True)
    await scene.video_of(scene.anna.sends(scene.group, "gulls", reply_to=asked))
    assert [job.prompt for job in await bot.jobs()] == ["boats", "gulls"]


async def test_an_answer_in_the_groups_name_is_not_dropped(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """Where Telegram does not say just now whether the asked person is an admin, the answer is asked for once more."""
    scene.group.join(scene.ben, admin=True)
    wanted = scene.ben.sends_photo(scene.group, PICTURE, "/animate fog", anonymous=True)
    asked = await question(scene, scene.ben, await scene.video_of(wanted))
    telegram.faults.next("getChatMember", status=502, count=None)
    told = await scene.answer_to(scene.ben.sends(scene.group, "gulls", reply_to=asked, anonymous=True))
    assert told.text == NOT_NOW
    assert len(await bot.jobs()) == 1


async def test_a_question_that_could_not_be_noted_is_taken_back(open_bot: OpenBot, scene: Harbour) -> None:
    """Where the disk takes nothing there stays no question whose answer nobody would understand."""
    disk = FullDisk(Change.NOTE)
    async with open_bot(reach=disk.reach):
        message = await video(scene)
        disk.is_full = True
        await scene.anna.presses(message, "Edit prompt")
        await eventually(lambda: disk.refused == 1)
        await eventually(lambda: answers(message) == [])
        disk.is_full = False
        assert (await question(scene, scene.anna, message)).force_reply is not None


async def test_in_a_topic_the_question_stays_there(bot: Bot, scene: Harbour) -> None:
    """In a forum the question and the video that comes of it appear in the topic of the old one."""
    asked = await question(scene, scene.anna, await video(scene, scene.topic))
    assert asked.thread == scene.topic.thread
    other = await scene.video_of(scene.anna.sends(scene.topic, "gulls", reply_to=asked))
    assert other.thread == scene.topic.thread
    assert {job.state for job in await bot.jobs()} <= {JobState.RENDERED, JobState.DELIVERED}


async def test_a_question_outlives_the_bot(open_bot: OpenBot, scene: Harbour) -> None:
    """An answer that comes after a restart still finds its question."""
    async with open_bot() as bot:
        asked = await question(scene, scene.anna, await video(scene))
    async with open_bot() as bot:
        await scene.video_of(scene.anna.sends(scene.private, "gulls", reply_to=asked))
        assert [job.prompt for job in await bot.jobs()] == ["boats", "gulls"]


async def test_the_same_answer_twice_is_one_job(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """However often Telegram sends an answer, it is one new job; another answer is another one."""
    asked = await question(scene, scene.anna, await video(scene))
    first = scene.anna.sends(scene.private, "gulls", reply_to=asked)
    update = telegram.updates[-1]
    telegram.repeats(update, times=3)
    telegram.send_raw(update | {"update_id": update["update_id"] + 1_000})  # the same letter under another number
    await scene.video_of(first)
    await scene.video_of(scene.anna.sends(scene.private, "terns", reply_to=asked))
    assert [job.prompt for job in await bot.jobs()] == ["boats", "gulls", "terns"]


async def test_an_option_that_is_none_is_told(bot: Bot, scene: Harbour) -> None:
    """A mistyped option in the answer is told below it, and can be tried again."""
    asked = await question(scene, scene.anna, await video(scene))
    wrong = scene.anna.sends(scene.private, "gulls --secnds 2", reply_to=asked)
    refusal = await scene.answer_to(wrong)
    assert "seconds" in refusal.text
    await scene.video_of(scene.anna.sends(scene.private, "gulls --seconds 2", reply_to=asked))
    assert len(await bot.jobs()) == 2


async def test_a_question_is_forgotten_after_a_day(bot: Bot, scene: Harbour) -> None:
    """An answer to a question of the day before is no answer any more."""
    message = await video(scene)
    asked = await question(scene, scene.anna, message)
    await scene.anna.presses(message, "Report")  # the press before it has been seen to by now
    pass_time(bot, _A_DAY_S)
    late = scene.anna.sends(scene.private, "gulls", reply_to=asked)
    await scene.answer_to(late)
    assert len(await bot.jobs()) == 1


async def test_where_the_picture_is_gone_nothing_is_asked(bot: Bot, scene: Harbour) -> None:
    """Where the picture is gone, whoever presses is told before they have typed anything."""
    message = await video(scene)
    job = await bot.until((await bot.only_job()).id)
    await bot.services.jobs.delete(job.requester, job.id)
    assert (await scene.anna.presses(message, "Edit prompt")).is_alert
    assert answers(message) == []


async def test_a_long_prompt_fits_into_the_question(bot: Bot, scene: Harbour) -> None:
    """The longest prompt that there can be is copied from the question as a whole."""
    message = await video(scene, prompt="short")
    await bot.database.write(
        Change.TOLD, lambda tx: tx.execute("UPDATE job SET prompt = ?", ("🛶" * MAX_PROMPT_CHARACTERS,))
    )
    asked = await question(scene, scene.anna, message)
    assert asked.text.endswith("🛶" * MAX_PROMPT_CHARACTERS)


async def test_words_below_a_job_are_about_it(bot: Bot, scene: Harbour) -> None:
    """A text that answers a job's message, and not its question, makes a video of the same picture as well."""
    message = await video(scene)
    await scene.video_of(scene.anna.sends(scene.private, "gulls", reply_to=message))
    status = await held(scene)
    scene.anna.sends(scene.private, "hold the terns", reply_to=status)
    await bot.until_accepted(4)
    assert [job.prompt for job in await bot.jobs()] == ["boats", "gulls", "hold the boats", "hold the terns"]
    bot.renderer.release()


async def test_a_list_of_jobs_is_no_jobs_message(bot: Bot, scene: Harbour) -> None:
    """A message with the buttons of several jobs belongs to none of them, and one without buttons neither."""
    first = await video(scene)
    second = await video(scene)

    def received(markup: Mapping[str, object]) -> BotMessage:
        body = {"message_id": 5, "date": 0, "chat": {"id": 7, "type": "private"}, "text": "a list"}
        message = BotMessage.de_json(body | ({"reply_markup": markup} if markup else {}))
        assert message is not None
        return message

    both = {"inline_keyboard": [*first.markup["inline_keyboard"], *second.markup["inline_keyboard"]]}
    assert job_of(received(first.markup)) == (await bot.jobs())[0].id
    assert job_of(received(both)) is None
    assert job_of(received({})) is None
    assert Address.of((await bot.jobs())[0]).message == first.id
