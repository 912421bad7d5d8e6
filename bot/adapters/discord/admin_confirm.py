"""The question before a dangerous command; its own text keeps the arguments, so that it holds after a restart."""

import json
from collections.abc import Iterator, Mapping

import discord
from discord import ui

from bot.adapters.discord.admin_answer import who
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.presses import board, button, row
from bot.adapters.discord.text import escaped
from bot.service.admin_command import AdminCommand

SURE = "sure"
GONE = "This question cannot be read any more. Please give the command again."

_FENCE = "```"


def question(command: AdminCommand, arguments: Mapping[str, str]) -> ui.LayoutView:
    """Return the question whether a command is meant as it was given."""
    lines = [f"**{escaped(command.help)}** Is that meant?"]
    people = [who(arguments[a.name]) for a in command.arguments if a.kind == "person" and a.name in arguments]
    lines += [f"It is about {' '.join(people)}."] if people else []
    if arguments:
        lines += [f"{_FENCE}\n{_written(arguments)}\n{_FENCE}"]
    lines.append("-# If not, dismiss this message.")
    sure = button(f"Yes, {command.name}", SURE, command.name, discord.ButtonStyle.danger)
    return board(ui.TextDisplay("\n".join(lines)), row(sure), colour=discord.Colour.red())


def question_for(desk: Desk, interaction: Interaction, name: str, arguments: Mapping[str, str]) -> ui.LayoutView | None:
    """Return the question that comes before a command; None: it needs none, or this person may not give it anyway.

    Raises Refused for what is wrong with the arguments, so that nothing impossible is asked.
    """
    caller = caller_of(interaction, desk.admin_roles)
    for command in desk.services.admin.commands_for(caller):
        if command.name == name and command.danger:
            command.read(caller, arguments)
            return question(command, arguments)
    return None


def arguments_of(message: discord.Message | None) -> dict[str, str] | None:
    """Return the arguments that a question was about; None where it cannot be read."""
    if message is None:
        return None
    text = "\n".join(_texts(message.components))
    if _FENCE not in text:
        return {}
    try:
        return dict(_read(text.split(_FENCE)[1]))
    except ValueError:
        return None


def _written(arguments: Mapping[str, str]) -> str:
    # A fence inside of a value would end the block.
    return "\n".join(
        f"{name}: {json.dumps(value, ensure_ascii=False)}".replace("`", "\\u0060") for name, value in arguments.items()
    )


def _read(block: str) -> Iterator[tuple[str, str]]:
    for line in block.strip().split("\n"):
        name, _, value = line.partition(": ")
        yield name, str(json.loads(value))


def _texts(components: object) -> Iterator[str]:
    for component in components if isinstance(components, list | tuple) else ():
        if isinstance(component, discord.TextDisplay):
            yield component.content
        yield from _texts(getattr(component, "children", ()))
