"""The buttons of a job: each does what it says, for whoever may, and every press is answered."""

import os

from bot.domain.job import JobState
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot, quick, with_admins
from tests.adapters.telegram.delivering import (
    TWO_DAYS_S,
    held,
    named,
    pass_time,
    release,
    require_sound,
    video_names,
    wish,
)
from tests.adapters.telegram.scenes import Harbour, answers
from tests.loopback.scripted_renderer import MP4
from tests.loopback.telegram import Chat, LoopbackTelegram, Message, Topic


async def video(bot: Bot, scene: Harbour, place: Chat | Topic | None = None, prompt: str = "boats") -> Message:
    """Return a message with a video of Anna's that the bot has done with."""
    message = await scene.video_of(wish(scene, scene.anna, place or scene.private, prompt))
    await bot.until((await bot.jobs())[-1].id)
    return message


async def test_whoever_asked_can_cancel(bot: Bot, scene: Harbour) -> None:
    """A press on "Cancel" ends the job, and its message says so and what became of the credits."""
    status = await held(scene)
    pressed = await scene.anna.presses(status, "Cancel")
    assert (pressed.text, pressed.is_alert) == ("", False)
    await scene.telegram.until(lambda: status.text.endswith("Cancelled. 1 credit given back."))
    assert status.labels == ["Again", "Edit prompt", "Delete"]


async def test_others_cannot_cancel(bot: Bot, scene: Harbour) -> None:
    """Somebody else's press on "Cancel" ends nothing, and is told so in a window of their own."""
    status = await held(scene, scene.group)
    pressed = await scene.ben.presses(status, "Cancel")
    assert (pressed.text, pressed.is_alert) == ("Only the person who asked for this video can do that.", True)
    assert (await bot.only_job()).state is JobState.RUNNING
    assert scene.group.of_bot == [status]


async def test_whoever_manages_the_group_can_cancel(bot: Bot, scene: Harbour) -> None:
    """A group's administrator may end what was asked for there; who is one no more may not."""
    status = await held(scene, scene.group)
    scene.group.join(scene.ben, admin=True)
    await scene.ben.presses(status, "Cancel")
    await scene.telegram.until(lambda: "Cancelled." in status.text)
    other = await held(scene, scene.group)
    scene.group.join(scene.ben, admin=False)
    assert (await scene.ben.presses(other, "Cancel")).is_alert


async def test_an_admin_of_the_bot_can_cancel(open_bot: OpenBot, scene: Harbour) -> None:
    """An admin of the bot may end a job wherever it was asked for."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        status = await held(scene, scene.group)
        await scene.ben.presses(status, "Cancel")
        await scene.telegram.until(lambda: "Cancelled." in status.text)
        assert (await bot.only_job()).state is JobState.CANCELLED


async def test_a_job_that_is_over_cannot_be_cancelled(bot: Bot, scene: Harbour) -> None:
    """A press that comes too late is told so."""
    status = await held(scene)
    asleep = scene.telegram.faults.hold("editMessageText")
    first = await scene.anna.presses(status, "Cancel", wait=False)
    await scene.telegram.until(lambda: asleep.hits == 1)
    second = await scene.anna.presses(status, "Cancel")
    assert second.is_alert
    asleep.release()
    await first.answered()


async def test_again_is_a_new_job_below_the_video(bot: Bot, scene: Harbour) -> None:
    """Whoever sees a video can have another one of the same picture, at their own cost, as an answer to it."""
    message = await video(bot, scene, scene.group)
    await scene.ben.presses(message, "Again")
    other = await scene.video_of(message)
    first, second = await bot.jobs()
    assert second.requester.user == str(scene.ben.id)
    assert second.seed != first.seed
    assert other.video is not None
    assert other.caption.startswith("boats\n")


async def test_the_same_press_twice_is_one_job(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """However often Telegram sends a press, it is one new job."""
    message = await video(bot, scene)
    await scene.anna.presses(message, "Again")
    press = next(one for one in reversed(telegram.updates) if "callback_query" in one)
    telegram.repeats(press, times=3)
    telegram.send_raw(press | {"update_id": press["update_id"] + 1_000})  # the same press under another number
    await scene.video_of(message)
    await telegram.until_confirmed()
    await video(bot, scene, prompt="later")
    assert len(await bot.jobs()) == 3


async def test_better_and_longer_keep_the_seed(bot: Bot, scene: Harbour) -> None:
    """ "Best quality" and "Longer" make the same video again, better or longer."""
    message = await video(bot, scene)
    for label in ("Best quality", "Longer"):
        await scene.anna.presses(message, label)
    first, best, longer = await bot.until_accepted(3)
    assert (best.preset, best.seed) == ("best", first.seed)
    assert longer.seconds > first.seconds
    assert longer.seed == first.seed


async def test_a_refusal_is_for_whoever_pressed(bot: Bot, scene: Harbour) -> None:
    """What cannot be made again is said in a window to whoever pressed, and the chat reads nothing."""
    message = await video(bot, scene, scene.group)
    bot.files.picture((await bot.only_job()).id).unlink()
    pressed = await scene.ben.presses(message, "Again")
    assert pressed.is_alert
    assert "picture" in pressed.text
    assert scene.group.of_bot == [message]


async def test_a_press_on_a_job_that_is_gone_says_so(bot: Bot, scene: Harbour) -> None:
    """A button of a job of which nothing is left is answered with a sentence."""
    message = await video(bot, scene)
    await bot.services.privacy.forget((await bot.only_job()).requester)
    for label in ("Again", "As file", "Delete", "Report"):
        assert (await scene.anna.presses(message, label)).is_alert


async def test_the_file_comes_as_it_is(bot: Bot, scene: Harbour) -> None:
    """ "As file" answers with the very bytes of the video, named and marked as what they are."""
    message = await video(bot, scene, scene.group)
    pressed = await scene.ben.presses(message, "As file")
    assert not pressed.is_alert
    await scene.telegram.until(lambda: answers(message))
    (file,) = answers(message)
    assert file.document is not None
    assert (file.document.file_name, file.document.data) == (named((await bot.only_job()).id), MP4)
    assert "no AI" in file.caption
    (call,) = scene.telegram.calls_to("sendDocument")
    assert call.parameters["disable_content_type_detection"] is True


async def test_a_file_that_telegram_does_not_take_is_told(bot: Bot, scene: Harbour) -> None:
    """Where the file cannot be sent, whoever pressed is told where they pressed."""
    message = await video(bot, scene, scene.group)
    scene.group.forbids("send_documents")
    await scene.ben.presses(message, "As file")
    await scene.telegram.until(lambda: answers(message))
    assert answers(message)[0].text == "This chat does not let the bot send videos or files."
    scene.telegram.faults.next("sendDocument", reset=True)
    scene.group.allows("send_documents")
    await scene.ben.presses(message, "As file")
    await scene.telegram.until(lambda: len(answers(message)) == 2)
    assert "try again" in answers(message)[1].text


async def test_a_file_above_the_limit_is_not_uploaded(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """What is larger than Telegram takes is refused at once, with its size; what just fits is sent."""
    message = await video(bot, scene)
    path = bot.files.video((await bot.only_job()).id)
    os.truncate(path, quick(telegram).max_video_bytes + 1)
    pressed = await scene.anna.presses(message, "As file")
    assert (pressed.text, pressed.is_alert) == ("This video is too large to be sent here (50.0 MB).", True)
    assert telegram.calls_to("sendDocument") == []
    os.truncate(path, quick(telegram).max_video_bytes)
    await scene.anna.presses(message, "As file")
    await telegram.until(lambda: answers(message))
    assert answers(message)[0].document is not None


async def test_a_press_that_a_death_interrupted_sends_nothing_twice(
    open_bot: OpenBot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where the bot dies while it sends a file again, the same press sends no second one after its next start."""
    async with open_bot() as bot:
        message = await video(bot, scene)
        asleep = telegram.faults.hold("sendDocument")
        await scene.anna.presses(message, "As file")
        await telegram.until(lambda: asleep.hits == 1)
    telegram.faults.clear()
    async with open_bot() as bot:
        await video(bot, scene, prompt="later")
    assert len(telegram.calls_to("sendDocument")) == 1


async def test_a_report_reaches_the_admins(bot: Bot, scene: Harbour) -> None:
    """Whoever finds a video wrong can say so with one press, and reads that it was noted."""
    message = await video(bot, scene, scene.group)
    pressed = await scene.ben.presses(message, "Report")
    assert (pressed.text, pressed.is_alert) == ("Thank you. The admins will see your report.", True)
    (notice,) = await bot.services.admin.notices_since(0)
    assert (await bot.only_job()).id in notice.message


async def test_deleting_asks_first(bot: Bot, scene: Harbour) -> None:
    """ "Delete" asks whether it is meant; "Keep" leaves all as it was."""
    message = await video(bot, scene)
    before = message.rows
    await scene.anna.presses(message, "Delete")
    await scene.telegram.until(lambda: message.labels == ["Yes, delete", "Keep"])
    await scene.anna.presses(message, "Keep")
    await scene.telegram.until(lambda: message.rows == before)
    assert (await bot.only_job()).has_video


async def test_deleting_takes_everything_away(bot: Bot, scene: Harbour) -> None:
    """After "Yes, delete" the video, the call to it and everything that the bot knew of the wish are gone."""
    status = await held(scene)
    pass_time(bot, 61)
    job_id = await release(bot)
    await scene.telegram.until(lambda: len(scene.private.of_bot) == 2)
    await require_sound(bot, job_id, JobState.DELIVERED)
    await scene.anna.presses(status, "Delete")
    await scene.telegram.until(lambda: "Yes, delete" in status.labels)
    await scene.anna.presses(status, "Yes, delete")
    await scene.telegram.until(lambda: not scene.private.of_bot)
    job = await bot.job(job_id)
    assert (job.prompt, job.has_video, job.has_picture) == ("", False, False)
    assert not bot.files.video(job_id).exists()


async def test_deleting_a_copy_takes_both_away(bot: Bot, scene: Harbour) -> None:
    """A video that was sent again has its own buttons; what is deleted there is gone in both places."""
    message = await video(bot, scene)
    page = await scene.answer_to(scene.anna.sends(scene.private, "/history"))
    await scene.anna.presses(page, "1. Send again")
    copy = await scene.video_of(page)
    assert copy.rows == message.rows
    await scene.anna.presses(copy, "Delete")
    await scene.telegram.until(lambda: "Yes, delete" in copy.labels)
    await scene.anna.presses(copy, "Yes, delete")
    await scene.telegram.until(lambda: copy.deleted and message.deleted)
    assert not page.deleted


async def test_nobody_else_deletes(bot: Bot, scene: Harbour) -> None:
    """Neither the question nor its answer is for anybody but whoever asked, or manages the group."""
    message = await video(bot, scene, scene.group)
    assert (await scene.ben.presses(message, "Delete")).is_alert
    await scene.anna.presses(message, "Delete")
    await scene.telegram.until(lambda: "Yes, delete" in message.labels)
    assert (await scene.ben.presses(message, "Yes, delete")).is_alert
    assert (await scene.ben.presses(message, "Keep")).is_alert
    assert (await bot.only_job()).has_video
    scene.group.join(scene.ben, admin=True)
    await scene.ben.presses(message, "Yes, delete")
    await scene.telegram.until(lambda: message.deleted)


async def test_what_is_too_old_to_be_deleted_is_emptied(bot: Bot, scene: Harbour) -> None:
    """Where Telegram deletes a message no more, its words and buttons go, and it says what is left to be done."""
    message = await video(bot, scene)
    failed = await scene.answer_to(wish(scene, scene.anna, scene.private, "refuse this"))
    await scene.telegram.until(lambda: "Delete" in failed.labels)
    pass_time(bot, TWO_DAYS_S)
    for one in (message, failed):
        await scene.anna.presses(one, "Delete")
        await scene.telegram.until(lambda one=one: "Yes, delete" in one.labels)  # type: ignore[misc]
        await scene.anna.presses(one, "Yes, delete")
        await scene.telegram.until(lambda one=one: "Deleted." in one.shown)  # type: ignore[misc]
    assert (message.labels, failed.labels) == ([], [])
    assert "boats" not in message.caption
    assert "please delete the message" in message.caption
    assert failed.text == "Deleted."


async def test_a_job_under_way_cannot_be_deleted(bot: Bot, scene: Harbour) -> None:
    """What is still being made has to be cancelled before it can be deleted."""
    message = await video(bot, scene)
    old = (await bot.only_job()).id
    status = await held(scene)
    new = (await bot.jobs())[1].id
    button = next(button for row in message.markup["inline_keyboard"] for button in row if button["text"] == "Delete")
    button["callback_data"] = button["callback_data"].replace(old, new)
    pressed = await scene.anna.presses(message, "Delete")
    assert pressed.is_alert
    assert "cancel it first" in pressed.text
    assert not status.deleted


async def test_what_is_hidden_disappears(bot: Bot, scene: Harbour) -> None:
    """What an admin takes back is gone from the chat, with the call to it."""
    await held(scene, scene.topic)
    pass_time(bot, 61)
    job_id = await release(bot)
    await scene.telegram.until(lambda: len(scene.topic.of_bot) == 2)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(scene.topic.of_bot) == [named(job_id)]
    await bot.adapter.channel.take_back(await bot.job(job_id))
    assert scene.topic.of_bot == []


async def test_taking_back_what_cannot_be_reached_is_no_error(bot: Bot, scene: Harbour) -> None:
    """Where the chat is closed, taking a message back ends quietly."""
    message = await video(bot, scene)
    scene.anna.blocks()
    await bot.adapter.channel.take_back(await bot.only_job())
    assert not message.deleted


async def test_buttons_answer_after_a_restart(open_bot: OpenBot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """A button that was sent before the bot was stopped does after its next start what it says."""
    async with open_bot(options=quick(telegram)) as bot:
        message = await video(bot, scene)
    async with open_bot(options=quick(telegram)) as bot:
        await scene.anna.presses(message, "Again")
        await scene.video_of(message)
        assert len(await bot.jobs()) == 2
