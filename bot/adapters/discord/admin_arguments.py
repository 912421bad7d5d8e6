"""Arguments of admin commands as Discord's options, and what was given as the text that the services take."""

import inspect
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord.address import CHANNEL_NAME
from bot.adapters.discord.animate_command import option_text
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.text import shortened
from bot.service.admin_command import AdminCommand, Argument

#: What one text may hold: the question that repeats it before something dangerous is done must fit a message.
MAX_TEXT_CHARACTERS = 500
_MAX_HELP_CHARACTERS = 100


class _Room(app_commands.Transformer):
    """A channel in which one can ask, taken as Discord names it: it need not be known here."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.voice, kinds.stage_voice, kinds.forum]

    async def transform(self, interaction: Interaction, value: Any, /) -> Any:
        return value


def offered(command: AdminCommand) -> list[Argument]:
    """Return the arguments that become options: the place is the server in which the command is given."""
    return [argument for argument in command.arguments if argument.kind != "place"]


def signature_of(command: AdminCommand) -> inspect.Signature:
    """Return the parameters from which the library reads the options, the required ones first as Discord wants it."""
    arguments = sorted(offered(command), key=lambda argument: not argument.required)
    return inspect.Signature(
        [
            _parameter("interaction", discord.Interaction, is_required=True),
            *(_parameter(identifier(a), _annotation(a), is_required=a.required) for a in arguments),
        ]
    )


def describe(command: AdminCommand, callback: Any) -> None:
    """Give a callback the names, helps and choices of its options."""
    arguments = offered(command)
    app_commands.rename(**{identifier(argument): argument.name for argument in arguments})(callback)
    app_commands.describe(
        **{identifier(argument): shortened(_help(argument), _MAX_HELP_CHARACTERS) for argument in arguments}
    )(callback)
    app_commands.choices(
        **{
            identifier(argument): [app_commands.Choice(name=choice, value=choice) for choice in argument.choices]
            for argument in arguments
            if argument.choices
        }
    )(callback)


def texts_of(command: AdminCommand, given: Mapping[str, Any]) -> dict[str, str]:
    """Return what was given, by the names of the services."""
    values = {argument: given.get(identifier(argument)) for argument in offered(command)}
    return {argument.name: _text(argument, value) for argument, value in values.items() if value is not None}


def identifier(argument: Argument) -> str:
    """Return an argument's name as Python takes it."""
    return argument.name.replace("-", "_")


def _parameter(name: str, annotation: Any, *, is_required: bool) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        annotation=annotation if is_required else annotation | None,
        default=inspect.Parameter.empty if is_required else None,
    )


def _annotation(argument: Argument) -> Any:
    match argument.kind:
        case "number":
            return app_commands.Range[float, float(argument.lowest), float(argument.highest)]
        case "person":
            return discord.User
        case "room":
            return app_commands.Transform[Any, _Room]
        case "role":
            return discord.Role
        case "text":
            return app_commands.Range[str, 1, MAX_TEXT_CHARACTERS]
        case _:
            return str


def _help(argument: Argument) -> str:
    """Return the help; ids need no word where people, roles and channels are picked from a list."""
    match argument.kind:
        case "person":
            return "Who."
        case "room":
            return "Which channel."
        case "role":
            return "Which role."
        case "job":
            return "Which job: type a part of its prompt, its number or a name."
        case _:
            return argument.help


def _text(argument: Argument, value: Any) -> str:
    match argument.kind:
        case "person":
            return f"{CHANNEL_NAME}:{value.id}"
        case "room" | "role":
            return str(value.id)
        case _:
            return option_text(value)
