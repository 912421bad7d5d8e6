"""The painter: brings a job's status message up to date, and sends it where there is none yet."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from telegram.constants import ChatAction

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.card import Facts, status_text
from bot.adapters.telegram.keyboards import status_keyboard
from bot.adapters.telegram.limiter import USUAL_RATES, Rates, Urgency
from bot.adapters.telegram.moving import moved
from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.posts import Posts
from bot.adapters.telegram.text import Text
from bot.adapters.telegram.trouble import Dropped, MessageGone, Migrated, NoRights, NoWay
from bot.domain.job import Job, JobState
from bot.domain.refusals import Refused
from bot.service.clock import Clock
from bot.service.services import Services
from bot.service.status_facts import holds_up, ready_at
from bot.service.status_message import Budget, OutOfReach, StatusMessage
from bot.service.status_messages import USUAL_PACE
from bot.service.views import JobView

#: Telegram takes about sixty messages a minute in a private chat and twenty in a group, edits among them.
_GROUP_SLOWER = 2.25
#: For one message. A request is never cut off, because nobody would know the number of the message that it has sent;
#: this is more than it waits for its turn (``posts``) and the library's own limits (``request``) together.
DRAWING_LIMIT_S = 90.0
_ACT_LIMIT_S = 2.0

Message = StatusMessage[Address]


class TelegramPainter:
    """Draws what a message shows of a job that waits or runs."""

    channel = CHANNEL_NAME

    def __init__(
        self,
        services: Services,
        posts: Posts,
        clock: Clock,
        monotonic_s: Callable[[], float],
        edit_every_s: float = USUAL_PACE.edit_every_s,
        rates: Rates = USUAL_RATES,
    ) -> None:
        self._services, self._posts, self._clock, self._monotonic_s = services, posts, clock, monotonic_s
        self._edit_every_s, self._rates = edit_every_s, rates

    def address_of(self, job: Job) -> Address:
        return Address.of(job)

    def budget(self, message: Message) -> Budget:
        """Return the chat, whose messages share one limit. A first message is no edit, and waits for none.

        First messages come as fast as their chat takes them: begun earlier they would only keep other chats waiting.
        """
        chat = message.address.chat
        if not message.address.message:
            rate = self._rates.private if chat > 0 else self._rates.group
            return Budget(("first", chat), rate.every_s, rate.burst)
        return Budget(chat, self._edit_every_s if chat > 0 else self._edit_every_s * _GROUP_SLOWER)

    async def until_ready(self) -> None:
        await self._posts.until_ready()

    def give_way(self, message: Message) -> None:
        if message.address.message:
            self._posts.give_way(message.address)

    async def paint(self, message: Message) -> bool:
        """Show how the job is, unless the message says so already; False: it has ended, or is gone.

        Raises TryLater, OutOfReach and StoreError.
        """
        try:
            view = await self._services.jobs.get(message.requester, message.job_id)
        except Refused:  # it was deleted
            return False
        if view.job.state not in (JobState.QUEUED, JobState.RUNNING):
            return False  # the delivery shows the end
        message.is_waiting = view.job.state is JobState.QUEUED
        await self._compare(message, view.job)
        facts = self._facts(message, view)
        # The words for apps that do not count down themselves change with every second: no reason for an edit.
        looks = repr(status_text(view, replace(facts, now_s=0.0)))
        if looks != message.shown:
            message.edited_s = self._monotonic_s()
            if await self._show(message, status_text(view, facts)):
                message.edited_s, message.shown = self._monotonic_s(), looks
        await self._act(message)
        return True

    async def _compare(self, message: Message, job: Job) -> None:
        """Have row and message agree on where it is: the group may have moved, or a write may have been lost."""
        noted = Address.of(job)
        if noted.chat != message.address.chat:
            message.address, message.shown = noted, ""
        elif message.address.message and noted.message != message.address.message:
            await self._services.jobs.set_address(message.job_id, str(message.address))

    def _facts(self, message: Message, view: JobView) -> Facts:
        now_s = self._clock.now_ms() / 1000
        reason = holds_up(self._services) if message.is_waiting else ""
        return Facts(now_s, ready_at(message, None if reason else view.eta_s, now_s), reason)

    async def _show(self, message: Message, text: Text) -> bool:
        """Send or edit; False: what comes next for this message has gone first, or this has become pointless."""
        try:
            try:
                await self._bring(message, text)
            except Migrated as to:
                message.address = await moved(self._services, message.job_id, message.address, to.chat)
                await self._bring(message, text)
        except Dropped:
            return False
        except (NoWay, NoRights, MessageGone, Migrated) as reason:
            raise OutOfReach(repr(reason)) from reason
        return True

    async def _bring(self, message: Message, text: Text) -> None:
        keyboard = status_keyboard(message.job_id)
        if message.address.message:
            await self._posts.edit(message.address, text, keyboard, urgency=Urgency.EDIT)
            return
        number = await self._posts.send(message.address, text, keyboard, urgency=Urgency.STATUS)
        message.address = replace(message.address, message=number)
        await self._services.jobs.set_address(message.job_id, str(message.address))

    async def _act(self, message: Message) -> None:
        """Let the chat's head say that a video is being recorded: in a group this would tell everybody else nothing."""
        if message.is_waiting or message.address.chat < 0:
            return
        try:
            async with asyncio.timeout(_ACT_LIMIT_S):  # the end of the job waits meanwhile
                await self._posts.act(message.address, ChatAction.RECORD_VIDEO)
        except TimeoutError:
            return
