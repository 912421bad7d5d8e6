"""The loopback Telegram under the real library: what people do, what the bot hears, what people then see."""

import asyncio
from pathlib import Path

import httpx
from telegram import BotCommand, BotCommandScopeChat, CopyTextButton, ForceReply, MessageEntity, ReplyParameters
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard
from telegram.constants import ChatAction

from tests.loopback.telegram import TelegramInThread
from tests.loopback.telegram.stage import buttons, jpeg, library, png, show_video, stage


async def test_login() -> None:
    """A bot that logs in knows its name and whether it hears everything in groups."""
    async with stage() as here:
        here.telegram.me.reads_all = True
        me = await here.bot.get_me()
        assert (me.id, me.username) == (here.telegram.me.id, here.telegram.me.username)
        assert me.can_read_all_group_messages is True


async def test_photo_comes_in_sizes() -> None:
    """A photo comes as JPEGs of several sizes, with its caption, and the largest can be fetched."""
    async with stage() as here:
        sent = here.anna.sends_photo(here.chat, png(), "the boats sway", spoiler=True)
        message = (await here.next_update()).message
        assert message is not None
        assert [(size.width, size.height) for size in message.photo] == [(90, 68), (320, 240), (400, 300)]
        assert message.caption == "the boats sway"
        assert message.has_media_spoiler is True
        assert message.from_user is not None
        assert message.from_user.language_code == "de"
        file = await here.bot.get_file(message.photo[-1])
        assert bytes(await file.download_as_bytearray()) == sent.photo[-1].data
        assert [call.status for call in here.telegram.downloads] == [200]


async def test_small_jpeg_stays_as_it_is() -> None:
    """A JPEG that is small enough is not made anew."""
    async with stage() as here:
        picture = jpeg(80, 60)
        assert [size.data for size in here.anna.sends_photo(here.chat, picture).photo] == [picture]


async def test_file_stays_as_it_is() -> None:
    """A picture sent as a file keeps its name, its type and every byte."""
    async with stage() as here:
        here.anna.sends_file(here.chat, "a.heic", b"heic", "image/heic", "slowly")
        message = (await here.next_update()).message
        assert message is not None
        assert message.document is not None
        assert (message.document.file_name, message.document.mime_type) == ("a.heic", "image/heic")
        file = await here.bot.get_file(message.document)
        assert bytes(await file.download_as_bytearray()) == b"heic"


async def test_local_server_gives_paths(tmp_path: Path) -> None:
    """A server in local mode gives the place of a file on this machine, and takes such a place for an upload."""
    async with stage(local_folder=tmp_path / "served") as here:
        sent = here.anna.sends_file(here.chat, "a.png", png())
        message = (await here.next_update()).message
        assert message is not None
        assert message.document is not None
        assert sent.document is not None
        file = await here.bot.get_file(message.document)
        assert Path(str(file.file_path)).is_relative_to(tmp_path / "served")
        assert bytes(await file.download_as_bytearray()) == sent.document.data
        clip = tmp_path / "boats.mp4"
        clip.write_bytes(b"an mp4")
        await here.bot.send_video(here.chat.id, clip)
        assert here.chat.of_bot[0].video is not None
        assert here.chat.of_bot[0].video.data == b"an mp4"


async def test_album_comes_in_pieces() -> None:
    """An album comes as messages of one group, in any order, and its last piece as late as it likes."""
    async with stage() as here:
        album = here.anna.sends_album(here.chat, [jpeg(8, 8)] * 3, captions=["", "second"], order=[2, 0, 1], held=[0])
        first, second = (await here.next_update()).message, (await here.next_update()).message
        assert first is not None
        assert second is not None
        assert [first.message_id, second.message_id] == [album.messages[2].id, album.messages[1].id]
        assert first.media_group_id is not None
        assert first.media_group_id == second.media_group_id
        assert second.caption == "second"
        assert await here.nothing_comes()
        album.release()
        third = (await here.next_update()).message
        assert third is not None
        assert third.message_id == album.messages[0].id


async def test_entities_make_themselves() -> None:
    """Commands, mentions and links in what people write are marked, counted in UTF-16 units."""
    async with stage() as here:
        here.anna.sends(here.chat, "/animate@animate_test_bot 🚤 for @ben, see https://example.org and/or a@b")
        message = (await here.next_update()).message
        assert message is not None
        found = [(entity.type, message.parse_entity(entity)) for entity in message.entities]
        assert found == [
            (MessageEntity.BOT_COMMAND, "/animate@animate_test_bot"),
            (MessageEntity.MENTION, "@ben"),
            (MessageEntity.URL, "https://example.org"),
        ]


async def test_press_is_answered() -> None:
    """Whoever presses a button sees what the bot answers to the press."""
    async with stage() as here:
        message = await here.says("waiting", reply_markup=buttons("Cancel", "Again"))
        assert message.labels == ["Cancel", "Again"]
        pressing = asyncio.create_task(here.anna.presses(message, "Cancel"))
        query = (await here.next_update()).callback_query
        assert query is not None
        assert (query.data, query.from_user.id) == ("cancel", here.anna.id)
        assert query.message is not None
        assert query.message.message_id == message.id
        await query.answer("Cancelled.", show_alert=True)
        pressed = await pressing
        assert (pressed.text, pressed.is_alert) == ("Cancelled.", True)


async def test_buttons_that_do_other_things() -> None:
    """A button can open an address or copy a text, of which the bot hears nothing."""
    async with stage() as here:
        link, copies = Button("Open", url="https://example.org"), Button("Seed", copy_text=CopyTextButton("7"))
        message = await here.says(reply_markup=Keyboard([[link], [copies]]))
        assert [len(row) for row in message.rows] == [1, 1]
        assert (message.buttons[0].url, message.buttons[1].copy_text) == ("https://example.org", "7")


async def test_text_becomes_a_video() -> None:
    """A text that is edited into a video is the same message, with geometry, cover, thumbnail and caption."""
    async with stage() as here:
        message = await here.says(reply_markup=buttons("Cancel"))
        here.watch.now_s += 30
        await show_video(here.bot, message, reply_markup=buttons("Again"))
        video = message.video
        assert video is not None
        assert (video.data, video.file_name) == (b"an mp4", "boats.mp4")
        assert (video.width, video.height, video.duration) == (704, 480, 4)
        assert video.supports_streaming
        assert video.thumbnail is not None
        assert video.cover is not None
        assert (video.thumbnail.width_px, video.cover.width_px) == (320, 704)
        assert (message.caption, message.text, message.labels) == ("the boats sway", "", ["Again"])
        assert message.edits == [here.watch.now_s]
        assert [one.has_video for one in message.revisions] == [False, True]
        assert here.chat.of_bot == [message]


async def test_edit_without_buttons_takes_them_away() -> None:
    """An edit that names no buttons removes those that were there."""
    async with stage() as here:
        message = await here.says(reply_markup=buttons("Cancel"))
        await here.bot.edit_message_text("done", here.chat.id, message.id)
        assert (message.text, message.labels) == ("done", [])


async def test_question_that_forces_a_reply() -> None:
    """A question can open the answer field, and the answer says what it answers."""
    async with stage() as here:
        forced = ForceReply(selective=True, input_field_placeholder="What shall move?")
        question = await here.says("Prompt?", reply_markup=forced)
        assert question.force_reply is not None
        assert question.force_reply.placeholder == "What shall move?"
        here.anna.sends(here.chat, "the boats", reply_to=question)
        message = (await here.next_update()).message
        assert message is not None
        assert message.reply_to_message is not None
        assert message.reply_to_message.message_id == question.id


async def test_topics() -> None:
    """What is said in a topic carries its thread and the message that opened it; General carries nothing."""
    async with stage() as here:
        topic = here.forum.topic("boats")
        here.telegram.me.reads_all = True
        here.anna.sends(topic, "in a topic")
        inside = (await here.next_update()).message
        here.anna.sends(here.forum.general, "in General")
        general = (await here.next_update()).message
        assert inside is not None
        assert general is not None
        assert (inside.message_thread_id, inside.is_topic_message) == (topic.id, True)
        assert inside.reply_to_message is not None
        assert inside.reply_to_message.forum_topic_created is not None
        assert (general.message_thread_id, general.is_topic_message, general.reply_to_message) == (None, None, None)
        await here.bot.send_message(here.forum.id, "by name", message_thread_id=topic.id)
        await here.bot.send_message(here.forum.id, "by reply", reply_parameters=ReplyParameters(inside.message_id))
        await here.bot.send_message(here.forum.id, "to General")
        assert [message.text for message in topic.of_bot] == ["by name", "by reply"]
        assert [message.text for message in here.forum.general.of_bot] == ["to General"]


async def test_chat_actions() -> None:
    """A chat shows what the bot is doing, in the topic that was named."""
    async with stage() as here:
        topic = here.forum.topic("boats")
        await here.bot.send_chat_action(here.forum.id, ChatAction.RECORD_VIDEO, message_thread_id=topic.id)
        await here.bot.send_chat_action(here.forum.id, ChatAction.TYPING, message_thread_id=here.forum.general.id)
        assert [(one.action, one.thread) for one in here.forum.actions] == [("record_video", topic.id), ("typing", 1)]


async def test_edited_message() -> None:
    """Who edits a caption is heard again, with the new words and the old picture."""
    async with stage() as here:
        sent = here.anna.sends_photo(here.chat, jpeg(8, 8), "slow")
        await here.next_update()
        here.anna.edits(sent, "fast")
        edited = (await here.next_update()).edited_message
        assert edited is not None
        assert (edited.message_id, edited.caption, len(edited.photo)) == (sent.id, "fast", 1)
        assert edited.edit_date is not None


async def test_commands_by_scope() -> None:
    """Commands that are set for one scope are there and nowhere else."""
    async with stage() as here:
        commands = [BotCommand("quota", "What is left")]
        await here.bot.set_my_commands(commands, BotCommandScopeChat(here.chat.id))
        scope = {"type": "chat", "chat_id": here.chat.id}
        assert here.telegram.commands(scope) == [{"command": "quota", "description": "What is left"}]
        assert here.telegram.commands() == []
        assert await here.bot.get_my_commands(BotCommandScopeChat(here.chat.id)) == tuple(commands)


async def test_members() -> None:
    """Who manages a group can be asked, also after it changed."""
    async with stage() as here:
        assert (await here.bot.get_chat_member(here.group.id, here.anna.id)).status == "member"
        here.group.join(here.anna, admin=True)
        assert (await here.bot.get_chat_member(here.group.id, here.anna.id)).status == "administrator"
        admins = await here.bot.get_chat_administrators(here.group.id)
        assert {one.user.id for one in admins} == {here.anna.id, here.group.owner.id}


async def test_voices_of_groups_and_channels() -> None:
    """An anonymous admin speaks as the group, and a person may speak as a channel."""
    async with stage() as here:
        here.group.join(here.anna, admin=True)
        here.anna.sends(here.group, "/quota", anonymous=True)
        here.anna.sends(here.group, "/quota", as_channel=here.telegram.channel("News"))
        messages = [(await here.next_update()).message for _ in range(2)]
        voices = [one.sender_chat.title for one in messages if one is not None and one.sender_chat is not None]
        assert voices == ["Harbour", "News"]


async def test_comments_on_a_channels_post() -> None:
    """A channel's post arrives in its discussion group by itself, and what answers it names it as its thread."""
    async with stage() as here:
        talk = here.telegram.supergroup("Talk", privacy=False)
        talk.join(here.anna)
        here.telegram.channel("News", discussion=talk).posts_photo(jpeg(8, 8), "a boat")
        copy = (await here.next_update()).message
        here.anna.sends(talk, "/animate", reply_to=talk.messages[0])
        comment = (await here.next_update()).message
        assert copy is not None
        assert comment is not None
        assert copy.is_automatic_forward is True
        assert copy.sender_chat is not None
        assert copy.sender_chat.title == "News"
        assert (comment.message_thread_id, comment.is_topic_message) == (copy.message_id, None)


async def test_two_libraries_see_the_same_server_from_another_thread() -> None:
    """The server can run in a thread of its own, and everything about it is done there."""
    with TelegramInThread() as far:
        anna = far.do(lambda telegram: telegram.user("anna"))
        chat = far.do(lambda telegram: telegram.private(anna))
        async with library(far.telegram) as bot:
            far.do(lambda _: anna.sends(chat, "hello"))
            [update] = await bot.get_updates(timeout=5)
            assert update.message is not None
            assert update.message.text == "hello"
            await bot.send_message(chat.id, "hello too")
        assert far.do(lambda _: [message.text for message in chat.of_bot]) == ["hello too"]


async def test_other_bodies() -> None:
    """Whoever speaks to the Bot API without the library, with a query or with JSON, is understood too."""
    async with stage() as here, httpx.AsyncClient(trust_env=False) as client:
        where = f"{here.telegram.bot_url}{here.telegram.token}"
        await client.get(f"{where}/sendMessage", params={"chat_id": here.chat.id, "text": "1"})
        await client.post(f"{where}/sendMessage", json={"chat_id": here.chat.id, "text": "2"})
        assert [message.text for message in here.chat.of_bot] == ["1", "2"]
