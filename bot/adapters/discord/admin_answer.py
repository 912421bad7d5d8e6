"""What an admin command gives back, as a message: its sentence, and its data in short lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from discord import ui

from bot.adapters.discord.presses import Item, board
from bot.adapters.discord.text import escaped, shown
from bot.domain.credits import credits_text
from bot.service.admin_command import AdminAnswer

_MAX_CHARACTERS = 3_700  # a message's components hold 4,000 in all
_MAX_LINE_CHARACTERS = 400
_OF_DISCORD = re.compile(r"discord:(\d+)")
_PEOPLE = frozenset({"requester", "who", "by"})
_INSTANTS = frozenset({"at", "created_at"})


def answer_view(answer: AdminAnswer, *more: Item) -> ui.LayoutView:
    """Return an answer as a message, with whatever can be done about it below."""
    message = shown(answer.message, 1_000)
    lines = fitting(list(_lines(answer.data)), _MAX_CHARACTERS - len(message))
    return board(ui.TextDisplay("\n".join([f"**{message}**", *lines])), *more)


def fitting(lines: Sequence[str], max_characters: int) -> list[str]:
    """Return as many lines as fit, and how many more there are."""
    kept: list[str] = []
    left = max_characters - len("and 99999 more")
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            return [*kept, f"and {len(lines) - len(kept)} more"]
        kept.append(line)
    return kept


def who(person: str) -> str:
    """Return a person as Discord shows them, and one of elsewhere by platform and id."""
    found = _OF_DISCORD.fullmatch(person)
    return f"<@{found[1]}>" if found else shown(person, 80)


def _lines(data: object) -> Iterator[str]:
    match data:
        case Mapping():
            for name, value in data.items():
                yield from _field(str(name), value)
        case list() | tuple():
            for item in data:
                yield _line(item)


def _field(name: str, value: Any) -> Iterator[str]:
    if value in (None, "", [], {}) or name == "place":  # the sentence names the place
        return
    match name, value:
        case "rooms", list():
            yield f"channels: {' '.join(f'<#{room}>' for room in value)}"
        case "tiers", Mapping():
            for role, limit in value.items():
                yield f"<@&{role}>: {_facts(limit)}"
        case _, list():
            yield from _lines(value)
        case _, Mapping():
            yield f"{_word(name)}: {_facts(value)}"
        case _:
            yield f"{_word(name)}: {_value(name, value)}"


def _line(item: Any) -> str:
    """Return one thing of a list in one line; what is longest stands last."""
    if not isinstance(item, Mapping):
        return shown(str(item), _MAX_LINE_CHARACTERS)
    facts = dict(item)
    if "prompt" in facts:
        waits = "" if facts["ahead"] is None else f", {facts['ahead']} before it"
        return f"`{facts['id']}` {facts['state']}{waits}, {who(facts['requester'])}: {shown(facts['prompt'], 80)}"
    if "outcome" in facts:
        given = "".join(f" {name}={value}" for name, value in facts["arguments"].items())
        what = shown(f"{facts['command']}{given}", 200)
        return f"{_value('at', facts['at'])} {who(facts['who'])} {what}: {shown(facts['outcome'], 120)}"
    if "reason" in facts:
        about = f"**{facts['id']}** job `{facts['job']}` by {who(facts['by'])} {_value('at', facts['at'])}"
        return f"{about}: {shown(facts['reason'], 200)}"
    return _facts(facts)


def _facts(facts: Mapping[str, Any]) -> str:
    known = [f"{_word(name)} {_value(name, value)}" for name, value in facts.items() if value is not None]
    return ", ".join(known) or "none"


def _word(name: str) -> str:
    return escaped(name.removesuffix("_mcr").replace("_", " "))


def _value(name: str, value: Any) -> str:
    if name in _PEOPLE:
        return who(str(value))
    if name in _INSTANTS:
        return f"<t:{round(value)}:R>"
    if name.endswith("_mcr"):
        return credits_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else shown(str(value), _MAX_LINE_CHARACTERS)
