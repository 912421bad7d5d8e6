"""The delivery side of Discord: a job's end goes into its status message, or where that is closed, to the person."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import discord
import structlog

from bot.adapters.discord.address import CHANNEL_NAME, Address
from bot.adapters.discord.card import Shows, maybe_sent_card, no_video_card, video_card, video_file
from bot.adapters.discord.card_painter import StatusCards
from bot.adapters.discord.posts import Files, Posts
from bot.adapters.discord.take_down import take_down
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState
from bot.service.clock import Clock
from bot.service.delivery import Answer, GoneForGood, TooLarge, TryLater
from bot.service.services import Services
from bot.service.variations import offered_verbs

log = structlog.get_logger(__name__)

_PING_AFTER_S = 60.0


class DiscordChannel:
    """Brings ends to people. What can be repeated is repeated: an edit gives one video however often it is made."""

    name = CHANNEL_NAME

    def __init__(self, posts: Posts, clock: Clock) -> None:
        self._posts, self._clock = posts, clock
        self._services: Services | None = None
        self._cards: StatusCards | None = None

    def open(self, services: Services, cards: StatusCards) -> None:
        """Begin to deliver; before, everything is to be tried later."""
        self._services, self._cards = services, cards

    async def deliver(self, answer: Answer) -> None:
        if self._services is None or self._cards is None:
            raise TryLater
        async with self._cards.closing(answer.job.id):
            address = Address.read(answer.job.origin.address)
            try:
                await self._show(answer, address, is_bare=False)
            except ContentBlocked:
                await self._show_bare(answer, address)

    async def take_back(self, job: Job) -> None:
        """Delete a job's message and its call where they were shown, as far as Discord lets the bot."""
        await take_down(self._posts, Address.read(job.origin.address))

    async def _show_bare(self, answer: Answer, address: Address) -> None:
        try:
            await self._show(answer, address, is_bare=True)
        except ContentBlocked as blocked:
            raise GoneForGood(f"the server's filter refuses it ({blocked})") from blocked

    async def _show(self, answer: Answer, address: Address, *, is_bare: bool) -> None:
        """Edit the status message; where it is gone, put a new one in its place; where the place is, write directly."""
        card, files = self._card(answer, is_bare=is_bare)
        try:
            address = await self._posts.edit(address, card, files)
        except MessageGone:
            await self._replace(answer, address, is_bare=is_bare)
        except NoWay:
            if address.is_to_be_found:
                await self._replace(answer, address, is_bare=is_bare)
            else:
                await self._send_directly(answer, is_bare=is_bare)
        else:
            await self._ping(answer, address)

    async def _replace(self, answer: Answer, address: Address, *, is_bare: bool) -> None:
        if not address.by_bot or address.private:
            await self._send_directly(answer, is_bare=is_bare)
            return
        try:
            new = await self._send_once(answer, address.channel, is_bare=is_bare)
        except (NoWay, MessageGone):  # gone: deleted again, while it was being sent
            await self._send_directly(answer, is_bare=is_bare)
        else:
            await self._ping(answer, new)

    async def _send_directly(self, answer: Answer, *, is_bare: bool) -> None:
        try:
            channel = await self._posts.direct_channel(int(answer.job.requester.user))
            await self._send_once(answer, channel, is_bare=is_bare)
        except (NoWay, MessageGone) as closed:
            raise GoneForGood(f"no way to the person is open ({closed})") from closed

    async def _send_once(self, answer: Answer, channel: int, *, is_bare: bool) -> Address:
        """Send a new message, unless an earlier try has: a send, unlike an edit, would be there twice."""
        card: discord.ui.LayoutView
        files: Files | None
        card, files = self._card(answer, is_bare=is_bare)
        try:
            found = await self._posts.find(channel, answer.job.id)
        except NoWay:
            found = None
            if answer.in_doubt:  # it may be there, and nobody can look
                card, files = maybe_sent_card(answer.job), None
        if found is None:
            found = await self._posts.send(channel, card, files, nonce=f"v{answer.job.id}")
        else:
            found = await self._posts.edit(found, card, files)
        assert self._services is not None
        await self._services.jobs.set_address(answer.job.id, str(found))
        return found

    async def _ping(self, answer: Answer, address: Address) -> None:
        """Call the person where the wait was long: an edit makes no notification. It is only a courtesy."""
        job, now_s = answer.job, self._clock.now_ms() / 1000
        if now_s - job.created_ms / 1000 < _PING_AFTER_S or job.state is JobState.CANCELLED:
            return
        if answer.in_doubt and not address.is_open_to_bot:
            return  # they may have been called already, and an interaction's token knows no nonce
        text = words.DONE_PING if job.video is not None and not job.failure else words.FAILED_PING
        try:
            user = int(job.requester.user)
            call = await self._posts.reply(address, f"<@{user}> {text}", nonce=f"p{job.id}", user=user)
        except (NoWay, MessageGone, ContentBlocked, TooLarge, TryLater, discord.HTTPException) as reason:
            log.info("no ping", job=job.id, reason=repr(reason))
        else:
            if call:  # so that it goes with the message
                assert self._services is not None
                await self._services.jobs.set_address(job.id, str(replace(address, call=call)))

    def _card(self, answer: Answer, *, is_bare: bool) -> tuple[discord.ui.LayoutView, Files]:
        assert self._services is not None
        job = answer.job
        if answer.video is None:
            return no_video_card(job, Shows(has_picture=False, is_bare=is_bare)), list
        shows = Shows(is_bare=is_bare, offers=offered_verbs(job, self._services.offers))
        return video_card(job, shows), partial(_video, answer.video, job.id)


def _video(video: Path, job_id: str) -> list[discord.File]:
    return [discord.File(video, video_file(job_id))]
