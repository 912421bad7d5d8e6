"""Answers: what whoever pressed or sent something is told, and nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import structlog

from bot.adapters.discord.desk import EXPECTED_ERRORS, MAX_TEXT_CHARACTERS, Declined, Desk, answer_to
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.text import shortened
from bot.adapters.discord.trouble import is_already_answered
from bot.domain import chat_words as words
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.service.views import JobView

log = structlog.get_logger(__name__)


@asynccontextmanager
async def answering(interaction: Interaction) -> AsyncIterator[None]:
    """Tell what goes wrong inside, whether the interaction has been acknowledged or not; a bug is raised as well."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        await tell(interaction, answer_to(error))
    except Exception:
        await tell(interaction, sentence(Refused(RefusalCode.BROKEN)))
        raise


async def tell(interaction: Interaction, text: str, **more: Any) -> None:
    """Say something that only the person sees, as the first answer or as a later one."""
    text = shortened(text, MAX_TEXT_CHARACTERS)
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
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as lost:
        log.info("an answer did not arrive", reason=repr(lost))


async def job_of_requester(desk: Desk, interaction: Interaction, job_id: str) -> JobView:
    """Return a job that the person may change: their own, one of a place they manage, and for an admin any.

    Raises Declined where it is somebody else's, and Refused(UNKNOWN_JOB) where it is gone.
    """
    try:
        return await desk.services.jobs.get(caller_of(interaction, desk.admin_roles), job_id)
    except Refused as refused:
        await desk.services.jobs.seen(job_id)
        raise Declined(words.NOT_YOURS) from refused


async def job_in_sight(desk: Desk, interaction: Interaction, job_id: str) -> JobView:
    """Return the job whose message the person looks at; a private one only to whoever asked for it.

    Raises Declined where it is not theirs, and Refused(UNKNOWN_JOB) where it is gone.
    """
    view = await desk.services.jobs.seen(job_id)
    if view.job.origin.is_private and view.job.requester.user != str(interaction.user.id):
        raise Declined(words.NOT_YOURS)
    return view


def is_seen_by_one(interaction: Interaction) -> bool:
    """Whether the message that was pressed is shown to this person only: what comes of it should be, too."""
    return interaction.message is not None and interaction.message.flags.ephemeral
