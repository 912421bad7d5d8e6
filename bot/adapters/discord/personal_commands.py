"""The commands that are about the person who gives them; their answers are seen by nobody else."""

from collections.abc import Awaitable, Callable
from typing import Any

from discord import app_commands, ui

from bot.adapters.discord.desk import Desk
from bot.adapters.discord.help_text import help_text
from bot.adapters.discord.history import history, history_actions
from bot.adapters.discord.job_list import job_list, job_list_actions
from bot.adapters.discord.people import Interaction, requester_of
from bot.adapters.discord.presses import PressAction
from bot.adapters.discord.privacy_commands import ask_to_forget, privacy, privacy_actions
from bot.adapters.discord.private_answers import answer
from bot.adapters.discord.quota_text import quota

Command = app_commands.Command[Any, Any, None]
_Show = Callable[[Interaction], Awaitable[ui.LayoutView]]


def personal_commands(desk: Desk) -> list[Command]:
    """Return the commands; to add one, add one line."""
    return [
        _command("jobs", "Show your jobs under way, and cancel them.", lambda i: job_list(desk, requester_of(i))),
        _command("history", "Show your results, to send or make them again.", lambda i: history(desk, requester_of(i))),
        _command("quota", "Show your credits and what videos cost.", lambda i: quota(desk, i)),
        _command("help", "Show what this bot does and how to ask for it.", lambda i: help_text(desk, i)),
        _command("privacy", "Show what is stored about you, get it, delete it.", lambda _: privacy(desk)),
        _command("forget-me", "Delete everything that is stored about you.", lambda _: ask_to_forget()),
    ]


def personal_actions(desk: Desk) -> dict[str, PressAction]:
    """Return what the buttons in their answers do."""
    return {**job_list_actions(desk), **history_actions(desk), **privacy_actions(desk)}


def _command(name: str, description: str, show: _Show) -> Command:
    async def callback(interaction: Interaction) -> None:
        await answer(interaction, lambda: show(interaction))

    return app_commands.Command(name=name, description=description, callback=callback)
