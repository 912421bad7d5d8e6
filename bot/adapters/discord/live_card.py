"""One job's card while the job waits or runs: what its message shows, and the edit that shows the next state."""

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import discord

from bot.adapters.discord.address import Address
from bot.adapters.discord.card import PICTURE_FILE, STILL_FILE, Shows, progress_card
from bot.adapters.discord.posts import Files, Posts
from bot.domain import chat_words as words
from bot.domain.job import JobState, Requester
from bot.domain.refusals import Refused
from bot.service.clock import Clock
from bot.service.services import Services
from bot.service.views import JobView
from generation.thumbnail import thumbnail_jpeg

_THUMBNAIL_SIDE_PX = 240
_SAME_TIME_SHARE, _SAME_TIME_S = 0.1, 5.0  # an estimate that moves by less stays as it is shown


@dataclass(slots=True, eq=False)
class LiveCard:
    """One message, and what it shows."""

    job_id: str
    requester: Requester
    address: Address
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_waiting: bool = True
    is_bare: bool = False
    is_being_drawn: bool = False
    has_changed: bool = False  # while it was being drawn
    due_s: float | None = None  # monotonic; None: nothing has changed
    edited_s: float = -1e9
    not_before_s: float = -1e9  # Discord has said so, or the last edit has failed
    failed_edits: int = 0  # since the last one that arrived
    shown: str = ""
    still_count: int = 0
    has_picture: bool = True
    ready_at_s: int | None = None


class CardPainter:
    """Brings messages up to date."""

    def __init__(self, services: Services, posts: Posts, clock: Clock, monotonic_s: Callable[[], float]) -> None:
        self._services, self._posts, self._clock, self._monotonic_s = services, posts, clock, monotonic_s

    async def paint(self, card: LiveCard) -> bool:
        """Show how the job is, unless the message says so already; False: it has ended, or is gone.

        Raises what ``Posts.edit`` raises.
        """
        try:
            view = await self._services.jobs.get(card.requester, card.job_id)
        except Refused:  # it was deleted
            return False
        if view.job.state not in (JobState.QUEUED, JobState.RUNNING):
            return False  # the delivery shows the end
        card.is_waiting = view.job.state is JobState.QUEUED
        still, still_count = self._still(card, view)
        has_new_files = not card.shown or still_count != card.still_count
        # Made anew for each upload: ten thousand that wait would hold a hundred megabytes of them.
        thumbnail = await self._thumbnail(card) if has_new_files else b""
        if has_new_files:
            card.has_picture = bool(thumbnail)
        holds_up = self._holds_up() if card.is_waiting else ""
        self._set_ready_at(card, None if holds_up else view.eta_s)
        shows = Shows(card.has_picture, still is not None, card.ready_at_s, holds_up, card.is_bare)
        layout = progress_card(view, shows)
        looks = json.dumps(layout.to_components())  # type: ignore[no-untyped-call]
        if looks == card.shown and not has_new_files:
            return True
        card.edited_s = self._monotonic_s()
        address = await self._posts.edit(card.address, layout, _files(thumbnail, still) if has_new_files else None)
        card.edited_s, card.shown, card.still_count = self._monotonic_s(), looks, still_count
        if address != card.address:  # its number, or that the interaction's token is over
            card.address = address
            await self._services.jobs.set_address(card.job_id, str(address))
        return True

    def _still(self, card: LiveCard, view: JobView) -> tuple[bytes | None, int]:
        render = view.render
        still = None if render is None or render.still_count == 0 else self._services.board.still(card.job_id)
        return still, 0 if still is None or render is None else render.still_count

    async def _thumbnail(self, card: LiveCard) -> bytes:
        try:
            picture = await self._services.jobs.picture(card.requester, card.job_id)
            return await asyncio.to_thread(thumbnail_jpeg, picture, _THUMBNAIL_SIDE_PX)
        except (Refused, FileNotFoundError):  # it was deleted in this moment
            return b""

    def _holds_up(self) -> str:
        """Return why nothing that waits moves; empty where it does."""
        queue = self._services.queue.view()
        if queue.paused:
            return words.PAUSED
        return "" if queue.ready else words.NOT_READY

    def _set_ready_at(self, card: LiveCard, eta_s: float | None) -> None:
        """Keep the instant that is shown while the estimate only trembles: each new one is an edit."""
        if eta_s is None:
            card.ready_at_s = None
            return
        ready_at_s = self._clock.now_ms() / 1000 + eta_s
        tremble_s = max(eta_s * _SAME_TIME_SHARE, _SAME_TIME_S)
        if card.ready_at_s is None or abs(card.ready_at_s - ready_at_s) > tremble_s:
            card.ready_at_s = round(ready_at_s)


def _files(thumbnail: bytes, still: bytes | None) -> Files:
    pictures = [(thumbnail, PICTURE_FILE)] if thumbnail else []
    if still is not None:
        pictures.append((still, STILL_FILE))
    return lambda: [discord.File(io.BytesIO(data), name) for data, name in pictures]
