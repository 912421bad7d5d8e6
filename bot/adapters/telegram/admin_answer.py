"""What an admin command gives back, as a message: its sentence, and its data in short lines."""

import re

from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.replies import Page, moment
from bot.adapters.telegram.text import MAX_TEXT_UNITS, Text, bold, code, joined, lines, link, mention, plain, visible
from bot.domain.admin_lines import fitting, lines_of
from bot.service.admin_command import AdminAnswer

_MAX_SENTENCE_CHARACTERS = 1_000
_MAX_PERSON_CHARACTERS = 80
_MAX_LINES = 100  # Telegram takes so many marks in a message; a line has three at most, and few have them
_OF_TELEGRAM = re.compile(rf"{CHANNEL_NAME}:(\d{{1,15}})")


class TelegramMarks:
    """Facts as Telegram shows them. ``chat``: where they are read; people are only called where nobody else is."""

    def __init__(self, chat: int) -> None:
        self._chat = chat

    def text(self, text: str, max_characters: int) -> Text:
        return plain(visible(text, max_characters))

    def person(self, person: str) -> Text:
        found = _OF_TELEGRAM.fullmatch(person)
        if found is None or self._chat < 0:
            return code(visible(person, _MAX_PERSON_CHARACTERS))
        return mention(person, int(found[1]))

    def instant(self, unix_s: float) -> Text:
        return moment(unix_s)

    def code(self, text: str) -> Text:
        return code(visible(text, _MAX_PERSON_CHARACTERS))

    def room(self, room: str) -> Text:
        supergroup = str(self._chat).removeprefix("-100")
        is_topic = room.isdecimal() and supergroup != str(self._chat)
        return link(f"topic {room}", f"https://t.me/c/{supergroup}/{room}") if is_topic else code(room)

    def role(self, role: str) -> Text:
        return plain("role ") + code(visible(role, _MAX_PERSON_CHARACTERS))

    def strong(self, text: str) -> Text:
        return bold(text)

    def line(self, *parts: str | Text) -> Text:
        return joined(plain(""), [plain(part) if isinstance(part, str) else part for part in parts])

    def size(self, line: Text) -> int:
        return line.units


def answer_page(answer: AdminAnswer, chat: int) -> Page:
    """Return an answer as a message that is read in a chat."""
    head, marks = bold(visible(answer.message, _MAX_SENTENCE_CHARACTERS)), TelegramMarks(chat)
    return Page(lines(head, *fitting(list(lines_of(answer.data, marks)), MAX_TEXT_UNITS - head.units - 1, marks)))
