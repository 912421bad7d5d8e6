"""What the loopback Telegram refuses by its own rules, in Telegram's words, as the real library reads them."""

from collections.abc import Awaitable, Callable

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError

from tests.loopback.telegram.stage import Stage, buttons, jpeg, show_video, stage

Act = Callable[[Stage], Awaitable[object]]

_REFUSALS: dict[str, tuple[Act, str]] = {
    "an unknown chat": (lambda here: here.bot.send_message(12345, "hi"), "Chat not found"),
    "an unknown message": (lambda here: here.bot.edit_message_text("hi", here.chat.id, 999), "to edit not found"),
    "nothing to delete": (lambda here: here.bot.delete_message(here.chat.id, 999), "to delete not found"),
    "an unknown press": (lambda here: here.bot.answer_callback_query("1"), "query is too old"),
    "an unknown topic": (
        lambda here: here.bot.send_message(here.forum.id, "hi", message_thread_id=999),
        "Message thread not found",
    ),
    "General by its number": (
        lambda here: here.bot.send_message(here.forum.id, "hi", message_thread_id=1),
        "Message thread not found",
    ),
    "nothing to answer": (lambda here: here.says("hi", reply_to_message_id=999), "to be replied not found"),
    "an unknown file": (lambda here: here.bot.get_file("nonsense"), "Invalid file_id"),
    "a video that is unknown": (lambda here: here.bot.send_video(here.chat.id, "nonsense"), "file identifier"),
    "an empty file": (lambda here: here.bot.send_video(here.chat.id, b""), "File must be non-empty"),
}


@pytest.mark.parametrize("case", _REFUSALS)
async def test_refusals(case: str) -> None:
    """What does not exist is refused in Telegram's words."""
    act, words = _REFUSALS[case]
    async with stage() as here:
        with pytest.raises(BadRequest, match=f"(?i){words}"):
            await act(here)


async def test_edits_that_cannot_be() -> None:
    """An edit is refused where nothing would change, where the message is not the bot's, or is of another kind."""
    async with stage() as here:
        mine = await here.says("same", reply_markup=buttons("Cancel"))
        with pytest.raises(BadRequest, match="Message is not modified"):
            await here.bot.edit_message_text("same", here.chat.id, mine.id, reply_markup=buttons("Cancel"))
        with pytest.raises(BadRequest, match="no caption"):
            await here.bot.edit_message_caption(here.chat.id, mine.id, caption="words")
        annas = here.anna.sends(here.chat, "hers")
        with pytest.raises(BadRequest, match="Message can't be edited"):
            await here.bot.edit_message_text("mine", here.chat.id, annas.id)
        await show_video(here.bot, mine)
        with pytest.raises(BadRequest, match="no text"):
            await here.bot.edit_message_text("words", here.chat.id, mine.id)
        mine.delete()
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await show_video(here.bot, mine)


async def test_older_server_keeps_texts() -> None:
    """An older server does not let a text become a video."""
    async with stage() as here:
        message = await here.says()
        here.telegram.holds_video_in_text = False
        with pytest.raises(BadRequest, match="no media in the message to edit"):
            await show_video(here.bot, message)
        assert message.text == "waiting"


async def test_people_who_are_out_of_reach() -> None:
    """Who never opened the chat, blocked the bot or is gone cannot be written to, each for its own reason."""
    async with stage() as here:
        ben = here.telegram.user("ben")
        with pytest.raises(BadRequest, match="Chat not found"):
            await here.bot.send_message(ben.id, "hi")
        here.group.join(ben)
        with pytest.raises(Forbidden, match="can't initiate conversation"):
            await here.bot.send_message(ben.id, "hi")
        here.anna.blocks()
        with pytest.raises(Forbidden, match="blocked by the user"):
            await here.says()
        told = (await here.next_update()).my_chat_member
        assert told is not None
        assert told.new_chat_member.status == "kicked"
        here.anna.unblocks()
        here.anna.deactivates()
        with pytest.raises(Forbidden, match="user is deactivated"):
            await here.says()


async def test_groups_that_are_out_of_reach() -> None:
    """A group that threw the bot out, or is gone, takes nothing and tells nothing."""
    async with stage() as here:
        here.group.kicks_bot()
        with pytest.raises(Forbidden, match="kicked from the group chat"):
            await here.bot.send_message(here.group.id, "hi")
        await here.next_update()
        here.anna.sends(here.group, "/quota")
        assert await here.nothing_comes()
        here.forum.delete()
        with pytest.raises(BadRequest, match="Chat not found"):
            await here.bot.send_message(here.forum.id, "hi")


async def test_rights_in_a_group() -> None:
    """A group can forbid videos to everybody who is no administrator."""
    async with stage() as here:
        here.group.forbids("send_videos")
        with pytest.raises(BadRequest, match="Not enough rights to send videos"):
            await here.bot.send_video(here.group.id, b"an mp4")
        await here.bot.send_message(here.group.id, "texts may still be sent")
        here.group.adds_bot(admin=True)
        await here.bot.send_video(here.group.id, b"an mp4")


async def test_closed_and_deleted_topics() -> None:
    """In a closed topic only administrators write, and a deleted one is not there."""
    async with stage() as here:
        topic = here.forum.topic("boats")
        topic.close()
        with pytest.raises(BadRequest, match=r"(?i)TOPIC_CLOSED"):
            await here.bot.send_message(here.forum.id, "hi", message_thread_id=topic.id)
        topic.reopen()
        await here.bot.send_message(here.forum.id, "hi", message_thread_id=topic.id)
        topic.delete()
        with pytest.raises(BadRequest, match="Message thread not found"):
            await here.bot.send_message(here.forum.id, "hi", message_thread_id=topic.id)


async def test_threads_of_a_group_without_topics() -> None:
    """Outside a forum answers carry a thread, but nothing can be sent by naming it."""
    async with stage() as here:
        talk = here.telegram.supergroup("Talk", privacy=False)
        talk.join(here.anna)
        here.anna.sends(talk, "second", reply_to=here.anna.sends(talk, "first"))
        message = [(await here.next_update()).message for _ in range(2)][1]
        assert message is not None
        assert message.message_thread_id == talk.messages[0].id
        with pytest.raises(BadRequest, match="not a forum topic thread"):
            await here.bot.send_message(talk.id, "hi", message_thread_id=message.message_thread_id)


@pytest.mark.parametrize("tells_edits", [True, False])
async def test_group_becomes_a_supergroup(*, tells_edits: bool) -> None:
    """A group that became a supergroup says where it went, to who sends, and to who listens in both places."""
    async with stage() as here:
        old = await here.bot.send_message(here.group.id, "waiting")
        new = here.group.migrates(tells_edits=tells_edits)
        with pytest.raises(ChatMigrated) as moved:
            await here.bot.send_message(here.group.id, "hi")
        assert moved.value.new_chat_id == new.id
        with pytest.raises(ChatMigrated if tells_edits else BadRequest):
            await old.edit_text("done")
        there, here_now = [(await here.next_update()).message for _ in range(2)]
        assert there is not None
        assert here_now is not None
        assert (there.chat.id, there.migrate_to_chat_id) == (here.group.id, new.id)
        assert (here_now.chat.id, here_now.migrate_from_chat_id) == (new.id, here.group.id)
        await here.bot.send_message(new.id, "hi")


async def test_old_messages_stay() -> None:
    """The bot can delete its own messages for 48 hours, and other people's where it is an administrator."""
    async with stage() as here:
        message = await here.says()
        here.watch.now_s += 48 * 3600
        with pytest.raises(BadRequest, match="Message can't be deleted"):
            await here.bot.delete_message(here.chat.id, message.id)
        annas = here.anna.sends(here.group, "hers")
        with pytest.raises(BadRequest, match="Message can't be deleted"):
            await here.bot.delete_message(here.group.id, annas.id)
        here.group.adds_bot(admin=True)
        await here.bot.delete_message(here.group.id, annas.id)
        assert here.group.messages == []


async def test_press_that_waits_too_long() -> None:
    """A press can be answered once, and not for ever."""
    async with stage() as here:
        message = await here.says(reply_markup=buttons("Cancel"))
        late = await here.anna.presses(message, "Cancel", wait=False)
        query = (await here.next_update()).callback_query
        assert query is not None
        here.watch.now_s += 3600
        with pytest.raises(BadRequest, match="Query is too old"):
            await query.answer("late")
        assert not late.is_answered


async def test_limits_of_files() -> None:
    """In the cloud a bot fetches 20 MB and sends 50 MB, and not a byte more."""
    async with stage() as here:
        fits = here.anna.sends_file(here.chat, "a.png", b"data", size_bytes=20_000_000)
        too_big = here.anna.sends_file(here.chat, "b.png", b"data", size_bytes=20_000_001)
        assert fits.document is not None
        assert too_big.document is not None
        await here.bot.get_file(fits.document.file.file_id)
        with pytest.raises(BadRequest, match="File is too big"):
            await here.bot.get_file(too_big.document.file.file_id)
        with pytest.raises(NetworkError, match="Request Entity Too Large"):
            await here.bot.send_video(here.chat.id, bytes(50_000_001))
        await here.bot.send_video(here.chat.id, bytes(50_000_000))


async def test_file_that_is_gone() -> None:
    """A file that Telegram gives out no more is refused by getFile."""
    async with stage() as here:
        sent = here.anna.sends_photo(here.chat, jpeg())
        sent.photo[-1].is_gone = True
        with pytest.raises(BadRequest, match="temporarily unavailable"):
            await here.bot.get_file(sent.photo[-1].file_id)
