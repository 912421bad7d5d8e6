"""Answers that only one person sees: acknowledged at once, made then, and a clear no where something is wrong."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import discord
import structlog

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.desk import answer_to, refuse
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.trouble import is_already_answered
from bot.domain.refusals import RefusalCode, Refused
from bot.store.errors import StoreError
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

MakeView = Callable[[], Awaitable[discord.ui.LayoutView]]
Respond = Callable[[Interaction, MakeView], Awaitable[bool]]

_EXPECTED = (Refused, GenerationError, StoreError)
LOST = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)
_TRIES = 3
_TRY_LIMIT_S = 1.0  # Discord forgets an interaction after three seconds


async def answer(interaction: Interaction, make: MakeView) -> bool:
    """Answer a command or a press with a new message that only the person sees; return whether that was made."""
    if await acknowledge(interaction, ephemeral=True) is None:
        return False
    try:
        view = await make()
    except _EXPECTED as error:
        await refuse(interaction, error, is_private=True)
        return False
    except Exception:
        await refuse(interaction, Refused(RefusalCode.BROKEN), is_private=True)
        raise
    await _arrive(interaction.edit_original_response(view=view))
    return True


async def change(interaction: Interaction, make: MakeView) -> bool:
    """Answer a press by showing something else in the message that it was on; return whether that was made."""
    if not await _acknowledge_press(interaction):
        return False
    try:
        view = await make()
    except _EXPECTED as error:
        await _arrive(interaction.followup.send(answer_to(error), ephemeral=True))
        return False
    except Exception:
        await _arrive(interaction.followup.send(answer_to(Refused(RefusalCode.BROKEN)), ephemeral=True))
        raise
    await _arrive(interaction.edit_original_response(view=view))
    return True


async def _acknowledge_press(interaction: Interaction) -> bool:
    """Say that the message will change; False where that is too late, and nothing may be begun."""
    for _ in range(_TRIES):
        try:
            async with asyncio.timeout(_TRY_LIMIT_S):
                await interaction.response.defer()
        except discord.HTTPException as error:
            if is_already_answered(error):
                return True
            if error.status < 500:
                log.warning("a press could not be acknowledged", reason=str(error))
                return False
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("the confirmation of an acknowledgement was lost", reason=repr(error))
        else:
            return True
    return False


async def _arrive(sending: Awaitable[object]) -> None:
    try:
        await sending
    except LOST as lost:
        log.info("an answer did not arrive", reason=repr(lost))
