"""The action behind "Send again": a video once more, to whoever presses."""

import asyncio
from pathlib import Path

import discord

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.card import Shows, video_card, video_file
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.job_in_question import job_in_sight
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.refusing import Declined, refusing
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay, plain_errors
from bot.domain import chat_words as words
from bot.domain.job import Job
from bot.service.delivery import TooLarge, TryLater
from bot.service.variations import offered_verbs

_UPLOADS_AT_ONCE = 4


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
        async with refusing(interaction, is_private=True):
            job = (await job_in_sight(self._desk, interaction, job_id)).job
            video = await self._desk.services.jobs.video(job.requester, job_id, seen=True)
            async with self._room:
                await self._upload(interaction, job, video)

    async def _upload(self, interaction: Interaction, job: Job, video: Path) -> None:
        size_bytes = (await asyncio.to_thread(video.stat)).st_size
        too_large = Declined(words.too_large_to_send(size_bytes))
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
            raise Declined(words.not_taken("Discord")) from error
