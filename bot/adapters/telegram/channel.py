"""The delivery side of Telegram: a job's end comes to its person, by a way that can be repeated."""

import asyncio
from dataclasses import replace

import structlog
from telegram.error import BadRequest, TelegramError

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.card import maybe_sent_text, no_rights_text, not_taken_text
from bot.adapters.telegram.ends import Ends
from bot.adapters.telegram.moving import moved
from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.posts import Posts
from bot.adapters.telegram.removal import remove
from bot.adapters.telegram.text import Text, mention, plain, visible
from bot.adapters.telegram.trouble import MessageGone, Migrated, NoRights, NoWay
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState
from bot.domain.refusals import Refused
from bot.service.clock import Clock
from bot.service.delivery import Answer, GoneForGood, TryLater
from bot.service.services import Services
from bot.service.status_messages import StatusMessages
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

_CALL_AFTER_S = 60.0
_CALL_LIMIT_S = 10.0  # it waits behind all else in its chat, and is not worth a long one
_NAME_CHARACTERS = 64


class TelegramChannel:
    """Brings ends to people."""

    name = CHANNEL_NAME

    def __init__(self, posts: Posts, clock: Clock) -> None:
        self._posts, self._clock = posts, clock
        self._services: Services | None = None
        self._statuses: StatusMessages[Address] | None = None

    def open(self, services: Services, statuses: StatusMessages[Address]) -> None:
        """Begin to deliver; before, everything is to be tried later."""
        self._services, self._statuses = services, statuses

    async def deliver(self, answer: Answer) -> None:
        # Said at once: what has failed before the login is then tried again with it.
        if self._services is None or self._statuses is None or not self._posts.is_connected:
            raise TryLater
        async with self._statuses.closing(answer.job.id):
            try:  # anew: while this waited for its turn the status message may have been sent
                address = Address.of((await self._services.jobs.seen(answer.job.id)).job)
            except Refused:  # the person is forgotten
                return
            await self._show(self._services, answer, address)

    async def take_back(self, job: Job) -> None:
        """Remove a job's message and what called to it; the log says where Telegram does not let it go."""
        address = Address.of(job)
        for number in (address.message, address.call):
            if number:
                await remove(self._posts, replace(address, message=number))

    async def _show(self, services: Services, answer: Answer, address: Address) -> None:
        job, ends = answer.job, Ends(services, self._posts)
        try:
            try:
                shown = await ends.show(answer, address)
            except Migrated as to:
                address = await moved(services, job.id, address, to.chat)
                shown = await ends.show(answer, address)
        except NoRights as refused:
            await ends.say_instead(job, no_rights_text(job))
            raise GoneForGood(f"the chat does not let the bot send it ({refused})") from refused
        except NoWay as closed:
            raise GoneForGood(f"no way to the chat is open ({closed})") from closed
        except (MessageGone, Migrated) as moving:  # it has changed under our hands: look again
            raise TryLater from moving
        except BadRequest as refused:
            if answer.video is None:  # a text of ours that Telegram does not understand: a bug
                raise
            await ends.say_instead(job, not_taken_text(job))
            raise GoneForGood(f"Telegram does not take it ({refused})") from refused
        except TryLater as later:
            if answer.is_last and answer.video is not None:
                await self._say_the_last(ends, answer, later)
            raise
        if shown.message == address.message and not shown.is_sending:
            await self._call(services, answer, shown)

    async def _say_the_last(self, ends: Ends, answer: Answer, later: TryLater) -> None:
        """Let a line whose video will not come any more say so."""
        may_be_there = answer.in_doubt or later.may_have_arrived
        await ends.say_instead(answer.job, maybe_sent_text(answer.job) if may_be_there else not_taken_text(answer.job))

    async def _call(self, services: Services, answer: Answer, address: Address) -> None:
        """Call the person where the wait was long: an edit makes no notification. It is only a courtesy."""
        job, now_s = answer.job, self._clock.now_ms() / 1000
        if now_s - job.created_ms / 1000 < _CALL_AFTER_S or job.state is JobState.CANCELLED:
            return
        if answer.in_doubt and address.call:
            return
        try:
            async with asyncio.timeout(_CALL_LIMIT_S):
                call = await self._posts.send(address, _call_text(answer))
        except (NoWay, NoRights, MessageGone, Migrated, TryLater, TimeoutError, TelegramError) as reason:
            log.info("the person is not called", job=job.id, reason=repr(reason))
            return
        try:  # so that it goes with the message
            await services.jobs.set_address(job.id, str(replace(address, call=call)))
        except StoreError as error:
            log.warning("where the call is was not noted", job=job.id, reason=str(error))


def _call_text(answer: Answer) -> Text:
    said = words.DONE_PING if answer.video is not None else words.FAILED_PING
    person = answer.job.requester
    user, name = int(person.user), visible(person.name, _NAME_CHARACTERS)
    if user < 0 or not name:  # a group's or a channel's own voice, which nobody can call
        return plain(said[:1].upper() + said[1:])
    return mention(name, user) + plain(f": {said}")
