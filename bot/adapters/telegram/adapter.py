"""The Telegram adapter: logs in, stays connected, and ends only where the operator must do something."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.adapters.telegram import menus
from bot.adapters.telegram.albums import Albums
from bot.adapters.telegram.api import log_in, make_bot
from bot.adapters.telegram.channel import TelegramChannel
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.dispatch import Dispatch
from bot.adapters.telegram.downloads import Downloads
from bot.adapters.telegram.limiter import ChatLimiter, Send
from bot.adapters.telegram.notices import notice_board
from bot.adapters.telegram.options import TelegramOptions
from bot.adapters.telegram.pauses import Pauses
from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.polling import Polling
from bot.adapters.telegram.posts import Posts
from bot.adapters.telegram.status import DRAWING_LIMIT_S, TelegramPainter
from bot.adapters.telegram.trouble import TokenRevoked, Trouble
from bot.adapters.telegram.webhook import WebhookDoor, keep_webhook
from bot.adapters.telegram.wishes import Wishes
from bot.service.channels import ChannelClosed
from bot.service.clock import Clock
from bot.service.delivery import TryLater
from bot.service.mailroom import Mailroom
from bot.service.notice_board import NoticeBoard
from bot.service.services import Services
from bot.service.status_messages import StatusMessages
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)


class TelegramClosed(ChannelClosed):
    """Telegram takes this bot no more as it is set up."""

    def __init__(self, reason: str) -> None:
        super().__init__("Telegram", reason)


class TelegramAdapter:
    """One bot on Telegram. ``channel`` is its delivery side."""

    def __init__(self, options: TelegramOptions, clock: Clock) -> None:
        self._options, self._clock = options, clock
        self._limiter = ChatLimiter(options.rates)
        self._revoked = asyncio.Event()
        self._posts = Posts(self._limiter, self._revoked.set)
        self._door: WebhookDoor | None = None
        self.channel = TelegramChannel(self._posts, clock)

    async def until_ready(self) -> None:
        """Wait until the bot has logged in."""
        await self._posts.until_ready()

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take what is posted to the webhook, and return the status of the answer; 503 where none is expected yet."""
        return 503 if self._door is None else await self._door.receive(headers, body)

    async def run(self, services: Services) -> None:
        """Serve until the board closes. Raises TelegramClosed."""
        options, pace = self._options, self._options.pace
        painter = TelegramPainter(services, self._posts, self._clock, time.monotonic, pace.edit_every_s, options.rates)
        statuses = StatusMessages(services, painter, replace(pace, edit_limit_s=DRAWING_LIMIT_S))
        downloads = Downloads(self._posts, services.offers.max_picture_bytes)
        desk = Desk(services, self._posts, statuses, downloads, self._clock, options)
        self.channel.open(services, statuses)
        await _first_of(statuses.run(), self._serve(desk), self._until_revoked())

    async def _serve(self, desk: Desk) -> None:
        wishes = Wishes(desk)
        albums = Albums(desk, wishes)
        mailroom = Mailroom(desk.services.inbox, CHANNEL_NAME, Dispatch(desk, wishes, albums).handle)
        notices = await _notices(desk, self._options.admin_chat)
        if self._options.webhook is not None:
            self._door = WebhookDoor(self._options.webhook.secret, mailroom.take)
        try:
            async with self._logged_in() as bot:
                await self._is_back(desk.services)
                parts = [mailroom.run(), self._take_in(bot, desk.services, mailroom), self._register(desk)]
                if notices is not None:
                    parts.append(notices.run())
                try:
                    await _first_of(*parts)
                finally:
                    await albums.stop()
        except TokenRevoked as error:
            raise TelegramClosed("the token was revoked") from error
        finally:
            self._door = None

    @asynccontextmanager
    async def _logged_in(self) -> AsyncIterator[ExtBot[Send]]:
        options = self._options
        # In a thread: reading the certificates takes tens of milliseconds.
        bot = await asyncio.to_thread(
            make_bot,
            options.token,
            self._limiter,
            base_url=options.base_url,
            local_mode=options.local_mode,
            proxy=options.proxy,
        )
        try:
            await self._log_in(bot)
            self._posts.use(bot)
            log.info("on Telegram", name=f"@{bot.bot.username}")
            yield bot
        finally:
            self._posts.use(None)  # before that closes what it speaks through
            await bot.shutdown()

    async def _log_in(self, bot: ExtBot[Send]) -> None:
        pauses = Pauses(self._options.pause_s)
        while True:
            try:
                await log_in(bot)
            except TokenRevoked as error:
                raise TelegramClosed("the token is not valid") from error
            except TryLater as later:
                log.warning("Telegram cannot be reached", reason=repr(later.__cause__ or later))
                await pauses.wait(later.retry_after_s or 0.0)
            else:
                return

    async def _take_in(self, bot: ExtBot[Send], services: Services, mailroom: Mailroom) -> None:
        options = self._options
        if options.webhook is not None:
            await keep_webhook(bot, options.webhook, options.pause_s)
        else:
            is_back = partial(services.channel_is_back, CHANNEL_NAME)
            await Polling(mailroom.take, is_back, options.poll_s, options.pause_s).run(bot)

    async def _register(self, desk: Desk) -> None:
        """Have Telegram offer the commands, then stay: what ends here ends the adapter."""
        pauses = Pauses(self._options.pause_s)
        while True:
            try:
                await menus.register(desk)
            except (TryLater, StoreError) as error:
                await pauses.wait()
                log.info("the menus are not up to date", reason=repr(error))
            except (Trouble, TelegramError) as error:
                log.warning("the menus are not up to date", reason=repr(error))
                break
            else:
                break
        await asyncio.Event().wait()

    async def _is_back(self, services: Services) -> None:
        try:
            await services.channel_is_back(CHANNEL_NAME)
        except StoreError as error:  # what waits is sent at its own time then
            log.error("the database does not answer", reason=str(error))

    async def _until_revoked(self) -> None:
        await self._revoked.wait()
        raise TelegramClosed("the token was revoked")


async def _notices(desk: Desk, admin_chat: int | None) -> NoticeBoard | None:
    """Return what posts notices; begun before the login, so that what comes before that is posted as well."""
    if admin_chat is None:
        return None
    notices = notice_board(desk, admin_chat)
    try:
        await notices.begin()
    except StoreError as error:  # it begins with its first look then
        log.error("the notices could not be read", reason=str(error))
    return notices


async def _first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Run parts beside each other until the first of them ends; raise what it raised."""
    tasks = {asyncio.create_task(part) for part in parts}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
