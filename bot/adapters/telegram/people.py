"""Who writes and who presses, and where, in the services' words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import telegram

from bot.adapters.telegram.address import Address
from bot.domain.job import Requester
from bot.service.delivery import TryLater
from bot.service.roles import Caller
from bot.service.views import Circumstances

if TYPE_CHECKING:
    from bot.adapters.telegram.desk import Desk

CHANNEL_NAME = "telegram"

#: The people and chats that Telegram puts into ``from`` where nobody in particular has written.
_STAND_INS = frozenset({777000, 1087968824, 136817688})


class Unasked(Exception):
    """Telegram does not say now what somebody is in a group: whatever hangs on that has to wait."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a person, as handlers take it."""

    requester: Requester
    user: int
    chat: int
    is_private: bool
    place: str  # of a group, ``telegram:<chat>``; empty in private
    thread: int  # the forum topic; 0: none, or General
    message: int
    text: str  # what is written, in a caption or by itself, without the command and our name
    raw: telegram.Message = field(repr=False)
    is_anonymous_admin: bool = False

    @property
    def key(self) -> str:
        """The same message again is the same request."""
        return message_key(self.chat, self.message)

    @property
    def address(self) -> Address:
        """Where an answer to it goes."""
        return Address(self.chat, thread=self.thread, asked=self.message)

    @property
    def circumstances(self) -> Circumstances:
        """What the rules of a place look at."""
        return Circumstances(room=_room(self.thread))

    @property
    def reply(self) -> telegram.Message | None:
        """The message that it answers; not the one that opens a topic, which everything in the topic answers."""
        answered = self.raw.reply_to_message
        return None if answered is None or answered.message_id == self.thread else answered


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button."""

    query: str
    requester: Requester
    user: int
    chat: int
    is_private: bool
    place: str
    thread: int
    message: int  # the one that was pressed
    data: str
    raw: telegram.CallbackQuery = field(repr=False)

    @property
    def key(self) -> str:
        """The same press again is the same request."""
        return f"q{self.query}"

    @property
    def address(self) -> Address:
        """Where the pressed message is."""
        return Address(self.chat, self.message, thread=self.thread)

    @property
    def circumstances(self) -> Circumstances:
        """What the rules of a place look at."""
        return Circumstances(room=_room(self.thread))


def letter_of(message: telegram.Message, text: str) -> Letter | None:
    """Return a message with ``text`` as what it says; None where no person and no group's voice has written it."""
    voice, person, chat = message.sender_chat, message.from_user, message.chat
    if message.is_automatic_forward:
        return None
    if voice is not None:
        requester, user = Requester(CHANNEL_NAME, str(voice.id), voice.effective_name or ""), voice.id
    elif person is not None and not person.is_bot and person.id not in _STAND_INS:
        requester, user = Requester(CHANNEL_NAME, str(person.id), person.full_name), person.id
    else:
        return None
    return Letter(
        requester=requester,
        user=user,
        chat=chat.id,
        is_private=chat.id > 0,
        place=place_of(chat.id),
        thread=topic_of(message),
        message=message.message_id,
        text=text,
        raw=message,
        is_anonymous_admin=voice is not None and voice.id == chat.id,
    )


def press_of(query: telegram.CallbackQuery) -> Press | None:
    """Return a press; None where its message was not sent by us into a chat."""
    message, person = query.message, query.from_user
    if message is None or query.data is None:
        return None
    chat = message.chat.id
    return Press(
        query=query.id,
        requester=Requester(CHANNEL_NAME, str(person.id), person.full_name),
        user=person.id,
        chat=chat,
        is_private=chat > 0,
        place=place_of(chat),
        thread=topic_of(message) if isinstance(message, telegram.Message) else 0,
        message=message.message_id,
        data=query.data,
        raw=query,
    )


async def caller_of(desk: Desk, who: Letter | Press) -> Caller:
    """Return the person with what Telegram says at this moment about their rights in the group. Raises Unasked."""
    if who.is_private:
        return Caller(who.requester)
    if isinstance(who, Letter) and who.raw.sender_chat is not None:
        manages = who.is_anonymous_admin  # a channel's voice is nobody's right
    else:
        try:
            manages = await desk.posts.is_chat_admin(who.chat, who.user)
        except TryLater as later:
            raise Unasked from later
    # In the admins' own chat everything may be read.
    heard_in = "" if who.chat == desk.options.admin_chat else who.place
    return Caller(who.requester, manages=who.place if manages else "", place=who.place, heard_in=heard_in)


def place_of(chat: int) -> str:
    """Return the place whose rules hold in a chat: a group, by its number below zero."""
    return f"{CHANNEL_NAME}:{chat}" if chat < 0 else ""


def message_key(chat: int, message: int) -> str:
    """Return the key under which a message gives one job only."""
    return f"m{chat}:{message}"


def topic_of(message: telegram.Message) -> int:
    """Return a message's forum topic. A thread of comments has a number as well, and is none."""
    return message.message_thread_id or 0 if message.is_topic_message else 0


def _room(thread: int) -> str:
    return str(thread) if thread else ""
