"""The actions behind "Send again" and "As file": a video once more, for whoever presses."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from telegram import Message
from telegram.constants import ChatAction

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import Declined, answering_press, tell
from bot.adapters.telegram.card import clip_of, video_caption, video_file
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import video_keyboard
from bot.adapters.telegram.people import CHANNEL_NAME, Press
from bot.adapters.telegram.removal import remove
from bot.adapters.telegram.rights import job_in_sight
from bot.adapters.telegram.text import plain
from bot.adapters.telegram.trouble import NoRights, Trouble
from bot.domain import chat_words as words
from bot.domain.job import Job
from bot.domain.messages import file_size
from bot.domain.refusals import Refused
from bot.service.delivery import TooLarge, TryLater

_UPLOADS_AT_ONCE = 4
#: What is told where an upload fails for no reason that whoever pressed could mend.
NOT_TAKEN = "Telegram did not take the video. Please try again in a few minutes."
_NOT_ALLOWED = "This chat does not let the bot send videos or files."

_Upload = Callable[[Job, Path], Awaitable[None]]


class Resending:
    """Sends finished videos; few at a time, because each press is a whole upload."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def send(self, press: Press, job_id: str) -> None:
        """Send the video as a new message, with all its buttons."""

        async def upload(job: Job, video: Path) -> None:
            posts, services = self._desk.posts, self._desk.services
            await posts.act(press.address, ChatAction.UPLOAD_VIDEO)
            clip = clip_of(job, video, await self._poster(job))
            keyboard = video_keyboard(job, services.offers)
            number = await posts.send_video(press.address.answer, clip, video_caption(job), keyboard)
            if _stands_in(press, job):
                new = replace(Address.of(job), message=number, is_sending=False)
                await services.jobs.set_address(job.id, str(new))
                await remove(posts, press.address)

        await self._bring(press, job_id, upload)

    async def send_file(self, press: Press, job_id: str) -> None:
        """Send the very file, which no app of Telegram's touches."""

        async def upload(job: Job, video: Path) -> None:
            await self._desk.posts.act(press.address, ChatAction.UPLOAD_DOCUMENT)
            made = plain(words.how_it_was_made(job))
            await self._desk.posts.send_file(press.address.answer, video_file(job.id), video, made)

        await self._bring(press, job_id, upload)

    async def _bring(self, press: Press, job_id: str, upload: _Upload) -> None:
        desk = self._desk
        async with answering_press(desk, press):
            job = (await job_in_sight(desk, press, job_id)).job
            video = await desk.services.jobs.video(job.requester, job_id, seen=True)
            await require_room(desk, video)
            await desk.posts.answer_press(press.query)
            if await self._has_begun(press):
                return
            try:
                async with self._room:
                    await upload(job, video)
            except NoRights:
                await tell(desk, press.address.answer, _NOT_ALLOWED)
            except (Trouble, TooLarge, TryLater):
                await tell(desk, press.address.answer, NOT_TAKEN)

    async def _has_begun(self, press: Press) -> bool:
        """Whether this very press has been answered before a crash; if not, note that it is now.

        The video may have arrived then: whoever misses it presses again.
        """
        notebook, name = self._desk.services.notebook, f"sent:{press.key}"
        if await notebook.read(CHANNEL_NAME, name) is not None:
            return True
        await notebook.keep(CHANNEL_NAME, name, press.requester.id, "")
        return False

    async def _poster(self, job: Job) -> Path | None:
        try:
            return await self._desk.services.jobs.poster(job.requester, job.id)
        except Refused:
            return None


async def require_room(desk: Desk, video: Path) -> None:
    """Raise Declined for a video that is larger than what may be sent: it would only be refused when all is sent."""
    size_bytes = (await asyncio.to_thread(video.stat)).st_size
    if size_bytes > desk.options.max_video_bytes:
        raise Declined(f"This video is too large to be sent here ({file_size(size_bytes)}).")


def _stands_in(press: Press, job: Job) -> bool:
    """Whether the pressed message is the job's own, and has only words in place of the video."""
    is_own = Address.of(job).message == press.message and Address.of(job).chat == press.chat
    return is_own and isinstance(press.raw.message, Message) and press.raw.message.video is None
