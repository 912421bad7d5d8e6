"""``/admin``: one subcommand for each command of the services; who may is asked of them at every call."""

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands, ui

from bot.adapters.discord.admin_answer import answer_view
from bot.adapters.discord.admin_arguments import describe, identifier, offered, signature_of, texts_of
from bot.adapters.discord.admin_confirm import GONE, SURE, arguments_of, question_for
from bot.adapters.discord.admin_jobs import job_choices
from bot.adapters.discord.admin_panel import OPENS, QueuePanels
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.people import Interaction, caller_of, place_of
from bot.adapters.discord.presses import Item, PressAction, chosen, menu, row
from bot.adapters.discord.private_answers import answer, change
from bot.adapters.discord.refusing import say
from bot.adapters.discord.text import shortened
from bot.service.admin_command import AdminAnswer, AdminCommand

NAME = "admin"

_MAX_SUBCOMMANDS = 25  # developers/interactions/application-commands, "Subcommands and Subcommand Groups"
_MAX_HELP_CHARACTERS = 100
_MAX_MENU = 25
_NO_PLACE = "Please give this command in the server that it is about; the bot must be installed there."
_RESOLVE = "resolve-report"


class TooManyCommands(Exception):
    """The services have more commands than Discord takes in one group: they must be split."""


def admin_group(desk: Desk, panels: QueuePanels) -> app_commands.Group:
    """Return the group. Raises TooManyCommands."""
    commands = desk.services.admin.commands
    if len(commands) > _MAX_SUBCOMMANDS:
        raise TooManyCommands(f"{len(commands)} admin commands, and Discord takes {_MAX_SUBCOMMANDS} in a group")
    group = app_commands.Group(
        name=NAME,
        description="For those who run this bot or manage a server.",
        # It hides the group from others in servers; it protects nothing, so the services are asked at every call.
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )
    for command in commands:
        group.add_command(_subcommand(desk, panels, command))
    return group


def admin_actions(desk: Desk) -> dict[str, PressAction]:
    """Return what the buttons of answers and questions do."""

    async def sure(interaction: Interaction, name: str) -> None:
        arguments = arguments_of(interaction.message)
        if arguments is None:
            await say(interaction, GONE)
            return
        await change(interaction, lambda: _outcome(desk, interaction, name, arguments))

    async def resolve(interaction: Interaction, _: str) -> None:
        arguments = {"report": chosen(interaction)}
        await change(interaction, lambda: _outcome(desk, interaction, _RESOLVE, arguments))

    return {SURE: sure, _RESOLVE: resolve}


def _subcommand(desk: Desk, panels: QueuePanels, command: AdminCommand) -> app_commands.Command[Any, Any, None]:
    needs_place = any(argument.kind == "place" for argument in command.arguments)

    async def run(interaction: Interaction, **given: Any) -> None:
        if command.name == OPENS:
            await panels.open(interaction)
        elif needs_place and not place_of(interaction):
            await say(interaction, _NO_PLACE)
        else:
            await answer(interaction, lambda: _ask_or_run(desk, interaction, command.name, texts_of(command, given)))

    # The library reads a command's options from its function's signature: this one is made from the arguments.
    run.__signature__ = signature_of(command)  # type: ignore[attr-defined]
    describe(command, run)
    made: app_commands.Command[Any, Any, None] = app_commands.Command(
        name=command.name,
        description=shortened(command.help, _MAX_HELP_CHARACTERS),
        callback=run,  # type: ignore[arg-type]
    )
    for argument in offered(command):
        if argument.kind == "job":

            async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
                return await job_choices(desk.services, caller_of(interaction, desk.admin_roles), command.name, typed)

            made.autocomplete(identifier(argument))(complete)
    return made


async def _ask_or_run(desk: Desk, interaction: Interaction, name: str, arguments: dict[str, str]) -> ui.LayoutView:
    asked = question_for(desk, interaction, name, arguments)
    return asked if asked is not None else await _outcome(desk, interaction, name, arguments)


async def _outcome(desk: Desk, interaction: Interaction, name: str, arguments: dict[str, str]) -> ui.LayoutView:
    outcome = await desk.services.admin.run(caller_of(interaction, desk.admin_roles), name, arguments)
    return answer_view(_said_here(outcome, place_of(interaction)), *_about_reports(name, outcome))


def _said_here(outcome: AdminAnswer, place: str) -> AdminAnswer:
    """Return an answer in which the place where it is read has no number."""
    return replace(outcome, message=outcome.message.replace(place, "this server")) if place else outcome


def _about_reports(name: str, outcome: AdminAnswer) -> list[Item]:
    """Return a menu that closes one of the reports that an answer shows."""
    if name != "reports" or not isinstance(outcome.data, list) or not outcome.data:
        return []
    options = [
        discord.SelectOption(label=shortened(f"{report['id']}: {report['reason'] or 'no reason'}", 100), value=number)
        for report in outcome.data[:_MAX_MENU]
        if (number := str(report["id"]))
    ]
    return [row(menu("Close a report", _RESOLVE, options))]
