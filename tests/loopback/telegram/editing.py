"""Methods that change what is there: edits, deletions, reactions, answers to presses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import payloads, uploads
from .call import Call
from .chats import Chat, PrivateChat
from .errors import (
    DELETED_NOT_FOUND,
    EDITED_NOT_FOUND,
    EDITED_TEXT_TOO_LONG,
    NO_CAPTION,
    NO_MEDIA,
    NO_TEXT,
    NOT_DELETABLE,
    NOT_EDITABLE,
    NOT_MODIFIED,
    QUERY_TOO_OLD,
    REACTED_NOT_FOUND,
    no_right_to,
)
from .groups import Group
from .hearing import units
from .message import Content, Message
from .sending import MAX_TEXT_UNITS, caption_of, keyboard, place, text_of
from .world import World

Json = dict[str, Any]

_DELETABLE_FOR_S = 48 * 3600
_KINDS = {"video": "videos", "document": "documents", "photo": "photos"}


def edit_text(world: World, call: Call) -> Json:
    message = _own(world, call)
    if message.content.has_media:
        raise NO_TEXT
    content = text_of(call)
    if units(content.text) > MAX_TEXT_UNITS:
        raise EDITED_TEXT_TOO_LONG
    return _revise(world, message, content, keyboard(call))


def edit_caption(world: World, call: Call) -> Json:
    message = _own(world, call)
    if not message.content.has_media:
        raise NO_CAPTION
    return _revise(world, message, caption_of(call.parameters, message.content), keyboard(call))


def edit_media(world: World, call: Call) -> Json:
    message = _own(world, call)
    source = call.object("media")
    kind = _KINDS.get(str(source.get("type")), "videos")
    if message.chat.refuses(kind):
        raise no_right_to(kind)
    if not message.content.has_media and not world.holds_video_in_text:
        raise NO_MEDIA
    content = uploads.media(world, call, source)
    return _revise(world, message, caption_of(source, content), keyboard(call))


def edit_keyboard(world: World, call: Call) -> Json:
    message = _own(world, call)
    return _revise(world, message, message.content, keyboard(call))


def delete_message(world: World, call: Call) -> bool:
    message = _message(place(world, call), call.number("message_id"))
    if message is None:
        raise DELETED_NOT_FOUND
    if not _may_delete(world, message):
        raise NOT_DELETABLE
    message.delete()
    return True


def delete_messages(world: World, call: Call) -> bool:
    """Those that cannot be found are passed over."""
    chat = place(world, call)
    found = [message for number in call.list("message_ids") if (message := _message(chat, number)) is not None]
    if not all(_may_delete(world, message) for message in found):
        raise NOT_DELETABLE
    for message in found:
        message.delete()
    return True


def react(world: World, call: Call) -> bool:
    message = _message(place(world, call), call.number("message_id"))
    if message is None:
        raise REACTED_NOT_FOUND
    message.reactions = [str(one.get("emoji", "")) for one in call.list("reaction")]
    return True


def answer_query(world: World, call: Call) -> bool:
    query = world.queries.get(call.text("callback_query_id"))
    if query is None or not query.can_be_answered(world.clock()):
        raise QUERY_TOO_OLD
    query.answer = dict(call.parameters)
    return True


def _own(world: World, call: Call) -> Message:
    left = world.chats.get(call.chat_id)
    if isinstance(left, Group) and left.migrated_to is not None and not left.tells_edits:
        raise NOT_EDITABLE
    message = _message(place(world, call), call.number("message_id"))
    if message is None:
        raise EDITED_NOT_FOUND
    if message.sender is not world.me or message.is_service:
        raise NOT_EDITABLE
    return message


def _message(chat: Chat, number: Any) -> Message | None:
    found = chat.all_messages.get(number)
    return None if found is None or found.deleted else found


def _revise(world: World, message: Message, content: Content, markup: Json) -> Json:
    # Without reply_markup an edit takes the buttons away.
    if _looks_like(message.content, content) and message.markup == markup:
        raise NOT_MODIFIED
    world.revise(message, replace(content, service={}), markup)
    return payloads.message(message)


def _looks_like(old: Content, new: Content) -> bool:
    return replace(old, entities=_plain(old)) == replace(new, entities=_plain(new))


def _plain(content: Content) -> tuple[Json, ...]:
    return tuple(sorted(content.entities, key=lambda one: (one["offset"], one["length"], one["type"])))


def _may_delete(world: World, message: Message) -> bool:
    is_young = world.clock() - message.sent_s < _DELETABLE_FOR_S
    is_own = message.sender is world.me or isinstance(message.chat, PrivateChat)
    return is_young if is_own else message.chat.bot_is_admin


METHODS: Mapping[str, Any] = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageMedia": edit_media,
    "editMessageReplyMarkup": edit_keyboard,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "setMessageReaction": react,
    "answerCallbackQuery": answer_query,
}
