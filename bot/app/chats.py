"""The chat platforms whose tokens are set, running beside each other in the bot's loop."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from bot.adapters.discord.adapter import DiscordAdapter, DiscordOptions
from bot.service.clock import SystemClock
from bot.service.delivery import Channel
from bot.service.services import Services
from config.settings import Settings


class Chat(Protocol):
    """One platform."""

    @property
    def channel(self) -> Channel: ...

    async def run(self, services: Services) -> None:
        """Serve until the bot stops. Raises ChannelClosed where the operator must act."""
        ...


class Chats:
    """All of them."""

    def __init__(self, chats: Mapping[str, Chat]) -> None:
        self._chats = chats
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
    return Chats(chats)
