"""The chat platforms whose tokens are set, running beside each other in the bot's loop."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from bot.adapters.discord.adapter import DiscordAdapter, DiscordOptions
from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.options import CLOUD_URL, TelegramOptions, Webhook
from bot.adapters.web.webhooks import Receive
from bot.service.clock import SystemClock
from bot.service.delivery import Channel
from bot.service.services import Services
from config.settings import Settings

#: Where the page takes what Telegram posts.
TELEGRAM_WEBHOOK_PATH = "/telegram/webhook"

_NO_WEBHOOKS: Mapping[str, Receive] = MappingProxyType({})


class Chat(Protocol):
    """One platform."""

    @property
    def channel(self) -> Channel: ...

    async def run(self, services: Services) -> None:
        """Serve until the bot stops. Raises ChannelClosed where the operator must act."""
        ...


class Chats:
    """All of them; ``webhooks`` are where some are posted to, by the path on the page."""

    def __init__(self, chats: Mapping[str, Chat], webhooks: Mapping[str, Receive] = _NO_WEBHOOKS) -> None:
        self._chats, self.webhooks = chats, webhooks
        self._running: list[asyncio.Task[None]] = []

    def __bool__(self) -> bool:
        return bool(self._chats)

    @property
    def deliveries(self) -> Mapping[str, Channel]:
        return {chat.channel.name: chat.channel for chat in self._chats.values()}

    def start(self, services: Services) -> None:
        """Begin to serve."""
        self._running = [asyncio.create_task(chat.run(services), name=name) for name, chat in self._chats.items()]

    async def failure(self) -> None:
        """Wait until one of them ends that should not, and raise what it raised."""
        if not self._running:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        for chat in done:
            chat.result()
            raise RuntimeError(f"{chat.get_name()} ended by itself")

    async def stop(self) -> None:
        """Log out everywhere."""
        for chat in self._running:
            chat.cancel()
        if self._running:
            await asyncio.wait(self._running)


def make_chats(settings: Settings) -> Chats:
    """Return the platforms that the settings have a token for."""
    chats: dict[str, Chat] = {}
    if settings.discord.token is not None:
        options = DiscordOptions(
            token=settings.discord.token.get_secret_value(),
            admin_roles=frozenset(settings.discord.admin_roles),
            admin_channel=settings.discord.admin_channel,
        )
        chats["discord"] = DiscordAdapter(options, SystemClock())
    webhooks: dict[str, Receive] = {}
    if settings.telegram.token is not None:
        telegram = TelegramAdapter(
            telegram_options(settings, settings.telegram.token.get_secret_value()), SystemClock()
        )
        chats["telegram"] = telegram
        if settings.telegram.webhook_url is not None:
            webhooks[TELEGRAM_WEBHOOK_PATH] = telegram.receive
    return Chats(chats, webhooks)


def telegram_options(settings: Settings, token: str) -> TelegramOptions:
    """Return what the adapter is started with."""
    telegram = settings.telegram
    webhook = None
    if telegram.webhook_url is not None and telegram.webhook_secret is not None:
        webhook = Webhook(telegram.webhook_url, telegram.webhook_secret.get_secret_value())
    admins = (admin.partition(":") for admin in settings.admins)
    return TelegramOptions(
        token=token,
        base_url=telegram.base_url or CLOUD_URL,
        local_mode=telegram.local_mode,
        proxy="" if telegram.proxy is None else telegram.proxy.get_secret_value(),
        webhook=webhook,
        admin_chat=telegram.admin_chat,
        admins=frozenset(int(number) for platform, _, number in admins if platform == "telegram"),
        asks_for_prompt=telegram.ask_for_prompt,
        album_is_ends=telegram.album == "ends",
    )
