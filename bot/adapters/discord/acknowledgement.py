"""The first answer to an interaction, within its three seconds; a lost answer is not a lost request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import structlog

from bot.adapters.discord.trouble import is_already_answered

log = structlog.get_logger(__name__)

_TRIES = 3
_TRY_LIMIT_S = 1.0  # Discord forgets an interaction after three seconds

FirstAnswer = Callable[[], Awaitable["discord.InteractionCallbackResponse[Any] | None"]]


async def acknowledge(interaction: "discord.Interaction[Any]", *, ephemeral: bool = False) -> int | None:
    """Say that an answer will come, and return its message's id: 0 where it is not known, None where it is too late.

    Too late means that nobody will see an answer: whoever asked is told by Discord, and nothing may be begun.
    """
    message = await first_answer(lambda: interaction.response.defer(ephemeral=ephemeral, thinking=True))
    if message is None:
        # A try may have arrived all the same: then whoever asked sees that the bot is thinking, and waits.
        return await _look_up(interaction) or None
    return message or await _look_up(interaction)


async def acknowledge_quietly(interaction: "discord.Interaction[Any]") -> bool:
    """Say that a press or a form has arrived, with no message of its own; False where it is too late."""
    return await first_answer(interaction.response.defer) is not None


async def first_answer(answer: FirstAnswer) -> int | None:
    """Give an answer, again where its confirmation is lost; return as ``acknowledge`` does, without looking it up."""
    for _ in range(_TRIES):
        try:
            async with asyncio.timeout(_TRY_LIMIT_S):
                response = await answer()
            return (response.message_id if response is not None else None) or 0
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("the confirmation of an acknowledgement was lost", reason=repr(error))
        except discord.DiscordServerError as error:
            log.info("Discord could not take an acknowledgement", reason=str(error))
        except discord.HTTPException as error:
            if is_already_answered(error):
                return 0
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
