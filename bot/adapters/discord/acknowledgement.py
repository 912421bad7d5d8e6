"""The first answer to an interaction, within its three seconds; a lost answer is not a lost request."""

import asyncio
from typing import Any

import aiohttp
import discord
import structlog

from bot.adapters.discord.trouble import is_already_answered

log = structlog.get_logger(__name__)

_TRIES = 3
_TRY_LIMIT_S = 1.0  # Discord forgets an interaction after three seconds


async def acknowledge(interaction: "discord.Interaction[Any]", *, ephemeral: bool = False) -> int | None:
    """Say that an answer will come, and return its message's id: 0 where it is not known, None where it is too late.

    Too late means that nobody will see an answer: whoever asked is told by Discord, and nothing may be begun.
    """
    for _ in range(_TRIES):
        try:
            async with asyncio.timeout(_TRY_LIMIT_S):
                response = await interaction.response.defer(ephemeral=ephemeral, thinking=True)
            return (response.message_id if response is not None else None) or await _look_up(interaction)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("the confirmation of an acknowledgement was lost", reason=repr(error))
        except discord.DiscordServerError as error:
            log.info("Discord could not take an acknowledgement", reason=str(error))
        except discord.HTTPException as error:
            if is_already_answered(error):
                return await _look_up(interaction)
            log.warning("an interaction could not be acknowledged", reason=str(error))
            return None
    return None


async def _look_up(interaction: "discord.Interaction[Any]") -> int:
    """Return the id of the response, or 0: then the interaction's token finds it, for as long as that lives."""
    try:
        async with asyncio.timeout(_TRY_LIMIT_S):
            return (await interaction.original_response()).id
    except (aiohttp.ClientError, OSError, TimeoutError, discord.HTTPException, discord.ClientException) as error:
        log.info("the status message's id is not known", reason=repr(error))
        return 0
