"""Payloads: messages and members as the Bot API writes them."""

from typing import Any

from .chats import Channel, Chat, PrivateChat, Room
from .groups import GENERAL, Group
from .message import Content, Document, Message, Video
from .users import User

Json = dict[str, Any]

_ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def message(one: Message, *, is_outer: bool = True) -> Json:
    """A message; the one it answers is inside, but not what that one answers."""
    body: Json = {"message_id": one.id, "date": int(one.sent_s), "chat": one.chat.to_json()}
    if not isinstance(one.chat, Channel):
        body["from"] = one.sender.to_json()
    if one.sender_chat is not None:
        body["sender_chat"] = one.sender_chat.to_json()
    body |= _thread(one)
    if len(one.revisions) > 1 and not one.is_service:
        body["edit_date"] = int(one.revisions[-1].at_s)
    if one.album:
        body["media_group_id"] = one.album
    if one.markup:
        body["reply_markup"] = one.markup
    if one.forwarded is not None:
        body |= _forward(one.forwarded)
    answered = _answered(one)
    if is_outer and answered is not None:
        body["reply_to_message"] = message(answered, is_outer=False)
    return body | _content(one.content)


def _thread(one: Message) -> Json:
    if not one.thread:
        return {}
    in_topic = isinstance(one.chat, Group) and one.chat.is_forum
    return {"message_thread_id": one.thread} | ({"is_topic_message": True} if in_topic else {})


def _answered(one: Message) -> Message | None:
    if one.reply_to is not None:
        return None if one.reply_to.deleted else one.reply_to
    # In a topic, what answers nothing comes as an answer to the message that opened the topic.
    is_in_topic = isinstance(one.chat, Group) and one.chat.is_forum and one.thread not in (0, GENERAL, one.id)
    return one.chat.all_messages.get(one.thread) if is_in_topic else None


def _forward(origin: Message) -> Json:
    about = {
        "type": "channel",
        "date": int(origin.sent_s),
        "chat": origin.chat.to_json(),
        "message_id": origin.id,
    }
    return {"forward_origin": about, "is_automatic_forward": True}


def _content(content: Content) -> Json:
    if content.service:
        return content.service
    body: Json = {}
    text, entities = ("caption", "caption_entities") if content.has_media else ("text", "entities")
    if content.text:
        body[text] = content.text
    if content.entities:
        body[entities] = list(content.entities)
    if content.photo:
        body["photo"] = [size.to_photo_size() for size in content.photo]
    if content.document is not None:
        body["document"] = _document(content.document)
    if content.video is not None:
        body["video"] = _video(content.video)
    if content.has_spoiler:
        body["has_media_spoiler"] = True
    return body


def _document(document: Document) -> Json:
    stored = document.file
    body = stored.to_json() | {"file_name": stored.name, "mime_type": stored.mime_type}
    return body | ({"thumbnail": document.thumbnail.to_photo_size()} if document.thumbnail else {})


def _video(video: Video) -> Json:
    stored = video.file
    body = stored.to_json() | {"file_name": stored.name, "mime_type": stored.mime_type}
    body |= {"width": video.width, "height": video.height, "duration": video.duration}
    if video.thumbnail is not None:
        body["thumbnail"] = video.thumbnail.to_photo_size()
    if video.cover is not None:
        body["cover"] = [video.cover.to_photo_size()]
    return body


def member(user: User, status: str) -> Json:
    """What somebody is in a chat."""
    body: Json = {"status": status, "user": user.to_json()}
    if status == "creator":
        return body | {"is_anonymous": False}
    if status == "administrator":
        rights = dict.fromkeys(_ADMIN_RIGHTS, True)
        return body | {"can_be_edited": False, "is_anonymous": False} | rights
    return body | ({"until_date": 0} if status == "kicked" else {})


def full_chat(chat: Chat) -> Json:
    """What getChat says."""
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    body = chat.to_json() | {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": gifts}
    if isinstance(chat, Group) and chat.linked is not None:
        body["linked_chat_id"] = chat.linked.id
    return body


def membership(chat: Chat, by: User, me: User, before: str, after: str, at_s: float) -> Json:
    """What the bot is told when it is taken in, thrown out, blocked or unblocked."""
    assert isinstance(chat, PrivateChat | Room)
    return {
        "chat": chat.to_json(),
        "from": by.to_json(),
        "date": int(at_s),
        "old_chat_member": member(me, before),
        "new_chat_member": member(me, after),
    }
