"""World: everything that exists on this Telegram, and how what happens in it reaches the bot."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.loopback.changes import Changes

from . import payloads
from .chats import Channel, Chat, PrivateChat, Room
from .errors import CHAT_NOT_FOUND
from .files import Files
from .groups import Group
from .hearing import entities_in, reaches_bot
from .message import Content, ForceReply, Message
from .queries import Query
from .updates import Updates
from .users import CHANNEL_BOT, TELEGRAM, Me, User

if TYPE_CHECKING:
    from .person import Person

Json = dict[str, Any]

_BOT_ID = 5_000_000_001
# Above what fits into 32 bits, as real ids are.
_FIRST_USER_ID = 6_000_000_001
_FIRST_MESSAGE_ID = 11
_FIRST_SUPERGROUP_MESSAGE_ID = 501


def fresh_token(bot_id: int) -> str:
    return f"{bot_id}:{secrets.token_urlsafe(26)[:35]}"


@dataclass(eq=False)
class World:
    clock: Callable[[], float]
    changes: Changes
    #: Where a Bot API server in local mode keeps files; None in the cloud.
    local_folder: Path | None = None
    me: Me = field(default_factory=lambda: Me(_BOT_ID, "Animate", "animate_test_bot", is_bot=True))
    token: str = field(default_factory=lambda: fresh_token(_BOT_ID))
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    updates: Updates = field(default_factory=Updates)
    queries: dict[str, Query] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    #: "description", "short_description", "name" by kind and language.
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    holds_video_in_text: bool = True
    is_logged_out: bool = False
    _people: int = 0
    _rooms: int = 0
    _message_ids: int = _FIRST_MESSAGE_ID

    def next_user_id(self) -> int:
        self._people += 1
        return _FIRST_USER_ID + 7 * self._people

    # --- chats

    def private(self, person: User) -> PrivateChat:
        """The chat between a person and the bot; there is one of them, open or not."""
        chat = self.chats.get(person.id)
        if chat is None:
            chat = self.chats[person.id] = PrivateChat(self, person.id, "private", person=person)
        assert isinstance(chat, PrivateChat)
        return chat

    def new_group(
        self, title: str, owner: "Person", *, kind: str = "group", is_forum: bool = False, bot_status: str = "member"
    ) -> Group:
        self._rooms += 1
        chat_id = -4_000_000_000 - self._rooms if kind == "group" else -1_002_000_000_000 - self._rooms
        group = Group(self, chat_id, kind, title, owner=owner, is_forum=is_forum, bot_status=bot_status)
        self.chats[chat_id] = group
        return group

    def new_channel(self, title: str, discussion: Group | None, bot_status: str) -> Channel:
        self._rooms += 1
        channel = Channel(self, -1_002_500_000_000 - self._rooms, "channel", title, bot_status=bot_status)
        channel.discussion = discussion
        if discussion is not None:
            assert discussion.kind == "supergroup", "only a supergroup can be a channel's discussion group"
            discussion.linked = channel
        self.chats[channel.id] = channel
        return channel

    def chat(self, chat_id: Any) -> Chat:
        """The chat with this id or @username. ApiError where the bot knows none."""
        if isinstance(chat_id, str):
            rooms = [one for one in self.chats.values() if isinstance(one, Room) and one.username]
            found: Chat | None = next((one for one in rooms if f"@{one.username}" == chat_id), None)
        else:
            found = self.chats.get(chat_id)
        if found is None and chat_id in self.users:
            found = self.private(self.users[chat_id])
        is_stranger = isinstance(found, PrivateChat) and not found.is_open and not self._shares_room(found.person)
        if found is None or is_stranger or (found.is_deleted and not isinstance(found, Group)):
            raise CHAT_NOT_FOUND
        return found

    def _shares_room(self, person: User) -> bool:
        groups = [one for one in self.chats.values() if isinstance(one, Group)]
        return any(person.id in group.members and group.has_bot for group in groups)

    # --- messages

    def write(
        self,
        chat: Chat,
        sender: User,
        content: Content,
        *,
        thread: int = 0,
        reply_to: Message | None = None,
        sender_chat: Chat | None = None,
        album: str = "",
        markup: Json | None = None,
        force_reply: ForceReply | None = None,
        forwarded: Message | None = None,
        is_silent: bool = False,
    ) -> Message:
        """A new message in a chat; who is told of it is another matter."""
        if reply_to is not None and isinstance(chat, Group) and chat.kind == "supergroup" and not chat.is_forum:
            # There every answer carries the message at the root of its thread, though there are no topics.
            thread = reply_to.thread or reply_to.id
        message = Message(
            chat,
            self._next_message_id(chat),
            sender,
            self.clock(),
            content,
            thread,
            reply_to,
            sender_chat,
            markup or {},
            force_reply,
            album,
            forwarded,
            is_silent=is_silent,
        )
        chat.all_messages[message.id] = message
        message.note_revision(message.sent_s)
        if isinstance(chat, Group) and sender.is_bot and sender_chat is None:
            chat.last_bot = sender
        self.changes.notify()
        return message

    def revise(self, message: Message, content: Content, markup: Json) -> None:
        message.content, message.markup = content, markup
        message.note_revision(self.clock())
        self.changes.notify()

    def post(self, channel: Channel, text: str, photo: bytes | None) -> Message:
        """A channel's post, and its copy in the discussion group."""
        sizes = () if photo is None else self.files.store_photo(photo)
        content = Content(text, entities_in(text), sizes)
        message = self.write(channel, CHANNEL_BOT, content, sender_chat=channel)
        self.tell_message(message)
        if channel.discussion is not None:
            copy = self.write(channel.discussion, TELEGRAM, content, sender_chat=channel, forwarded=message)
            self.tell_message(copy)
        return message

    def _next_message_id(self, chat: Chat) -> int:
        # A supergroup or channel counts for itself; all other chats of an account share one count.
        if chat.kind in ("supergroup", "channel"):
            return max(chat.all_messages, default=_FIRST_SUPERGROUP_MESSAGE_ID) + 1
        self._message_ids += 1
        return self._message_ids

    # --- what the bot is told

    def tell_message(self, message: Message, *, is_edited: bool = False) -> Json | None:
        """Put a message into the bot's updates, if it is one that reaches it."""
        if not reaches_bot(message, self.me):
            return None
        kind = "channel_post" if isinstance(message.chat, Channel) else "message"
        return self.tell(f"edited_{kind}" if is_edited else kind, payloads.message(message))

    def tell_membership(self, chat: Chat, before: str, after: str) -> None:
        by = chat.person if isinstance(chat, PrivateChat) else chat.owner if isinstance(chat, Group) else CHANNEL_BOT
        self.tell("my_chat_member", payloads.membership(chat, by, self.me, before, after, self.clock()))

    def tell(self, kind: str, body: Json) -> Json | None:
        # A copy: the message may change before the bot asks.
        update = self.updates.add(kind, json.loads(json.dumps(body)))
        self.changes.notify()
        return update
