"""Ends: how a job came out is shown in its message, and where that is gone or cannot hold it, in one new message."""

import asyncio
from dataclasses import replace

import structlog
from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.card import (
    clip_of,
    failed_after_all_text,
    maybe_sent_text,
    no_video_text,
    video_caption,
)
from bot.adapters.telegram.keyboards import no_video_keyboard, send_keyboard, video_keyboard
from bot.adapters.telegram.limiter import Urgency
from bot.adapters.telegram.posts import Clip, Posts
from bot.adapters.telegram.text import MAX_CAPTION_UNITS, Text
from bot.adapters.telegram.trouble import (
    CLOUD_LIMIT_BYTES,
    CannotHoldVideo,
    MessageGone,
    Migrated,
    NoRights,
    NoTextThere,
    NoWay,
    Trouble,
)
from bot.domain.job import Job
from bot.domain.refusals import Refused
from bot.service.delivery import Answer, TooLarge, TryLater
from bot.service.services import Services

log = structlog.get_logger(__name__)


class Ends:
    """Shows ends; each method returns where the job's message is afterwards.

    An edit may be repeated: it gives one video. A send may not: before it, the job's row says that it is under way
    (``Address.is_sending``), and where that is still written when somebody comes again, no second one goes.
    All raise what ``Posts`` raises, and StoreError.
    """

    def __init__(self, services: Services, posts: Posts) -> None:
        self._services, self._posts = services, posts

    async def show(self, answer: Answer, address: Address) -> Address:
        """Show a video, or why there is none."""
        job = answer.job
        if answer.video is None:
            text = failed_after_all_text(job) if address.is_sending else no_video_text(job)
            return await self._show_text(job, address, text, no_video_keyboard(job))
        if address.is_sending:
            return await self._show_text(job, address, maybe_sent_text(job), send_keyboard(job.id))
        return await self._show_video(answer, address)

    async def say_instead(self, job: Job, text: Text) -> None:
        """Say why a video is not there, with a way to it, as far as the chat takes words. Raises StoreError."""
        try:
            address = Address.of((await self._services.jobs.seen(job.id)).job)  # which the tries have changed
            await self._show_text(job, address, text, send_keyboard(job.id))
        except (Refused, Trouble, TryLater, TelegramError) as closed:
            log.info("the chat takes no words either", job=job.id, reason=repr(closed))

    async def _show_text(self, job: Job, address: Address, text: Text, keyboard: InlineKeyboardMarkup) -> Address:
        if address.message:
            try:
                await self._posts.edit(address, text, keyboard, urgency=Urgency.DELIVERY)
                return address
            except NoTextThere:  # an earlier try has made it a video
                caption = text.shortened(MAX_CAPTION_UNITS)
                await self._posts.edit_caption(address, caption, keyboard, urgency=Urgency.DELIVERY)
                return address
            except MessageGone:
                address = replace(address, message=0)
        number = await self._posts.send(address, text, keyboard, urgency=Urgency.DELIVERY)
        return await self._note(job, replace(address, message=number))

    async def _show_video(self, answer: Answer, address: Address) -> Address:
        job, clip, caption = answer.job, self._clip(answer), video_caption(answer.job)
        max_bytes = job.origin.max_video_bytes or CLOUD_LIMIT_BYTES
        if (await asyncio.to_thread(clip.video.stat)).st_size > max_bytes:  # it would only be refused when all is sent
            raise TooLarge(max_bytes)
        await self._posts.act(address, ChatAction.UPLOAD_VIDEO)
        line: Address | None = None
        if address.message:
            try:
                await self._posts.show_video(address, clip, caption, video_keyboard(job, self._services.offers))
                return address
            except MessageGone:
                address = replace(address, message=0)
            except CannotHoldVideo:
                line = address
            except BadRequest as reason:  # for a reason that is not known; it may be the pictures that go with it
                log.warning("the message does not become the video", job=job.id, reason=repr(reason))
                line, clip = address, replace(clip, poster=None)
        try:
            sent = await self._send_video(job, clip, address)
        except BadRequest:  # as above
            if clip.poster is None:
                raise
            sent = await self._send_video(job, replace(clip, poster=None), address)
        if line is not None:
            await self._drop(job, line)
        return sent

    async def _send_video(self, job: Job, clip: Clip, address: Address) -> Address:
        await self._note(job, replace(address, is_sending=True))
        keyboard = video_keyboard(job, self._services.offers)
        try:
            number = await self._posts.send_video(address, clip, video_caption(job), keyboard)
        except TryLater as later:
            if not later.may_have_arrived:
                await self._note(job, address)
            raise
        except (NoWay, NoRights, MessageGone, Migrated, TooLarge, BadRequest):  # Telegram has said no: there is none
            await self._note(job, address)
            raise
        return await self._note(job, replace(address, message=number))

    async def _drop(self, job: Job, line: Address) -> None:
        """Take the old status line away: beside the video it is only in the way."""
        try:
            await self._posts.delete(line)
        except (Trouble, TryLater, TelegramError) as reason:
            log.info("a status message stays", job=job.id, reason=repr(reason))

    async def _note(self, job: Job, address: Address) -> Address:
        await self._services.jobs.set_address(job.id, str(address))
        return address

    def _clip(self, answer: Answer) -> Clip:
        assert answer.video is not None
        return clip_of(answer.job, answer.video, answer.poster)
