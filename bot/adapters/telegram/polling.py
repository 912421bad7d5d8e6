"""Polling: asks Telegram for what is new, and asks on only when that is committed: the next question confirms it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from telegram.error import Conflict, TelegramError
from telegram.ext import ExtBot

from bot.adapters.telegram.api import raw_updates
from bot.adapters.telegram.limiter import Send
from bot.adapters.telegram.pauses import Pauses
from bot.adapters.telegram.trouble import TokenRevoked, Trouble, plain_errors
from bot.adapters.telegram.updates import ALLOWED, new_updates
from bot.service.delivery import TryLater
from bot.service.inbox import NewUpdate
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

Take = Callable[[Sequence[NewUpdate]], Awaitable[None]]


class Polling:
    """One line of questions, which goes on whatever happens but for a revoked token."""

    def __init__(self, take: Take, is_back: Callable[[], Awaitable[None]], poll_s: int, pause_s: float) -> None:
        self._take, self._is_back, self._poll_s = take, is_back, poll_s
        self._pauses = Pauses(pause_s)
        self._offset: int | None = None
        self._has_webhook = True  # as far as is known

    async def run(self, bot: ExtBot[Send]) -> None:
        """Ask until cancelled. Raises TokenRevoked."""
        while True:
            try:
                await self._ask(bot)
            except TokenRevoked:
                raise
            except Conflict as error:
                if not self._pauses.failures:
                    log.error("another process asks Telegram with this token; only one may", reason=error.message)
                self._has_webhook = True  # perhaps it is this that stands in the way
                await self._pauses.wait()
            except TryLater as later:
                log.warning("Telegram cannot be reached", reason=repr(later.__cause__ or later))
                await self._pauses.wait(later.retry_after_s or 0.0)
            except StoreError as error:  # nothing is confirmed: Telegram sends it again
                log.error("what has come could not be kept", reason=str(error))
                await self._pauses.wait()
            except (Trouble, TelegramError) as error:
                log.error("Telegram does not give what is new", reason=repr(error))
                await self._pauses.wait()
            else:
                await self._went_well()

    async def _ask(self, bot: ExtBot[Send]) -> None:
        if self._has_webhook:
            with plain_errors():
                await bot.delete_webhook(drop_pending_updates=False)
            self._has_webhook = False
        # After a failure a short question first: whether Telegram is back should not take a minute to be known.
        timeout_s = 0 if self._pauses.failures else self._poll_s
        updates = await raw_updates(bot, offset=self._offset, timeout_s=timeout_s, allowed=ALLOWED)
        try:
            new = new_updates(updates)
        except (KeyError, TypeError, ValueError) as error:  # whoever has answered, it was not Telegram as we know it
            log.error("what has come cannot be read", reason=repr(error))
            raise TryLater from error
        if new:
            await self._take(new)
            self._offset = max(update.number for update in new) + 1

    async def _went_well(self) -> None:
        if self._pauses.failures:
            self._pauses.over()
            log.info("Telegram can be reached again")
            try:
                await self._is_back()
            except StoreError as error:  # what waits is sent at its own time then
                log.error("the database does not answer", reason=str(error))
        await asyncio.sleep(0)  # a server that answers at once must not keep everybody else waiting
