"""Webhook: Telegram posts what is new, and hears that all is well only after it is committed."""

import hmac
import json
from collections.abc import Mapping

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.adapters.telegram.limiter import Send
from bot.adapters.telegram.options import Webhook
from bot.adapters.telegram.pauses import Pauses
from bot.adapters.telegram.polling import Take
from bot.adapters.telegram.trouble import TokenRevoked, Trouble, plain_errors
from bot.adapters.telegram.updates import ALLOWED, new_updates
from bot.service.delivery import TryLater
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 (the header's name)

_AT_ONCE = 10  # posts that Telegram may make beside each other
_LOOK_AGAIN_S = 600.0


class WebhookDoor:
    """Takes posts from Telegram, and from nobody else."""

    def __init__(self, secret: str, take: Take) -> None:
        self._secret, self._take = secret.encode(), take

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Keep what was posted and return the status of the answer; ``headers`` have names in small letters."""
        given = headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._secret):
            return 401
        try:
            update = json.loads(body)
            updates = new_updates([update])
        except (ValueError, KeyError, TypeError, RecursionError):
            return 400
        try:
            await self._take(updates)
        except StoreError as error:  # Telegram posts it again
            log.error("what has come could not be kept", reason=str(error))
            return 503
        return 200


async def keep_webhook(bot: ExtBot[Send], webhook: Webhook, pause_s: float) -> None:
    """Have Telegram post to us, and see to it that nobody changes that. Raises TokenRevoked."""
    pauses, is_set = Pauses(pause_s), False
    while True:
        try:
            with plain_errors():
                if not is_set or (await bot.get_webhook_info()).url != webhook.url:
                    await bot.set_webhook(
                        webhook.url,
                        secret_token=webhook.secret,
                        allowed_updates=ALLOWED,
                        max_connections=_AT_ONCE,
                        drop_pending_updates=False,
                    )
                    log.info("Telegram posts to the webhook", url=webhook.url)
        except TokenRevoked:
            raise
        except TryLater as later:
            log.warning("Telegram cannot be reached", reason=repr(later.__cause__ or later))
            await pauses.wait(later.retry_after_s or 0.0)
        except (Trouble, TelegramError) as error:
            log.error("Telegram does not take the webhook", reason=repr(error))
            await pauses.wait()
        else:
            is_set = True
            pauses.over()
            await pauses.wait(_LOOK_AGAIN_S)
            pauses.over()
