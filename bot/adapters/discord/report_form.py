"""The form behind "Report": what is wrong with a video, for the admins."""

import discord
from discord import ui

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.client import FormAction
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.forms import filled, open_form
from bot.adapters.discord.people import Interaction, requester_of
from bot.adapters.discord.refusing import answering, tell
from bot.domain import chat_words as words

KIND = "report"

_REASON = "reason"
_MAX_CHARACTERS = 500  # as many as are kept


async def open_report_form(interaction: Interaction, job_id: str) -> None:
    """Show the form to whoever sees the video."""
    reason: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=_REASON, style=discord.TextStyle.paragraph, max_length=_MAX_CHARACTERS
    )
    label: ui.Label[ui.Modal] = ui.Label(
        text="What is wrong with this video?", description="Only the admins can read this.", component=reason
    )
    await open_form(interaction, "Report this video", KIND, job_id, [label])


def report_action(desk: Desk) -> FormAction:
    """Return what is done with the form."""

    async def submitted(interaction: Interaction, job_id: str) -> None:
        if await acknowledge(interaction, ephemeral=True) is None:
            return
        async with answering(interaction):
            await desk.services.reports.report(requester_of(interaction), job_id, filled(interaction).texts[_REASON])
            await tell(interaction, words.REPORTED)

    return submitted
