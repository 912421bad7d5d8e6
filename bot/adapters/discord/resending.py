"""The action behind "Send again": a video once more, to whoever presses."""

import asyncio
from pathlib import Path

import discord

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.answers import job_in_sight
from bot.adapters.discord.card import Shows, video_card, video_file
from bot.adapters.discord.desk import EXPECTED_ERRORS, Declined, Desk, refuse
from bot.adapters.discord.offers import offered_verbs
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay, plain_errors
from bot.domain.job import Job
from bot.domain.messages import file_size
from bot.domain.refusals import RefusalCode, Refused
from bot.service.delivery import TooLarge, TryLater

_UPLOADS_AT_ONCE = 4
_NOT_TAKEN = "Discord did not take the video. Please try again in a few minutes."


class Resending:
    """Sends finished videos; few at a time, because each press is a whole upload."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def send(self, interaction: Interaction, job_id: str) -> None:
        """Answer with the video; where others can read, only whoever pressed sees it."""
        is_own_channel = interaction.guild_id is None and interaction.context.dm_channel
        if await acknowledge(interaction, ephemeral=not is_own_channel) is None:
            return
        try:
            job = (await job_in_sight(self._desk, interaction, job_id)).job
            video = await self._desk.services.jobs.video(job.requester, job_id, seen=True)
            async with self._room:
                await self._upload(interaction, job, video)
        except EXPECTED_ERRORS as error:
            await refuse(interaction, error, is_private=True)
        except Exception:
            await refuse(interaction, Refused(RefusalCode.BROKEN), is_private=True)
            raise

    async def _upload(self, interaction: Interaction, job: Job, video: Path) -> None:
        size_bytes = (await asyncio.to_thread(video.stat)).st_size
        too_large = Declined(f"This video is too large to be sent here ({file_size(size_bytes)}).")
        if size_bytes > interaction.filesize_limit:
            raise too_large
        card = video_card(job, Shows(offers=offered_verbs(job, self._desk.services.offers)))
        try:
            with plain_errors():
                await interaction.edit_original_response(
                    view=card, attachments=[discord.File(video, video_file(job.id))]
                )
        except TooLarge as error:
            raise too_large from error
        except (NoWay, MessageGone, ContentBlocked, TryLater) as error:
            raise Declined(_NOT_TAKEN) from error
