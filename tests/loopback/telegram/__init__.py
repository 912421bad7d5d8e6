"""A Telegram on this machine: the Bot API and its files on one port, for the unmodified library. Cheat sheet:

    async with LoopbackTelegram.open(clock=...) as telegram:      # () -> seconds since 1970, time.time unless given
        bot = ExtBot(telegram.token, base_url=telegram.bot_url, base_file_url=telegram.file_url)
    telegram.base_url (http://127.0.0.1:port) .me (.id .username .reads_all, settable) .token .new_token() -> the new
    LoopbackTelegram.open(clock, local_folder=tmp_path): a Bot API server in local mode (paths from getFile, 2000 MB)

    anna = telegram.user("anna", language="de"); chat = telegram.private(anna[, is_open=False])
    group = telegram.group("Harbour", privacy=True)      # basic group; privacy=False: the bot is an administrator there
    forum = telegram.supergroup("Sea", is_forum=True); topic = forum.topic("boats"); forum.general
    news = telegram.channel("News", discussion=supergroup); news.posts("text"); news.posts_photo(data, "caption")
    group.join(anna[, admin=True]); group.leave(anna); group.owner; group.another_bot_speaks()
    place: chat | group | topic. Nobody is told of what is staged with these; the following tell the bot:
    group.kicks_bot(); group.adds_bot(admin=False); new = group.migrates(); topic.close(); topic.reopen();
    anna.blocks(); anna.unblocks(). Silent by nature: topic.delete(), chat.delete(), message.delete(),
    anna.deactivates(), message.photo[-1].is_gone = True, group.forbids("send_videos" | "send_messages" | ...),
    group.allows(...). group.migrates(tells_edits=False): edits in the old chat are not told where it went

    m = anna.sends(place, "text"); anna.sends_photo(place, data, "caption", spoiler=False)      # JPEGs of several sizes
    anna.sends_file(place, "a.heic", data, "image/heic", "caption"[, size_bytes=claimed])
    album = anna.sends_album(place, [data, ...], captions=["..."], order=[2, 0, 1], held=[1], as_files=False)
        .messages; album.release() sends those held
    each: reply_to=message, topic=, anonymous=True, as_channel=channel. Commands, mentions and links get their entities.
    anna.edits(m, "new text or caption"). NotOffered (an AssertionError): Telegram's app would not allow it.
    With group privacy the bot hears only: /x@bot, /x (unless another bot spoke last), answers to the bot, service.
    pressed = await anna.presses(message, "Cancel"[, wait=False]) -> .text .is_alert .url .is_answered; .expires();
        await pressed.answered()

    chat.messages .of_bot (the bot's alone) .actions (.action .thread .at_s); topic.messages .of_bot; telegram.messages
    message.text .caption .shown (either) .entities (.type .text .data) .buttons (.label .data .url .copy_text .style)
        .labels .rows .photo .document (.data .file_name .mime_type) .video (.data .width .height .duration .cover
        .thumbnail .supports_streaming .file_name) .reply_to .thread .force_reply (.placeholder .selective) .sender
        .sender_chat .edits (times) .revisions (.at_s .text .labels .has_video) .deleted .is_silent .reactions .id .chat
    await telegram.until(lambda: chat.of_bot)    # looks again at every change; NeverHappened says how things stand
    await telegram.until_confirmed(); telegram.updates (all ever) .unconfirmed; telegram.repeats(update[, times=3]);
    telegram.shuffle(Random(7)); telegram.send_raw({...}); telegram.polling.is_asked

    telegram.calls: Call(.method .parameters .files (.filename .data) .chat_id .status .answer .description .at_s .lost)
    telegram.calls_to("editMessageMedia", ...); telegram.downloads; telegram.commands("all_private_chats" | {...scope});
    telegram.world.profile["description", ""]; telegram.on_call = hook(call, "before" | "after")      # may be async
    telegram.faults.next("editMessageMedia" | "*" | "/file/", status=403, description="Forbidden: ..." | retry_after=3
        | html=True | lost_answer=True | reset=True | slow_s=0.1, chat=id, count=1 | None, rate=0.5, random=Random(7));
    held = telegram.faults.hold("sendMessage"); held.release(); telegram.faults.clear()
    telegram.flood.enforce(3, window_s=3.0, group_per_minute=20, overall_per_s=30); .relax(); .refusals
    telegram.holds_video_in_text = False: a text cannot be edited into a video, as on an older server
    telegram.webhook: .url .secret .posts (.update_id .status) .last_error; .reverse_proxy = "http://127.0.0.1:8000" is
        where updates for a public https address are sent. Without it, only an address on this machine is called.

    Afterwards: assert telegram.violations == [] (every call against the Bot API's description, telegram.validates says
    whether it is there; lengths, entities, keyboards, thumbnails, attachments; a parse_mode anywhere is one).

In a thread of its own: with TelegramInThread() as far: far.telegram, far.do(lambda telegram: ...), far.run(coroutine).
"""

from tests.loopback.changes import NeverHappened

from .apart import TelegramInThread
from .call import Call
from .chats import Channel, Chat, PrivateChat
from .groups import Group, Topic
from .message import Button, Entity, Message, Video
from .person import Album, NotOffered, Person
from .queries import Pressed
from .server import LoopbackTelegram

__all__ = [
    "Album",
    "Button",
    "Call",
    "Channel",
    "Chat",
    "Entity",
    "Group",
    "LoopbackTelegram",
    "Message",
    "NeverHappened",
    "NotOffered",
    "Person",
    "Pressed",
    "PrivateChat",
    "TelegramInThread",
    "Topic",
    "Video",
]
