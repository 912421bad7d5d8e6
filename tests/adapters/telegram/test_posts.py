"""Messages and videos arrive as they were meant, where they were meant, also where half of that is gone by now."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatAction

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.posts import Me, Posts
from bot.adapters.telegram.text import bold, plain
from bot.service.delivery import TryLater
from tests.adapters.telegram.line import Line, clip_in, jpeg, open_line
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import Chat, LoopbackTelegram, Message

_CANCEL = InlineKeyboardMarkup([[InlineKeyboardButton("Cancel", callback_data="job:1:cancel")]])
_HELLO = plain("Hello ") + bold("🐈 Anna")


@pytest.fixture
async def line(telegram: LoopbackTelegram) -> AsyncIterator[Line]:
    async with open_line(telegram) as line:
        yield line


@pytest.fixture
def posts(line: Line) -> Posts:
    return line.posts


async def _status(posts: Posts, scene: Harbour, chat: Chat | None = None) -> tuple[Message, Address]:
    """Send a status line to a chat, Anna's private one if no other is named."""
    chat = chat or scene.private
    at = Address(chat.id)
    at = replace(at, message=await posts.send(at, plain("Waiting."), _CANCEL))
    return chat.of_bot[-1], at


async def test_the_bot_knows_who_it_is(posts: Posts, telegram: LoopbackTelegram) -> None:
    """Its number, its name, and whether it hears everything, are what Telegram says."""
    assert posts.me == Me(telegram.me.id, telegram.me.username, reads_all=telegram.me.reads_all)


async def test_an_answer_stands_below_what_it_answers(posts: Posts, scene: Harbour) -> None:
    """It answers the person's message, with its marks and buttons."""
    asked = scene.anna.sends(scene.private, "Hello?")
    number = await posts.send(Address(scene.private.id, asked=asked.id), _HELLO, _CANCEL)
    (answer,) = scene.private.of_bot
    assert (answer.id, answer.text, answer.reply_to) == (number, "Hello 🐈 Anna", asked)
    assert [(entity.type, entity.text) for entity in answer.entities] == [("bold", "🐈 Anna")]
    assert answer.labels == ["Cancel"]


async def test_an_answer_in_a_topic_stays_in_it(posts: Posts, scene: Harbour) -> None:
    """What is asked in a topic is answered there, and in General where it was asked in General."""
    asked = scene.anna.sends(scene.topic, "Hello?")
    await posts.send(Address(scene.forum.id, thread=scene.topic.thread, asked=asked.id), _HELLO)
    await posts.send(Address(scene.forum.id), _HELLO)
    assert [message.thread for message in scene.forum.of_bot] == [scene.topic.thread, 0]


async def test_an_answer_to_a_deleted_message_stands_by_itself(posts: Posts, scene: Harbour) -> None:
    """Whoever deletes what they asked is answered all the same."""
    asked = scene.anna.sends(scene.private, "Hello?")
    asked.delete()
    await posts.send(Address(scene.private.id, asked=asked.id), _HELLO)
    assert [message.reply_to for message in scene.private.of_bot] == [None]


async def test_where_the_topic_is_gone_the_answer_comes_outside_of_it(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram, tmp_path: Path
) -> None:
    """A text, a video and a file for a topic that was deleted come in the chat itself, once each."""
    to = Address(scene.forum.id, thread=scene.topic.thread)
    scene.topic.delete()
    await posts.send(to, _HELLO)
    await posts.send_video(to, await clip_in(tmp_path), plain("boats"), None)
    await posts.send_file(to, "boats.mp4", b"a file", plain(""))
    assert [message.thread for message in scene.forum.of_bot] == [0, 0, 0]
    assert len(telegram.calls_to("sendMessage", "sendVideo", "sendDocument")) == 6


async def test_a_question_asks_for_an_answer(posts: Posts, scene: Harbour) -> None:
    """A question opens the field for its answer."""
    await posts.send(Address(scene.private.id), plain("What should move?"), ForceReply(input_field_placeholder="waves"))
    (question,) = scene.private.of_bot
    assert question.force_reply is not None
    assert question.force_reply.placeholder == "waves"


async def test_a_message_shows_something_else(posts: Posts, scene: Harbour) -> None:
    """An edit replaces text and buttons; the same once more changes nothing and is no error."""
    message, at = await _status(posts, scene)
    for _ in range(2):
        await posts.edit(at, _HELLO, None)
    assert (message.text, message.labels, len(message.edits)) == ("Hello 🐈 Anna", [], 1)
    for _ in range(2):
        await posts.edit_keyboard(at, _CANCEL)
    assert (message.text, message.labels) == ("Hello 🐈 Anna", ["Cancel"])


async def test_a_status_line_becomes_the_video(posts: Posts, scene: Harbour, tmp_path: Path) -> None:
    """The message shows the video with all that players need, and its caption; sent again it is the same message."""
    message, at = await _status(posts, scene)
    clip = await clip_in(tmp_path, b"a video" * 1000)
    for _ in range(2):
        await posts.show_video(at, clip, bold("boats"), None)
    assert scene.private.of_bot == [message]
    assert (message.caption, message.labels) == ("boats", [])
    video = message.video
    assert video is not None
    assert video.data == b"a video" * 1000
    assert (video.width, video.height, video.duration, video.file_name) == (640, 400, 2, "boats.mp4")
    assert video.supports_streaming
    assert video.cover is not None
    assert video.thumbnail is not None
    assert clip.poster is not None
    assert video.cover.data == clip.poster.read_bytes()


async def test_a_new_message_brings_the_video(posts: Posts, scene: Harbour, tmp_path: Path) -> None:
    """It answers what was asked, in its topic, with all that players need."""
    asked = scene.anna.sends(scene.topic, "boats")
    to = Address(scene.forum.id, thread=scene.topic.thread, asked=asked.id)
    number = await posts.send_video(to, await clip_in(tmp_path), bold("boats"), _CANCEL)
    (message,) = scene.forum.of_bot
    assert (message.id, message.reply_to, message.thread) == (number, asked, scene.topic.thread)
    assert (message.caption, message.labels) == ("boats", ["Cancel"])
    video = message.video
    assert video is not None
    assert (video.data, video.width, video.height, video.duration) == (b"a video", 640, 400, 2)
    assert video.supports_streaming
    assert video.cover is not None
    assert video.thumbnail is not None


@pytest.mark.parametrize("sides_px", [(1280, 720), (720, 1280), (200, 100)])
async def test_the_small_picture_is_small_enough(
    posts: Posts, scene: Harbour, tmp_path: Path, sides_px: tuple[int, int]
) -> None:
    """The hardest poster there is becomes a picture of the sides and the size that Telegram takes."""
    clip = await clip_in(tmp_path, poster=jpeg(*sides_px))
    await posts.send_video(Address(scene.private.id), clip, plain(""), None)
    video = scene.private.of_bot[-1].video
    assert video is not None
    assert video.thumbnail is not None
    with Image.open(io.BytesIO(video.thumbnail.data), formats=("JPEG",)) as image:
        assert max(image.size) == min(320, max(sides_px))
        assert image.width / image.height == pytest.approx(sides_px[0] / sides_px[1], rel=0.02)
    assert len(video.thumbnail.data) <= 200_000


@pytest.mark.parametrize("poster", [b"", b"\xff\xd8\xff no picture", None])
async def test_without_a_poster_the_video_comes_all_the_same(
    posts: Posts, scene: Harbour, tmp_path: Path, poster: bytes | None
) -> None:
    """A poster that is damaged or missing costs the video its cover, nothing else."""
    _, at = await _status(posts, scene)
    clip = await clip_in(tmp_path, poster=poster or b"")
    clip = replace(clip, poster=None) if poster is None else clip
    await posts.show_video(at, clip, plain("boats"), None)
    await posts.send_video(Address(scene.private.id), clip, plain("boats"), None)
    for message in scene.private.of_bot:
        assert message.video is not None
        assert (message.video.data, message.video.cover) == (b"a video", None)


async def test_a_video_that_is_gone_is_no_matter_of_telegrams(
    posts: Posts, scene: Harbour, tmp_path: Path, telegram: LoopbackTelegram
) -> None:
    """Where the file itself is missing nothing is sent, and it is said plainly."""
    _, at = await _status(posts, scene)
    clip = replace(await clip_in(tmp_path), video=tmp_path / "gone.mp4")
    with pytest.raises(FileNotFoundError):
        await posts.show_video(at, clip, plain("boats"), None)
    assert telegram.calls_to("editMessageMedia") == []


async def test_below_a_video_something_else_may_stand(posts: Posts, scene: Harbour, tmp_path: Path) -> None:
    """A caption is edited as a text is, and the video stays."""
    message, at = await _status(posts, scene)
    await posts.show_video(at, await clip_in(tmp_path), plain("boats"), None)
    for _ in range(2):
        await posts.edit_caption(at, bold("Deleted."), _CANCEL)
    assert (message.caption, message.labels) == ("Deleted.", ["Cancel"])
    assert message.video is not None


@pytest.mark.parametrize("as_path", [False, True])
async def test_a_file_comes_as_it_is(posts: Posts, scene: Harbour, tmp_path: Path, as_path: bool) -> None:
    """A file keeps its name and every byte, and Telegram is asked not to make a video of it."""
    asked = scene.anna.sends(scene.private, "As file")
    path = tmp_path / "7.mp4"
    path.write_bytes(b"a video")
    content = path if as_path else b"a video"
    number = await posts.send_file(Address(scene.private.id, asked=asked.id), "boats.mp4", content, plain("As a file"))
    (message,) = scene.private.of_bot
    assert (message.id, message.caption, message.reply_to) == (number, "As a file", asked)
    assert message.document is not None
    assert (message.document.data, message.document.file_name) == (b"a video", "boats.mp4")
    (call,) = scene.telegram.calls_to("sendDocument")
    assert call.flag("disable_content_type_detection")


async def test_a_message_is_deleted(posts: Posts, scene: Harbour) -> None:
    """A message goes; one that is gone already is no error."""
    _, at = await _status(posts, scene)
    for _ in range(2):
        await posts.delete(at)
    assert scene.private.of_bot == []


async def test_what_the_bot_does_is_seen_in_its_topic(posts: Posts, scene: Harbour) -> None:
    """An action stands in the topic that it is about."""
    await posts.act(Address(scene.forum.id, thread=scene.topic.thread), ChatAction.UPLOAD_VIDEO)
    assert [(action.action, action.thread) for action in scene.forum.actions] == [("upload_video", scene.topic.thread)]


async def test_a_press_is_answered(posts: Posts, scene: Harbour) -> None:
    """Whoever presses sees the words, at most as many as a window holds."""
    message, _ = await _status(posts, scene)
    pressed = await scene.anna.presses(message, "Cancel", wait=False)
    await posts.answer_press(pressed.query.id, "No, no, no and " * 20, is_alert=True)
    await pressed.answered()
    assert pressed.is_alert
    assert pressed.text == ("No, no, no and " * 20)[:200]


async def test_a_press_that_is_too_old_is_left(posts: Posts, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """A press that cannot be answered any more, or not now, is no error: the button only stays lit."""
    message, _ = await _status(posts, scene)
    pressed = await scene.anna.presses(message, "Cancel", wait=False)
    pressed.expires()
    await posts.answer_press(pressed.query.id, "Too late.")
    telegram.faults.next("answerCallbackQuery", status=502, html=True)
    await posts.answer_press(pressed.query.id, "Not now.")
    assert not pressed.is_answered


async def test_who_manages_a_group_is_asked_each_time(posts: Posts, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """An owner and an administrator manage, a member does not, and nobody does where the bot is gone."""
    chief = telegram.user("chief")
    scene.group.join(chief, admin=True)
    assert await posts.is_chat_admin(scene.group.id, chief.id)
    assert await posts.is_chat_admin(scene.group.id, scene.group.owner.id)
    assert not await posts.is_chat_admin(scene.group.id, scene.anna.id)
    scene.group.kicks_bot()
    assert not await posts.is_chat_admin(scene.group.id, chief.id)


@pytest.mark.parametrize("fault", [{"status": 502, "html": True}, {"retry_after": 30}, {"lost_answer": True}], ids=str)
async def test_whether_somebody_manages_a_group_is_not_known_without_an_answer(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram, fault: dict[str, int]
) -> None:
    """Where the answer is lost, or put off, nobody is said to manage a group, and nobody not to."""
    telegram.faults.next("getChatMember", **fault)  # type: ignore[arg-type]
    with pytest.raises(TryLater):
        await posts.is_chat_admin(scene.group.id, scene.group.owner.id)


async def test_nobody_manages_a_group_where_telegram_refuses_to_say(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where Telegram refuses for a reason that is not known, even an owner does not count as one."""
    telegram.faults.next("getChatMember", status=400)
    assert not await posts.is_chat_admin(scene.group.id, scene.group.owner.id)
