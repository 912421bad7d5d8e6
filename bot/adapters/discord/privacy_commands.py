"""``/privacy`` and ``/forget-me``: what is stored about a person, to be had and to be deleted by them alone."""

import asyncio
import io

import discord
import structlog
from discord import ui

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.address import Address
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.people import Interaction, max_video_bytes, requester_of
from bot.adapters.discord.presses import PressAction, board, button, row
from bot.adapters.discord.private_answers import answer, change
from bot.adapters.discord.refusing import LOST, Declined, refusing
from bot.adapters.discord.take_down import take_down
from bot.domain import chat_words as words
from bot.service.export_file import export_file
from bot.service.history import jobs_under_way

log = structlog.get_logger(__name__)

_EXPORT, _ASK, _FORGET = "export", "forget-ask", "forget"
_STORED = (
    "**What is stored about you:** your Discord number and name, for each job its pictures, prompt, options and video, "
    "your credits, what you reported, and a ban if there is one. Whoever runs this bot can see it, and whoever manages "
    "a server sees the jobs that were asked for there."
)
_WARNING = (
    f"**Delete everything that is stored about you?** {words.FORGETTING} {words.FORGETTING_LEAVES}\n"
    "-# If you do not want that, dismiss this message."
)


async def privacy(desk: Desk) -> ui.LayoutView:
    """Return what is stored, for how long, and the ways to get and delete it."""
    keeps = desk.services.privacy.keeps
    pictures, videos = words.kept_for("Pictures", keeps.pictures_days), words.kept_for("Videos", keeps.videos_days)
    return board(
        ui.TextDisplay(f"{_STORED}\n{pictures} {videos} Prompts stay until you delete them."),
        ui.TextDisplay("The Delete button under a video deletes that job; Forget me deletes all of them."),
        row(
            button("Export my data", _EXPORT),
            button("Forget me", _ASK, style=discord.ButtonStyle.danger),
        ),
    )


async def ask_to_forget() -> ui.LayoutView:
    """Return the question that comes before everything is deleted."""
    return board(
        ui.TextDisplay(_WARNING),
        row(button("Delete everything", _FORGET, style=discord.ButtonStyle.danger)),
        colour=discord.Colour.red(),
    )


def privacy_actions(desk: Desk) -> dict[str, PressAction]:
    """Return what the buttons do; whoever presses is who it is about."""

    async def ask(interaction: Interaction, _: str) -> None:
        await answer(interaction, ask_to_forget)

    async def forget(interaction: Interaction, _: str) -> None:
        await change(interaction, lambda: _forget(desk, interaction))

    async def export(interaction: Interaction, _: str) -> None:
        await _export(desk, interaction)

    return {_ASK: ask, _FORGET: forget, _EXPORT: export}


async def _forget(desk: Desk, interaction: Interaction) -> ui.LayoutView:
    requester = requester_of(interaction)
    # Nobody will draw these messages' end: the jobs are gone then, and the prompt would stay on show.
    under_way = [Address.read(view.job.origin.address) for view in await jobs_under_way(desk.services, requester)]
    count = await desk.services.privacy.forget(requester)
    for address in under_way:
        await take_down(desk.posts, address)
    return board(ui.TextDisplay(f"{words.forgotten(count)} {words.FORGETTING_LEAVES}"))


async def _export(desk: Desk, interaction: Interaction) -> None:
    if await acknowledge(interaction, ephemeral=True) is None:
        return
    async with refusing(interaction, is_private=True):
        facts = await desk.services.privacy.export(requester_of(interaction).id)
        name, data = await asyncio.to_thread(export_file, facts, max_video_bytes(interaction))
        if not data:
            raise Declined(words.EXPORT_TOO_LARGE)
        try:
            await interaction.edit_original_response(attachments=[discord.File(io.BytesIO(data), name)])
        except LOST as lost:
            log.info("an export did not arrive", reason=repr(lost))
