"""Answers that only one person sees: acknowledged at once, made then, and a clear no where something is wrong."""

from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.adapters.discord.acknowledgement import acknowledge, acknowledge_quietly
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.refusing import LOST, answering, refusing

log = structlog.get_logger(__name__)

MakeView = Callable[[], Awaitable[discord.ui.LayoutView]]
Respond = Callable[[Interaction, MakeView], Awaitable[bool]]


async def answer(interaction: Interaction, make: MakeView) -> bool:
    """Answer a command or a press with a new message that only the person sees; return whether that was made."""
    if await acknowledge(interaction, ephemeral=True) is None:
        return False
    was_made = False
    async with refusing(interaction, is_private=True):
        await _arrive(interaction, await make())
        was_made = True
    return was_made  # noqa: RET504 (what was refused has not come so far)


async def change(interaction: Interaction, make: MakeView) -> bool:
    """Answer a press by showing something else in the message that it was on; return whether that was made."""
    if not await acknowledge_quietly(interaction):
        return False
    was_made = False
    async with answering(interaction):
        await _arrive(interaction, await make())
        was_made = True
    return was_made  # noqa: RET504 (what was refused has not come so far)


async def _arrive(interaction: Interaction, view: discord.ui.LayoutView) -> None:
    try:
        await interaction.edit_original_response(view=view)
    except LOST as lost:
        log.info("an answer did not arrive", reason=repr(lost))
