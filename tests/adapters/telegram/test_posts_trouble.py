"""What goes wrong on the way to Telegram is said in plain words, and a wrong step is never taken for an end."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import RetryAfter, TelegramError

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.api import log_in, make_bot, raw_updates
from bot.adapters.telegram.limiter import ChatLimiter, Rate, Rates
from bot.adapters.telegram.posts import Clip, Posts
from bot.adapters.telegram.text import plain
from bot.adapters.telegram.trouble import (
    CannotDelete,
    CannotHoldVideo,
    Dropped,
    MessageGone,
    Migrated,
    NoRights,
    NoTextThere,
    NoWay,
    TokenRevoked,
)
from bot.service.delivery import TooLarge, TryLater
from tests.adapters.telegram.line import Line, clip_in, open_line
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import Chat, LoopbackTelegram, Message

_WAITING = plain("Waiting.")
_THREE_AT_ONCE = Rates(Rate(3, 0.2), Rate(3, 0.2), Rate(100, 0.01))


@pytest.fixture
async def line(telegram: LoopbackTelegram) -> AsyncIterator[Line]:
    async with open_line(telegram) as line:
        yield line


@pytest.fixture
def posts(line: Line) -> Posts:
    return line.posts


@pytest.fixture
async def clip(tmp_path: Path) -> Clip:
    return await clip_in(tmp_path)


async def _status(posts: Posts, chat: Chat) -> tuple[Message, Address]:
    at = Address(chat.id)
    at = replace(at, message=await posts.send(at, _WAITING))
    return chat.of_bot[-1], at


def _gone(scene: Harbour) -> Chat:
    scene.private.delete()
    return scene.private


def _blocked(scene: Harbour) -> Chat:
    scene.anna.blocks()
    return scene.private


def _deactivated(scene: Harbour) -> Chat:
    scene.anna.deactivates()
    return scene.private


def _kicked(scene: Harbour) -> Chat:
    scene.group.kicks_bot()
    return scene.group


def _never_opened(scene: Harbour) -> Chat:
    return scene.telegram.private(scene.telegram.user("carl"), is_open=False)


@pytest.mark.parametrize("leave", [_gone, _blocked, _deactivated, _kicked, _never_opened])
async def test_where_nobody_can_be_reached_there_is_no_way(
    posts: Posts, scene: Harbour, clip: Clip, leave: Callable[[Harbour], Chat]
) -> None:
    """Blocked, kicked, gone, never opened: a text and a video have no way, after one call each."""
    chat = leave(scene)
    with pytest.raises(NoWay):
        await posts.send(Address(chat.id), _WAITING)
    with pytest.raises(NoWay):
        await posts.send_video(Address(chat.id), clip, _WAITING, None)
    await posts.act(Address(chat.id), ChatAction.TYPING)
    assert len(scene.telegram.calls_to("sendMessage", "sendVideo")) == 2


async def test_a_chat_without_videos_is_still_a_chat(posts: Posts, scene: Harbour, clip: Clip) -> None:
    """Where videos are forbidden, or a topic is closed, that is what is said, and not that the chat is gone."""
    scene.group.forbids("send_videos")
    with pytest.raises(NoRights):
        await posts.send_video(Address(scene.group.id), clip, _WAITING, None)
    scene.topic.close()
    with pytest.raises(NoRights):
        await posts.send(Address(scene.forum.id, thread=scene.topic.thread), _WAITING)


async def test_a_message_that_is_gone_cannot_be_edited(posts: Posts, scene: Harbour, clip: Clip) -> None:
    """A message that somebody deleted shows nothing any more, whatever it was to show."""
    message, at = await _status(posts, scene.private)
    message.delete()
    for edit in (
        posts.edit(at, plain("Running."), None),
        posts.edit_caption(at, plain("boats"), None),
        posts.edit_keyboard(at, None),
        posts.show_video(at, clip, plain("boats"), None),
    ):
        with pytest.raises(MessageGone):
            await edit


async def test_a_message_that_has_its_video_is_no_status_line(posts: Posts, scene: Harbour, clip: Clip) -> None:
    """Whoever would write into a message that has its video by now is told that it has no text."""
    _, at = await _status(posts, scene.private)
    await posts.show_video(at, clip, plain("boats"), None)
    with pytest.raises(NoTextThere):
        await posts.edit(at, plain("Running."), None)


async def test_an_older_server_says_that_it_cannot(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram, clip: Clip
) -> None:
    """A server that turns no text into a video says so, and leaves the message as it is."""
    telegram.holds_video_in_text = False
    message, at = await _status(posts, scene.private)
    with pytest.raises(CannotHoldVideo):
        await posts.show_video(at, clip, plain("boats"), None)
    assert message.text == "Waiting."


async def test_a_message_that_cannot_be_deleted_stays(posts: Posts, scene: Harbour, telegram: LoopbackTelegram) -> None:
    """A message of more than two days ago is not deleted, and who wanted it is told."""
    _, at = await _status(posts, scene.private)
    telegram.faults.next("deleteMessage", status=400, description="Bad Request: message can't be deleted for everyone")
    with pytest.raises(CannotDelete):
        await posts.delete(at)


async def test_a_group_that_moved_says_where_to(posts: Posts, scene: Harbour) -> None:
    """A group that became a supergroup is found under its new number."""
    new = scene.group.migrates()
    with pytest.raises(Migrated) as moved:
        await posts.send(Address(scene.group.id), _WAITING)
    assert moved.value.chat == new.id


@pytest.mark.parametrize("as_page", [False, True])
async def test_a_video_that_is_too_large_is_too_large(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram, clip: Clip, as_page: bool
) -> None:
    """What is refused for its size is told apart from all else, whoever in between says it and in whatever words."""
    _, at = await _status(posts, scene.private)
    telegram.faults.next("editMessageMedia", status=413, html=as_page)
    with pytest.raises(TooLarge) as refused:
        await posts.show_video(at, clip, plain("boats"), None)
    assert refused.value.max_bytes == 50_000_000


async def test_the_largest_video_is_taken_and_a_larger_one_is_not(posts: Posts, scene: Harbour, tmp_path: Path) -> None:
    """Fifty million bytes arrive, and what is beyond Telegram's own limit is refused as too large."""
    _, at = await _status(posts, scene.private)
    await posts.show_video(at, await clip_in(tmp_path, bytes(50_000_000)), plain("boats"), None)
    with pytest.raises(TooLarge):
        await posts.show_video(at, await clip_in(tmp_path, bytes(54_000_000)), plain("boats"), None)
    video = scene.private.of_bot[-1].video
    assert video is not None
    assert len(video.data) == 50_000_000


@pytest.mark.parametrize(
    ("fault", "may_have_arrived"),
    [
        ({"status": 500}, True),
        ({"html": True}, True),
        ({"status": 504, "html": True}, True),
        ({"status": 403, "html": True}, False),
        ({"status": 404, "html": True}, False),
        ({"status": 429, "html": True}, False),
        ({"lost_answer": True}, True),
        ({"reset": True}, True),
    ],
    ids=str,
)
async def test_what_is_no_answer_of_telegrams_is_tried_later(
    posts: Posts,
    scene: Harbour,
    telegram: LoopbackTelegram,
    clip: Clip,
    fault: dict[str, int | bool],
    may_have_arrived: bool,
) -> None:
    """A server in trouble, a page of a proxy, a lost answer, a cut upload: nothing is over, and doubt is told apart."""
    _, at = await _status(posts, scene.private)
    telegram.faults.next("editMessageMedia", **fault)  # type: ignore[arg-type]
    with pytest.raises(TryLater) as later:
        await posts.show_video(at, clip, plain("boats"), None)
    assert later.value.may_have_arrived is may_have_arrived
    await posts.show_video(at, clip, plain("boats"), None)


async def test_where_nobody_listens_nothing_has_arrived(telegram: LoopbackTelegram) -> None:
    """Without a connection a message was not sent; nobody has to fear a second one."""
    posts = Posts(ChatLimiter(), lambda: None)
    with pytest.raises(TryLater) as later:
        await posts.send(Address(1), _WAITING)
    assert not later.value.may_have_arrived
    bot = make_bot(telegram.token, ChatLimiter(), base_url="http://127.0.0.1:9")
    try:
        with pytest.raises(TryLater) as later:
            await log_in(bot)
        assert not later.value.may_have_arrived
    finally:
        await bot.shutdown()


async def test_a_refusal_for_its_pace_says_how_long_and_is_kept_to(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram, clip: Clip
) -> None:
    """A chat that is refused for half a minute is not called again, and the next chat gets its video at once."""
    _, at = await _status(posts, scene.private)
    _, bens = await _status(posts, scene.bens)
    telegram.faults.next("editMessageText", retry_after=30)
    for _ in range(3):
        with pytest.raises(TryLater) as later:
            await posts.edit(at, plain("Running."), None)
        assert later.value.retry_after_s == pytest.approx(30, abs=2)
        assert not later.value.may_have_arrived
    with pytest.raises(TryLater):
        await posts.show_video(at, clip, plain("boats"), None)
    await posts.show_video(bens, clip, plain("boats"), None)
    assert [call.status for call in telegram.calls_to("editMessageText", "editMessageMedia")] == [429, 200]


async def test_an_edit_that_waits_gives_way_to_the_video(
    telegram: LoopbackTelegram, scene: Harbour, clip: Clip
) -> None:
    """What a line was to show before its video came is not shown after it."""
    async with open_line(telegram, rates=_THREE_AT_ONCE) as line:
        _, at = await _status(line.posts, scene.private)
        await line.posts.edit(at, plain("1"), None)
        await line.posts.edit(at, plain("2"), None)
        late = asyncio.create_task(line.posts.edit(at, plain("3"), None))
        await asyncio.sleep(0)
        other = asyncio.create_task(line.posts.edit(at, plain("4"), None))
        with pytest.raises(Dropped):
            await late
        line.posts.give_way(at)
        with pytest.raises(Dropped):
            await other
        await line.posts.show_video(at, clip, plain("boats"), None)
    assert [call.text("text") for call in telegram.calls_to("editMessageText")] == ["1", "2"]


@pytest.mark.parametrize("call", ["send", "press", "updates"])
async def test_a_revoked_token_is_told_and_ends_nothing_else(
    line: Line, scene: Harbour, telegram: LoopbackTelegram, call: str
) -> None:
    """Who learns first that the token counts no more tells it; a message waits for the next token."""
    token = telegram.token
    telegram.new_token()
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "send": lambda: line.posts.send(Address(scene.private.id), _WAITING),
        "press": lambda: line.posts.answer_press("1"),
        "updates": lambda: raw_updates(line.bot, offset=None, timeout_s=0, allowed=["message"]),
    }
    error: Exception | None = None
    try:
        await calls[call]()
    except (TryLater, TokenRevoked) as raised:
        error = raised
    expected = {"send": TryLater, "press": type(None), "updates": TokenRevoked}
    assert type(error) is expected[call]
    assert len(line.revocations) == (call != "updates")
    assert token not in repr(error)


async def test_a_login_with_a_revoked_token_does_not_say_it(telegram: LoopbackTelegram) -> None:
    """The library puts the token into its error; what remains of it says only what has happened."""
    token = telegram.token
    telegram.new_token()
    bot = make_bot(token, ChatLimiter(), base_url=telegram.base_url)
    try:
        with pytest.raises(TokenRevoked) as refused:
            await log_in(bot)
        assert token not in "".join(traceback.format_exception(refused.value))
    finally:
        await bot.shutdown()


async def test_updates_come_as_they_were_sent(line: Line, scene: Harbour) -> None:
    """What the library cannot read comes as well as what it can, and what is confirmed does not come again."""
    scene.telegram.send_raw({"update_id": 1, "message": {"nonsense": [1, 2]}})
    scene.anna.sends(scene.private, "Hello?")
    updates = await raw_updates(line.bot, offset=None, timeout_s=0, allowed=["message"])
    assert [update["message"].get("text") for update in updates] == [None, "Hello?"]
    after = updates[-1]["update_id"] + 1
    assert await raw_updates(line.bot, offset=after, timeout_s=0, allowed=["message"]) == []


@pytest.mark.parametrize("call", ["send", "edit"])
async def test_a_request_that_telegram_does_not_understand_is_a_bug(
    posts: Posts, scene: Harbour, telegram: LoopbackTelegram, call: str
) -> None:
    """A mistake of ours is not taken for trouble of Telegram's: it must be seen."""
    _, at = await _status(posts, scene.private)
    telegram.faults.next("*", status=400, description="Bad Request: BUTTON_DATA_INVALID")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Cancel", callback_data="x")]])
    with pytest.raises(TelegramError) as bug:
        await (posts.send(at, plain("a"), keyboard) if call == "send" else posts.edit(at, plain("a"), keyboard))
    assert not isinstance(bug.value, RetryAfter)
