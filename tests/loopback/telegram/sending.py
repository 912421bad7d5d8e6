"""Methods that send: a text, a photo, a video, a file, a chat action."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import payloads, uploads
from .call import Call
from .chats import Action, Chat
from .errors import (
    BAD_BUTTON_DATA,
    CAPTION_TOO_LONG,
    EMPTY_TEXT,
    NO_TOPIC_THREAD,
    REPLY_NOT_FOUND,
    TEXT_TOO_LONG,
    THREAD_NOT_FOUND,
    TOPIC_CLOSED,
    no_right_to,
)
from .groups import GENERAL, Group
from .hearing import units
from .message import Content, ForceReply, Message
from .world import World

Json = dict[str, Any]

MAX_TEXT_UNITS = 4096
MAX_CAPTION_UNITS = 1024
_MAX_DATA_BYTES = 64


def place(world: World, call: Call, kind: str = "") -> Chat:
    """The chat of a call, in which the bot may act, and send this kind. ApiError where it may not."""
    chat = world.chat(call.parameters.get("chat_id"))
    refusal = chat.refusal()
    if refusal is not None:
        raise refusal
    if kind and chat.refuses(kind):
        raise no_right_to(kind.replace("_", " "))
    return chat


def caption_of(source: Json, content: Content) -> Content:
    """The content with the caption that was sent for it."""
    caption = str(source.get("caption", ""))
    if units(caption) > MAX_CAPTION_UNITS:
        raise CAPTION_TOO_LONG
    return replace(content, text=caption, entities=tuple(source.get("caption_entities") or ()))


def text_of(call: Call) -> Content:
    """The text of a call."""
    text = call.text("text")
    if not text.strip():
        raise EMPTY_TEXT
    return Content(text, tuple(call.list("entities")))


def keyboard(call: Call) -> Json:
    """The inline keyboard of a call; nothing where it has none."""
    markup = call.object("reply_markup")
    if not markup.get("inline_keyboard"):
        return {}
    for button in (one for row in markup["inline_keyboard"] for one in row):
        if len(button.get("callback_data", "").encode()) > _MAX_DATA_BYTES:
            raise BAD_BUTTON_DATA
    return markup


def send_message(world: World, call: Call) -> Json:
    chat = place(world, call, "text_messages")
    content = text_of(call)
    if units(content.text) > MAX_TEXT_UNITS:
        raise TEXT_TOO_LONG
    return _send(world, call, chat, content)


def send_photo(world: World, call: Call) -> Json:
    chat = place(world, call, "photos")
    photo = uploads.photo(world, call, call.parameters, "photo")
    content = Content(photo=photo, has_spoiler=call.flag("has_spoiler"))
    return _send(world, call, chat, caption_of(call.parameters, content))


def send_video(world: World, call: Call) -> Json:
    chat = place(world, call, "videos")
    video = uploads.video(world, call, call.parameters, "video")
    content = Content(video=video, has_spoiler=call.flag("has_spoiler"))
    return _send(world, call, chat, caption_of(call.parameters, content))


def send_document(world: World, call: Call) -> Json:
    chat = place(world, call, "documents")
    document = uploads.document(world, call, call.parameters, "document")
    return _send(world, call, chat, caption_of(call.parameters, Content(document=document)))


def send_chat_action(world: World, call: Call) -> bool:
    chat = place(world, call)
    thread = call.number("message_thread_id")
    if thread:  # Only here can it be General's number.
        _check_thread(chat, thread)
    chat.actions.append(Action(call.text("action"), thread, world.clock()))
    return True


def _send(world: World, call: Call, chat: Chat, content: Content) -> Json:
    reply_to = _answered(chat, call.object("reply_parameters"))
    thread = _thread(chat, call.number("message_thread_id"), reply_to)
    forced = call.object("reply_markup")
    force_reply = None
    if forced.get("force_reply"):
        force_reply = ForceReply(forced.get("input_field_placeholder", ""), forced.get("selective") is True)
    message = world.write(
        chat,
        world.me,
        content,
        thread=thread,
        reply_to=reply_to,
        markup=keyboard(call),
        force_reply=force_reply,
        is_silent=call.flag("disable_notification"),
    )
    return payloads.message(message)


def _answered(chat: Chat, reply: Json) -> Message | None:
    if not reply:
        return None
    found = chat.all_messages.get(reply.get("message_id", 0))
    if found is not None and not found.deleted:
        return found
    if not reply.get("allow_sending_without_reply"):
        raise REPLY_NOT_FOUND
    return None


def _thread(chat: Chat, named: int, reply_to: Message | None) -> int:
    if named:
        if named == GENERAL:
            raise THREAD_NOT_FOUND
        _check_thread(chat, named)
    is_forum = isinstance(chat, Group) and chat.is_forum
    thread = named or (reply_to.thread if reply_to is not None and is_forum else 0)
    if isinstance(chat, Group) and is_forum and chat.topics[thread or GENERAL].is_closed and not chat.bot_is_admin:
        raise TOPIC_CLOSED
    return thread


def _check_thread(chat: Chat, thread: int) -> None:
    if isinstance(chat, Group) and chat.is_forum:
        topic = chat.topics.get(thread)
        if topic is None or topic.is_deleted:
            raise THREAD_NOT_FOUND
    else:
        # Elsewhere answers carry a thread too, but nothing can be sent by naming it.
        raise NO_TOPIC_THREAD if thread in chat.all_messages else THREAD_NOT_FOUND


METHODS: Mapping[str, Any] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendVideo": send_video,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
}
