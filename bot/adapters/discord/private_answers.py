"""Answers that only one person sees: acknowledged at once, made then, and a clear no where something is wrong."""

from collections.abc import Awaitable, Callable

import aiohttp
import discord
import structlog

from bot.adapters.discord.acknowledgement import acknowledge, acknowledge_quietly
from bot.adapters.discord.answers import tell
from bot.adapters.discord.desk import EXPECTED_ERRORS, answer_to, refuse
from bot.adapters.discord.people import Interaction
from bot.domain.refusals import RefusalCode, Refused

log = structlog.get_logger(__name__)

MakeView = Callable[[], Awaitable[discord.ui.LayoutView]]
Respond = Callable[[Interaction, MakeView], Awaitable[bool]]

LOST = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)


async def answer(interaction: Interaction, make: MakeView) -> bool:
    """Answer a command or a press with a new message that only the person sees; return whether that was made."""
    if await acknowledge(interaction, ephemeral=True) is None:
        return False
    try:
        view = await make()
    except EXPECTED_ERRORS as error:
        await refuse(interaction, error, is_private=True)
        return False
    except Exception:
        await refuse(interaction, Refused(RefusalCode.BROKEN), is_private=True)
        raise
    await _arrive(interaction, view)
    return True


async def change(interaction: Interaction, make: MakeView) -> bool:
    """Answer a press by showing something else in the message that it was on; return whether that was made."""
    if not await acknowledge_quietly(interaction):
        return False
    try:
        view = await make()
    except EXPECTED_ERRORS as error:
        await tell(interaction, answer_to(error))
        return False
    except Exception:
        await tell(interaction, answer_to(Refused(RefusalCode.BROKEN)))
        raise
    await _arrive(interaction, view)
    return True


async def _arrive(interaction: Interaction, view: discord.ui.LayoutView) -> None:
    try:
        await interaction.edit_original_response(view=view)
    except LOST as lost:
        log.info("an answer did not arrive", reason=repr(lost))
