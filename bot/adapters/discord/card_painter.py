"""The edits that bring cards up to date while their jobs wait or run."""

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import discord

from bot.adapters.discord.address import CHANNEL_NAME, Address
from bot.adapters.discord.card import PICTURE_FILE, STILL_FILE, Shows, progress_card
from bot.adapters.discord.posts import Files, Posts
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain.job import Job, JobState
from bot.domain.refusals import Refused
from bot.service.clock import Clock
from bot.service.delivery import TooLarge, TryLater
from bot.service.services import Services
from bot.service.status_facts import holds_up, ready_at
from bot.service.status_message import Budget
from bot.service.status_messages import OutOfReach, StatusMessage, StatusMessages
from bot.service.views import JobView
from generation.thumbnail import thumbnail_jpeg

_THUMBNAIL_SIDE_PX = 240
#: Between two edits by the bot's own token in one channel: about five in five seconds are let through, and some of them
#: are for deliveries.
CHANNEL_EVERY_S = 1.3

Card = StatusMessage[Address]
StatusCards = StatusMessages[Address]


@dataclass(slots=True)
class _Files:
    """What beside its words a card shows."""

    has_picture: bool = True
    still_count: int = 0
    is_bare: bool = False


class CardPainter:
    """Brings messages up to date."""

    channel = CHANNEL_NAME

    def __init__(
        self,
        services: Services,
        posts: Posts,
        clock: Clock,
        monotonic_s: Callable[[], float],
        channel_every_s: float = CHANNEL_EVERY_S,
    ) -> None:
        self._services, self._posts, self._clock, self._monotonic_s = services, posts, clock, monotonic_s
        self._channel_every_s = channel_every_s
        self._files: WeakKeyDictionary[Card, _Files] = WeakKeyDictionary()

    def address_of(self, job: Job) -> Address:
        return Address.read(job.origin.address)

    def budget(self, message: Card) -> Budget | None:
        """Return the message's channel, unless the interaction's token edits it: that has a limit of its own."""
        if message.address.has_token(self._clock.now_ms() / 1000):
            return None
        return Budget(message.address.channel, self._channel_every_s)

    async def until_ready(self) -> None:
        await self._posts.until_login()

    def give_way(self, message: Card) -> None:
        """Do nothing: the library lets nothing that was begun be taken back."""

    async def paint(self, message: Card) -> bool:
        """Show how the job is, unless the message says so already; False: it has ended, or is gone.

        Raises TryLater, OutOfReach, StoreError and TimeoutError.
        """
        files = self._files.setdefault(message, _Files())
        try:
            return await self._paint(message, files)
        except ContentBlocked as reason:
            if files.is_bare:
                raise OutOfReach(repr(reason)) from reason
            files.is_bare = True
            raise TryLater from reason
        except (NoWay, MessageGone, TooLarge) as reason:
            raise OutOfReach(repr(reason)) from reason

    async def _paint(self, message: Card, files: _Files) -> bool:
        try:
            view = await self._services.jobs.get(message.requester, message.job_id)
        except Refused:  # it was deleted
            return False
        if view.job.state not in (JobState.QUEUED, JobState.RUNNING):
            return False  # the delivery shows the end
        message.is_waiting = view.job.state is JobState.QUEUED
        still, still_count = self._still(message, view)
        has_new_files = not message.shown or still_count != files.still_count
        # Made anew for each upload: ten thousand that wait would hold a hundred megabytes of them.
        thumbnail = await self._thumbnail(message) if has_new_files else b""
        if has_new_files:
            files.has_picture = bool(thumbnail)
        layout = progress_card(view, self._shows(message, files, view, has_still=still is not None))
        looks = json.dumps(layout.to_components())  # type: ignore[no-untyped-call]
        if looks == message.shown and not has_new_files:
            return True
        message.edited_s = self._monotonic_s()
        address = await self._posts.edit(message.address, layout, _made(thumbnail, still) if has_new_files else None)
        message.edited_s, message.shown, files.still_count = self._monotonic_s(), looks, still_count
        if address != message.address:  # its number, or that the interaction's token is over
            message.address = address
            await self._services.jobs.set_address(message.job_id, str(address))
        return True

    def _shows(self, message: Card, files: _Files, view: JobView, *, has_still: bool) -> Shows:
        reason = holds_up(self._services) if message.is_waiting else ""
        instant_s = ready_at(message, None if reason else view.eta_s, self._clock.now_ms() / 1000)
        return Shows(files.has_picture, has_still, instant_s, reason, files.is_bare)

    def _still(self, message: Card, view: JobView) -> tuple[bytes | None, int]:
        render = view.render
        still = None if render is None or render.still_count == 0 else self._services.board.still(message.job_id)
        return still, 0 if still is None or render is None else render.still_count

    async def _thumbnail(self, message: Card) -> bytes:
        try:
            picture = await self._services.jobs.picture(message.requester, message.job_id)
            return await asyncio.to_thread(thumbnail_jpeg, picture, _THUMBNAIL_SIDE_PX)
        except (Refused, FileNotFoundError):  # it was deleted in this moment
            return b""


def _made(thumbnail: bytes, still: bytes | None) -> Files:
    pictures = [(thumbnail, PICTURE_FILE)] if thumbnail else []
    if still is not None:
        pictures.append((still, STILL_FILE))
    return lambda: [discord.File(io.BytesIO(data), name) for data, name in pictures]
