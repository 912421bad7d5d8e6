"""Reads messages: which of them are for us, which command they give, and what else they say.

In private every message is for us. In a group it is one that begins with a command, that names us, or that answers us.
"""

from dataclasses import dataclass

import telegram
from telegram.constants import MessageEntityType

from bot.adapters.telegram.people import Letter, letter_of
from bot.adapters.telegram.posts import Me


@dataclass(frozen=True, slots=True)
class Reading:
    """A letter, and how it speaks to us."""

    letter: Letter
    command: str = ""  # its name in small letters, without slash and our name; empty: it gives none
    is_named: bool = False  # a command has our name, or we are named elsewhere
    is_ours: bool = True  # it speaks to us, and not to the group or to another bot

    @property
    def is_wish(self) -> bool:
        """Whether its words, if any, are what somebody wants to see."""
        return self.command in ("", "animate")


def read_letter(message: telegram.Message, me: Me) -> Reading | None:
    """Return what a message says to us; None where neither a person nor a group's voice has written it."""
    text, entities = _words_of(message)
    command, bot_name, rest = _command_of(text, entities)
    is_named = bot_name == me.username.lower()
    if not command:
        rest, is_named = _without_us(text, entities, me)
    letter = letter_of(message, rest.strip())
    if letter is None:
        return None
    is_for_another = bool(bot_name) and not is_named
    answers_us = letter.reply is not None and is_from(letter.reply, me)
    is_ours = not is_for_another and (letter.is_private or bool(command) or is_named or answers_us)
    return Reading(letter, "" if is_for_another else command, is_named, is_ours)


def is_from(message: telegram.Message, me: Me) -> bool:
    """Whether we have sent a message."""
    return message.from_user is not None and message.from_user.id == me.id


def _words_of(message: telegram.Message) -> tuple[str, tuple[telegram.MessageEntity, ...]]:
    if message.text is not None:
        return message.text, tuple(message.entities)
    return message.caption or "", tuple(message.caption_entities)


def _command_of(text: str, entities: tuple[telegram.MessageEntity, ...]) -> tuple[str, str, str]:
    """Return the command at the beginning, the bot that it names, both in small letters, and what comes after it."""
    first = next((one for one in entities if one.type == MessageEntityType.BOT_COMMAND and one.offset == 0), None)
    if first is None:
        return "", "", text
    spoken, rest = text[: first.length], text[first.length :]  # a command has only ASCII: a unit is a character
    command, _, bot_name = spoken.removeprefix("/").lower().partition("@")
    return command, bot_name, rest.strip()


def _without_us(text: str, entities: tuple[telegram.MessageEntity, ...], me: Me) -> tuple[str, bool]:
    """Return a text without our name, and whether it stood there."""
    units = _units(text)  # an entity's place is counted in these
    ours = [one for one in entities if _names_us(one, units, me)]
    for entity in sorted(ours, key=lambda one: -one.offset):
        before, after = units[: 2 * entity.offset], units[2 * (entity.offset + entity.length) :]
        units = before.removesuffix(_units(" ")) + after
    return _text(units).strip(), bool(ours)


def _names_us(entity: telegram.MessageEntity, units: bytes, me: Me) -> bool:
    if entity.type == MessageEntityType.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    if entity.type != MessageEntityType.MENTION:
        return False
    name = _text(units[2 * entity.offset : 2 * (entity.offset + entity.length)])
    return name.lower() == f"@{me.username.lower()}"


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _text(units: bytes) -> str:
    return units.decode("utf-16-le", "surrogatepass")
