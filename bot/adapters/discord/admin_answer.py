"""What an admin command gives back, as a message: its sentence, and its data in short lines."""

import re

from discord import ui

from bot.adapters.discord.job_list import discord_time
from bot.adapters.discord.presses import Item, board
from bot.adapters.discord.text import shown
from bot.domain.admin_lines import fitting, lines_of
from bot.service.admin_command import AdminAnswer

_MAX_CHARACTERS = 3_700  # a message's components hold 4,000 in all
_MAX_SENTENCE_CHARACTERS = 1_000
_MAX_PERSON_CHARACTERS = 80
_OF_DISCORD = re.compile(r"discord:(\d+)")


def answer_view(answer: AdminAnswer, *more: Item) -> ui.LayoutView:
    """Return an answer as a message, with whatever can be done about it below."""
    message = shown(answer.message, _MAX_SENTENCE_CHARACTERS)
    marks = DiscordMarks()
    lines = fitting(list(lines_of(answer.data, marks)), _MAX_CHARACTERS - len(message), marks)
    return board(ui.TextDisplay("\n".join([f"**{message}**", *lines])), *more)


def who(person: str) -> str:
    """Return a person as Discord shows them, and one of elsewhere by platform and id."""
    found = _OF_DISCORD.fullmatch(person)
    return f"<@{found[1]}>" if found else shown(person, _MAX_PERSON_CHARACTERS)


class DiscordMarks:
    """Markdown, and the mentions that each reader's client writes out."""

    def text(self, text: str, max_characters: int) -> str:
        return shown(text, max_characters)

    def person(self, person: str) -> str:
        return who(person)

    def instant(self, unix_s: float) -> str:
        return discord_time(unix_s)

    def code(self, text: str) -> str:
        return f"`{text}`"

    def room(self, room: str) -> str:
        return f"<#{room}>"

    def role(self, role: str) -> str:
        return f"<@&{role}>"

    def strong(self, text: str) -> str:
        return f"**{text}**"

    def line(self, *parts: str) -> str:
        return "".join(parts)

    def size(self, line: str) -> int:
        return len(line)
