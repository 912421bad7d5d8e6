"""The desk: takes a wish from an interaction to an accepted job and its status message, or to one clear no."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import structlog

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.address import Address
from bot.adapters.discord.downloads import DownloadFailed, Downloads
from bot.adapters.discord.people import Interaction, circumstances_of, origin_of, requester_of
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.status_cards import StatusCards
from bot.adapters.discord.text import escaped, shortened
from bot.domain.job import Origin, Requester
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.service.clock import Clock
from bot.service.services import Services
from bot.service.views import Circumstances, JobView
from bot.store.errors import StoreError
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

_PAUSES_S = (0.0, 0.1, 1.0)  # before each try

DOWNLOAD_FAILED = "The picture could not be fetched from Discord. Please send it again."


MAX_TEXT_CHARACTERS = 2_000  # of a plain message

_MOST_ROOMS = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, from where, and the key under which this very interaction gives one job only."""

    requester: Requester
    origin: Origin
    circumstances: Circumstances
    key: str


class Declined(Exception):
    """No, for a reason that exists on Discord only: its text is the sentence."""


#: What may be expected to go wrong with a request: each has its sentence, all else is a bug.
EXPECTED_ERRORS = (Refused, GenerationError, DownloadFailed, StoreError, Declined)

Make = Callable[[Asking], Awaitable[JobView]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands, buttons and forms work with."""

    services: Services
    cards: StatusCards
    posts: Posts
    downloads: Downloads
    clock: Clock
    admin_roles: frozenset[str]

    async def take(self, interaction: Interaction, make: Make, *, is_private: bool = False) -> None:
        """Acknowledge, have the job made, and show it; a refusal is seen by whoever asked only."""
        message = await acknowledge(interaction, ephemeral=is_private)
        if message is None:
            return
        origin = origin_of(interaction, message, self.clock, is_private=is_private)
        asking = Asking(requester_of(interaction), origin, circumstances_of(interaction), str(interaction.id))
        try:
            view = await make(asking)
        except EXPECTED_ERRORS as error:
            await refuse(interaction, error, is_private=is_private)
        except Exception:
            await refuse(interaction, Refused(RefusalCode.BROKEN), is_private=is_private)
            raise
        else:
            self.cards.follow(view, Address.read(view.job.origin.address))


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
            return DOWNLOAD_FAILED
        case Declined():
            return str(error)
        case _:  # what is wrong with our disk is the operator's affair
            return sentence(Refused(RefusalCode.BROKEN))


async def refuse(interaction: Interaction, error: Exception, *, is_private: bool) -> None:
    """Tell why not, instead of the answer that was promised, and to nobody else where others can read."""
    text = shortened(answer_to(error), MAX_TEXT_CHARACTERS)
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
        except (aiohttp.ClientError, OSError, TimeoutError) as lost:
            log.info("a refusal may not have arrived", reason=repr(lost))
        except discord.HTTPException as refused:
            log.info("a refusal was not taken", reason=str(refused))
            return
        else:
            return


async def say(interaction: Interaction, text: str = "", **more: Any) -> None:
    """Answer an interaction at once with a text or a view that only the person sees."""
    try:
        if text:
            more["content"] = text
        await interaction.response.send_message(ephemeral=True, **more)
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as lost:
        log.info("an answer did not arrive", reason=repr(lost))
