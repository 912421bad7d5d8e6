"""Where something goes wrong: the sentence for whoever asked, and the ways in which it reaches them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import structlog

from bot.adapters.discord.downloads import DownloadFailed
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.text import escaped, shortened
from bot.adapters.discord.trouble import is_already_answered
from bot.domain import chat_words as words
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.store.errors import StoreError
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

_PAUSES_S = (0.0, 0.1, 1.0)  # before each try
_MAX_TEXT_CHARACTERS = 2_000  # of a plain message
_MOST_ROOMS = 20

#: How an answer gets lost.
LOST = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)


class Declined(Exception):
    """No, for a reason that exists on Discord only: its text is the sentence."""


#: What may be expected to go wrong with a request: each has its sentence, all else is a bug.
EXPECTED_ERRORS = (Refused, GenerationError, DownloadFailed, StoreError, Declined)


def answer_to(error: Exception) -> str:
    """Return what a person is told of an error, as Discord shows it."""
    match error:
        case Refused(code=RefusalCode.WRONG_ROOM, values=values):
            rooms = [f"<#{room}>" for room in str(values["rooms"]).split(",") if room]
            more = "…" if len(rooms) > _MOST_ROOMS else ""
            return f"{escaped(sentence(error))} {' '.join(rooms[:_MOST_ROOMS])}{more}"
        case Refused() | GenerationError():
            return escaped(sentence(error))
        case DownloadFailed():
            return words.not_fetched("Discord")
        case Declined():
            return str(error)
        case _:  # what is wrong with our disk is the operator's affair
            return sentence(Refused(RefusalCode.BROKEN))


@asynccontextmanager
async def answering(interaction: Interaction) -> AsyncIterator[None]:
    """Tell what goes wrong inside, whether the interaction has been acknowledged or not; a bug is raised as well."""
    async with _told(lambda text: tell(interaction, text)):
        yield


@asynccontextmanager
async def refusing(interaction: Interaction, *, is_private: bool) -> AsyncIterator[None]:
    """Tell what goes wrong inside instead of the answer that was promised; a bug is raised as well."""
    async with _told(lambda text: _instead(interaction, text, is_private=is_private)):
        yield


@asynccontextmanager
async def _told(tell_text: Callable[[str], Awaitable[None]]) -> AsyncIterator[None]:
    try:
        yield
    except EXPECTED_ERRORS as error:
        await tell_text(answer_to(error))
    except Exception:
        await tell_text(answer_to(Refused(RefusalCode.BROKEN)))
        raise


async def tell(interaction: Interaction, text: str, **more: Any) -> None:
    """Say something that only the person sees, as the first answer or as a later one."""
    text = shortened(text, _MAX_TEXT_CHARACTERS)
    try:
        if not interaction.response.is_done():
            try:
                await interaction.response.send_message(text, ephemeral=True, **more)
            except discord.HTTPException as error:
                if not is_already_answered(error):
                    raise
            else:
                return
        await interaction.followup.send(text, ephemeral=True, **more)
    except LOST as lost:
        log.info("an answer did not arrive", reason=repr(lost))


async def say(interaction: Interaction, text: str = "", **more: Any) -> None:
    """Answer an interaction at once with a text or a view that only the person sees."""
    try:
        if text:
            more["content"] = text
        await interaction.response.send_message(ephemeral=True, **more)
    except LOST as lost:
        log.info("an answer did not arrive", reason=repr(lost))


async def _instead(interaction: Interaction, text: str, *, is_private: bool) -> None:
    """Put a reason in the place of the answer that was promised; where others can read, only the person sees it."""
    text = shortened(text, _MAX_TEXT_CHARACTERS)
    if is_private or interaction.guild_id is None:
        await _insist(lambda: interaction.edit_original_response(content=text))
        return
    # What was promised to everybody cannot become private: it goes, and the reason comes for one person.
    await _insist(interaction.delete_original_response)
    await _insist(lambda: interaction.followup.send(text, ephemeral=True))


async def _insist(call: Callable[[], Awaitable[object]]) -> None:
    """Make a call again where its confirmation is lost: that somebody reads a reason twice is better than never."""
    for pause_s in _PAUSES_S:
        await asyncio.sleep(pause_s)
        try:
            await call()
        except discord.HTTPException as refused:
            log.info("a refusal was not taken", reason=str(refused))
            return
        except LOST as lost:
            log.info("a refusal may not have arrived", reason=repr(lost))
        else:
            return
