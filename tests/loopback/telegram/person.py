"""Person: a user and what they can do; each action is what their app would do."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import payloads
from .chats import Channel, Chat, PrivateChat
from .groups import Group, Topic
from .hearing import entities_in
from .message import Content, Document, Message
from .queries import Pressed, Query
from .users import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, User
from .world import World

Json = dict[str, Any]
Place = Chat | Topic


class NotOffered(AssertionError):
    """Telegram's app would not allow it."""


@dataclass(eq=False)
class Album:
    """Pictures sent together; each is a message and an update of its own."""

    messages: list[Message]
    #: Those of which the bot has not been told yet.
    held: list[Message] = field(default_factory=list)

    def release(self) -> None:
        """The rest arrives."""
        for message in self.held:
            message.chat.world.tell_message(message)
        self.held.clear()


@dataclass(eq=False, repr=False)
class Person(User):
    """What they send is told to the bot at once, if it is something that reaches it."""

    world: World | None = None

    def sends(self, place: Place, text: str, **how: Any) -> Message:
        """Write a text. How: reply_to=message, topic=, anonymous=True, as_channel=channel."""
        return self._send(place, Content(text, entities_in(text)), **how)

    def sends_photo(
        self, place: Place, data: bytes, caption: str = "", *, spoiler: bool = False, **how: Any
    ) -> Message:
        """Send a picture the usual way: Telegram makes JPEGs of several sizes of it."""
        sizes = self._world.files.store_photo(data)
        return self._send(place, Content(caption, entities_in(caption), sizes, has_spoiler=spoiler), **how)

    def sends_file(
        self,
        place: Place,
        name: str,
        data: bytes,
        mime_type: str = "",
        caption: str = "",
        *,
        size_bytes: int | None = None,
        **how: Any,
    ) -> Message:
        """Send a file as it is; size_bytes is what Telegram says of its size, where that is to be a lie."""
        stored = self._world.files.store(data, "documents", name, mime_type, size_bytes=size_bytes)
        return self._send(place, Content(caption, entities_in(caption), document=Document(stored)), **how)

    def sends_album(
        self,
        place: Place,
        pictures: Sequence[bytes],
        *,
        captions: Sequence[str] = (),
        order: Sequence[int] = (),
        held: Collection[int] = (),
        as_files: bool = False,
        **how: Any,
    ) -> Album:
        """Send pictures together. The bot is told in the given order; those held only at album.release()."""
        album = str(secrets.randbelow(10**17))
        messages = []
        for index, data in enumerate(pictures):
            caption = captions[index] if index < len(captions) else ""
            content = Content(caption, entities_in(caption))
            if as_files:
                stored = self._world.files.store(data, "documents", f"{index}.png", "image/png")
                content = replace(content, document=Document(stored))
            else:
                content = replace(content, photo=self._world.files.store_photo(data))
            messages.append(self._send(place, content, album=album, is_told=False, **how))
        arriving = list(order or range(len(messages)))
        for index in arriving:
            if index not in held:
                self._world.tell_message(messages[index])
        return Album(messages, [messages[index] for index in arriving if index in held])

    def edits(self, message: Message, text: str) -> None:
        """Change the text or caption of an own message."""
        if message.sender is not self and message.sender_chat is None:
            raise NotOffered("only an own message can be edited")
        content = replace(message.content, text=text, entities=entities_in(text))
        self._world.revise(message, content, message.markup)
        self._world.tell_message(message, is_edited=True)

    async def presses(self, message: Message, label: str, *, wait: bool = True) -> Pressed:
        """Press a button that the message shows, and wait for the bot's answer."""
        button = message.button(label)
        if not button.data:
            raise NotOffered(f"{label!r} opens {button.url!r} or copies {button.copy_text!r}; the bot hears nothing")
        if isinstance(message.chat, PrivateChat) and message.chat.person is not self:
            raise NotOffered(f"{self.name} does not see this chat")
        return await self.forges(message, button.data, wait=wait)

    async def forges(self, message: Message, data: str, *, wait: bool = True) -> Pressed:
        """Press what the message may never have had, as a changed app can."""
        query = Query(str(secrets.randbelow(10**18)), self, message, data, self._world.clock())
        self._world.queries[query.id] = query
        body = {
            "id": query.id,
            "from": self.to_json(),
            "message": payloads.message(message),
            "chat_instance": str(message.chat.id * 31),
            "data": data,
        }
        self._world.tell("callback_query", body)
        pressed = Pressed(query, self._world.changes)
        return await pressed.answered() if wait else pressed

    def blocks(self) -> None:
        """Stop the bot in the private chat; it is told."""
        chat = self._world.private(self)
        chat.is_open = chat.is_blocked = True
        self._world.tell_membership(chat, "member", "kicked")

    def unblocks(self) -> None:
        chat = self._world.private(self)
        chat.is_blocked = False
        self._world.tell_membership(chat, "kicked", "member")

    def deactivates(self) -> None:
        """The account is deleted; nobody is told."""
        self.is_deactivated = True

    @property
    def _world(self) -> World:
        assert self.world is not None
        return self.world

    def _send(
        self,
        place: Place,
        content: Content,
        *,
        topic: Topic | None = None,
        reply_to: Message | None = None,
        anonymous: bool = False,
        as_channel: Channel | None = None,
        album: str = "",
        is_told: bool = True,
    ) -> Message:
        if isinstance(place, Topic):
            topic, place = place, place.chat
        if topic is None and reply_to is not None and isinstance(place, Group) and place.is_forum:
            topic = place.topics.get(reply_to.thread or place.general.id)
        self._check_may_write(place, topic)
        sender, voice = self._voice(place, anonymous=anonymous, as_channel=as_channel)
        thread = 0 if topic is None else topic.thread
        message = self._world.write(
            place, sender, content, thread=thread, reply_to=reply_to, sender_chat=voice, album=album
        )
        if is_told:
            self._world.tell_message(message)
        return message

    def _check_may_write(self, chat: Chat, topic: Topic | None) -> None:
        if isinstance(chat, PrivateChat):
            if chat.person is not self:
                raise NotOffered(f"{self.name} does not see this chat")
            if chat.is_blocked:
                raise NotOffered("whoever blocked the bot must unblock it before writing to it")
            chat.is_open = True
        elif isinstance(chat, Group) and chat.members.get(self.id, "left") in ("left", "kicked"):
            raise NotOffered(f"{self.name} is not in {chat.title}")
        if topic is not None and (topic.is_closed or topic.is_deleted):
            raise NotOffered(f"nobody writes in {topic.name} any more")

    def _voice(self, chat: Chat, *, anonymous: bool, as_channel: Channel | None) -> tuple[User, Chat | None]:
        if as_channel is not None:
            return CHANNEL_BOT, as_channel
        if anonymous:
            if not isinstance(chat, Group) or not chat.is_admin(self):
                raise NotOffered("only administrators of a group can be anonymous")
            return GROUP_ANONYMOUS_BOT, chat
        return self, None
