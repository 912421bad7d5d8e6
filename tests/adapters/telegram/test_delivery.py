"""A delivery finds its chat, or ends clearly; the status message becomes the video wherever that is possible."""

import pytest

from bot.domain.job import CreditState, JobState
from bot.store.milestones import Change
from tests.adapters.telegram.conftest import Bot
from tests.adapters.telegram.delivering import (
    A_WHILE_S,
    held,
    named,
    pass_time,
    pending,
    release,
    require_sound,
    until_put_off,
    until_told,
    video_names,
    wish,
)
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.scripted_renderer import MP4
from tests.loopback.telegram import LoopbackTelegram

_UNREACHABLE = 8  # no more calls than that for somebody who cannot be reached


async def test_the_status_message_becomes_the_video(bot: Bot, scene: Harbour) -> None:
    """The message that showed the progress becomes the video, with its shape, how it was made, and what can be done."""
    status = await held(scene, prompt="hold the boats --seed 7")
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    assert scene.private.of_bot == [status]
    video = status.video
    assert video is not None
    assert (video.file_name, video.data) == (named(job_id), bot.files.video(job_id).read_bytes())
    assert (video.width, video.height) == (job.width_px, job.height_px)
    assert video.duration == round(job.seconds)
    assert video.supports_streaming
    assert status.caption.startswith("hold the boats\ncamera move, no AI, seed 7, ")
    assert [[button.label for button in row] for row in status.rows] == [
        ["Again", "Edit prompt"],
        ["Best quality", "Longer"],
        ["As file", "Delete", "Report"],
    ]
    assert "upload_video" in [action.action for action in scene.private.actions]


async def test_whoever_waited_long_is_called(bot: Bot, scene: Harbour) -> None:
    """After a long wait a short line below the request says that the video is there; after a short one nothing does."""
    status = await held(scene)
    pass_time(bot, 61)
    await require_sound(bot, await release(bot), JobState.DELIVERED)
    await scene.telegram.until(lambda: len(scene.private.of_bot) == 2)
    _, call = scene.private.of_bot
    assert call.text == "anna: your video is ready."
    assert call.reply_to is status.reply_to
    quick = await scene.video(caption="boats")
    assert scene.private.of_bot == [status, call, quick]


async def test_who_is_called_when_nothing_comes(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Whoever waited long for a video that failed is called; whoever cancelled it knows."""
    status = await held(scene)
    pass_time(bot, 61)
    await scene.anna.presses(status, "Cancel")
    await until_told(bot, (await bot.only_job()).id)
    assert scene.private.of_bot == [status]
    other = await held(scene)
    pass_time(bot, 61)
    telegram.faults.next("editMessageMedia", status=413, count=2)
    bot.renderer.release()
    await telegram.until(lambda: len(scene.private.of_bot) == 3)
    assert scene.private.of_bot[2].text == "anna: your video did not work out."
    assert "given back" in other.text


async def test_a_deleted_status_message_is_replaced_once(bot: Bot, scene: Harbour) -> None:
    """Where somebody deleted the status message, one new message brings the video: it calls the person by itself."""
    status = await held(scene)
    asked = status.reply_to
    status.delete()
    pass_time(bot, 61)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    (new,) = scene.private.of_bot
    assert new.reply_to is asked
    assert video_names(scene.telegram.messages) == [named(job_id)]


async def test_a_deleted_request_costs_nothing(bot: Bot, scene: Harbour) -> None:
    """Where the picture and the status message are gone, the video still comes, as a message of its own."""
    status = await held(scene)
    assert status.reply_to is not None
    status.reply_to.delete()
    status.delete()
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    (new,) = scene.private.of_bot
    assert new.reply_to is None
    assert video_names([new]) == [named(job_id)]


async def test_an_older_server_gets_a_new_message(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a text cannot become a video, one new message brings it, and the old line goes."""
    telegram.holds_video_in_text = False
    status = await held(scene)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert status.deleted
    (new,) = scene.private.of_bot
    assert new.reply_to is status.reply_to
    assert video_names(telegram.messages) == [named(job_id)]
    assert "Again" in new.labels


@pytest.mark.parametrize("loss", ["blocked", "deactivated", "kicked", "deleted"])
async def test_whoever_cannot_be_reached_costs_a_few_calls(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram, loss: str
) -> None:
    """A video whose chat is closed is given up at once: the admins read why, and Telegram is left in peace."""
    in_group = loss in ("kicked", "deleted")
    await held(scene, scene.group if in_group else None)
    match loss:
        case "blocked":
            scene.anna.blocks()
        case "deactivated":
            scene.anna.deactivates()
        case "kicked":
            scene.group.kicks_bot()
        case _:
            scene.group.delete()
    await telegram.until_confirmed()
    before = len(telegram.calls)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.UNDELIVERABLE)
    assert job.credits is CreditState.USED
    for _ in range(3):
        pass_time(bot, A_WHILE_S)
    assert await pending(bot, job_id) is None
    made = [call for call in telegram.calls[before:] if call.method != "getUpdates"]
    assert 0 < len(made) <= _UNREACHABLE
    (notice,) = await bot.services.admin.notices_since(0)
    assert job_id in notice.message
    assert video_names(telegram.messages) == []


async def test_a_group_that_moved_gets_its_video(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a group became a supergroup while its video was made, the video comes there."""
    await held(scene, scene.group)
    new = scene.group.migrates()
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(new.of_bot) == video_names(telegram.messages) == [named(job_id)]
    assert job.origin.place == f"telegram:{new.id}"


async def test_a_move_that_nobody_told_of_is_found_out(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where only the refusal of a delivery says that the group has moved, its video follows all the same."""
    await held(scene, scene.group)
    asleep = telegram.faults.hold("getUpdates", count=None)
    scene.ben.sends(scene.bens, "/help")  # ends the question for updates that is open
    await telegram.until(lambda: asleep.hits > 0)
    new = scene.group.migrates()
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(new.of_bot) == [named(job_id)]
    assert job.origin.place == f"telegram:{new.id}"
    asleep.release()


async def test_a_chat_without_videos_says_so(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a group lets the bot send no videos, its message says so, and the video comes once it may."""
    status = await held(scene, scene.group)
    scene.group.forbids("send_videos")
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.UNDELIVERABLE)
    assert scene.group.of_bot == [status]
    assert "does not let the bot send it" in status.text
    assert status.labels == ["Send again"]
    scene.group.allows("send_videos")
    await scene.ben.presses(status, "Send again")
    await telegram.until(lambda: status.deleted)
    (video,) = scene.group.of_bot
    assert video_names([video]) == [named(job_id)]


@pytest.mark.parametrize("is_general", [False, True])
async def test_answers_stay_in_their_topic(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram, is_general: bool
) -> None:
    """In a forum the status line, the video and the call appear in the topic where somebody asked, and nowhere else."""
    topic = scene.forum.general if is_general else scene.topic
    status = await held(scene, topic)
    status.delete()
    pass_time(bot, 61)
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(topic.of_bot) == video_names(telegram.messages) == [named(job_id)]
    assert {action.thread for action in scene.forum.actions} == {topic.thread}


async def test_a_topic_that_is_gone_does_not_take_the_video_along(bot: Bot, scene: Harbour) -> None:
    """Where a topic was deleted, the video comes in the forum outside of it."""
    await held(scene, scene.topic)
    scene.topic.delete()
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names(scene.forum.general.of_bot) == [named(job_id)]


async def test_a_closed_topic_keeps_its_line(bot: Bot, scene: Harbour) -> None:
    """Where a topic was closed, its status line still becomes the video."""
    status = await held(scene, scene.topic)
    scene.topic.close()
    job_id = await release(bot)
    await require_sound(bot, job_id, JobState.DELIVERED)
    assert video_names([status]) == [named(job_id)]


async def test_a_video_that_is_too_large_comes_smaller(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """A file that Telegram does not take is encoded once more, smaller, and that one comes."""
    status = await held(scene)
    telegram.faults.next("editMessageMedia", status=413, description="Request Entity Too Large")
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    (_, max_bytes), *more = bot.shrinker.calls
    assert more == []
    assert job.is_shrunk
    assert status.video is not None
    assert len(status.video.data) == max_bytes


async def test_a_new_message_that_is_too_large_comes_smaller(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where a new message was clearly refused for its size, a smaller video is sent, without any doubt."""
    telegram.holds_video_in_text = False
    await held(scene)
    telegram.faults.next("sendVideo", status=413)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.DELIVERED)
    assert job.is_shrunk
    assert video_names(scene.private.of_bot) == [named(job_id)]


@pytest.mark.parametrize(("room_bytes", "uploads"), [(0, 1), (-1, 0)])
async def test_nothing_above_the_limit_is_uploaded(
    bot: Bot, scene: Harbour, telegram: LoopbackTelegram, room_bytes: int, uploads: int
) -> None:
    """What just fits is sent as it is; what is larger is made smaller before anything of it is sent."""
    status = await held(scene)
    job_id = (await bot.only_job()).id
    max_bytes = len(MP4) + room_bytes
    await bot.database.write(
        Change.TOLD, lambda tx: tx.execute("UPDATE job SET max_video_bytes = ? WHERE id = ?", (max_bytes, job_id))
    )
    job = await require_sound(bot, await release(bot), JobState.DELIVERED)
    assert job.is_shrunk is (uploads == 0)
    sent = [file.data for call in telegram.calls_to("editMessageMedia") for file in call.files.values()]
    assert sent.count(MP4) == uploads
    assert status.video is not None
    assert len(status.video.data) <= max_bytes


async def test_a_video_that_stays_too_large_is_paid_back(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Whoever cannot have their video because of its size is told so, and has their credits back."""
    status = await held(scene)
    telegram.faults.next("editMessageMedia", status=413, count=2)
    job_id = await release(bot)
    job = await require_sound(bot, job_id, JobState.FAILED)
    await until_told(bot, job_id)
    assert job.credits is CreditState.RETURNED
    assert "too large" in status.text
    assert "given back" in status.text
    assert status.labels == ["Again", "Edit prompt", "Delete"]


async def test_a_failed_job_whose_line_is_gone_is_told(bot: Bot, scene: Harbour) -> None:
    """Where the status message was deleted, why there is no video still comes, as an answer to the request."""
    status = await held(scene)
    status.delete()
    job = await bot.only_job()
    await bot.services.jobs.cancel(job.requester, job.id)
    await until_told(bot, job.id)
    (told,) = scene.private.of_bot
    assert told.text.endswith("Cancelled. 1 credit given back.")
    assert told.reply_to is status.reply_to


async def test_a_video_before_its_status_message(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """Where a video is made faster than its status message is sent, both end in one message."""
    late = telegram.faults.hold("sendMessage")
    asked = wish(scene, scene.anna, scene.private, "boats")
    (job,) = await bot.until_accepted()
    await bot.until(job.id, JobState.RENDERED)
    await telegram.until(lambda: late.hits == 1)
    late.release()
    video = await scene.video_of(asked)
    await require_sound(bot, job.id, JobState.DELIVERED)
    assert scene.private.of_bot == [video]


async def test_what_cannot_be_delivered_yet_waits(bot: Bot, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """While Telegram asks a chat to wait, the video of another chat goes through at once."""
    status = await held(scene)
    patience = telegram.faults.next("editMessageMedia", chat=scene.private.id, retry_after=60, count=None)
    bot.renderer.release()
    (job,) = await bot.jobs()
    left = await until_put_off(bot, job.id)
    assert not left.in_doubt
    video = await scene.video(scene.ben)
    assert video.video is not None
    assert status.video is None
    assert patience.hits == 1
    telegram.faults.clear()
