"""Connection: the bot that is logged in at the moment, or the wait for one, and what its errors mean."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from telegram.ext import ExtBot

from bot.adapters.telegram.limiter import Send
from bot.adapters.telegram.trouble import TokenRevoked, plain_errors
from bot.service.delivery import TryLater


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is."""

    id: int
    username: str
    reads_all: bool  # its privacy mode is off: in groups it hears everything


class Connection:
    """Outlives every login: whoever has it need not know whether there is one."""

    def __init__(self, on_revoked: Callable[[], None]) -> None:
        self._on_revoked = on_revoked
        self._bot: ExtBot[Send] | None = None
        self._is_ready = asyncio.Event()

    def use(self, bot: ExtBot[Send] | None) -> None:
        """Speak through this bot, which has logged in; None: there is no connection."""
        self._bot = bot
        if bot is None:
            self._is_ready.clear()
        else:
            self._is_ready.set()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._bot is not None

    async def until_ready(self) -> None:
        """Wait until there is a connection."""
        await self._is_ready.wait()

    @property
    def bot(self) -> ExtBot[Send]:
        """The library's own, for calls that are in no chat. Raises TryLater."""
        if self._bot is None:
            raise TryLater
        return self._bot

    @property
    def me(self) -> Me:
        """Who the bot is. Raises TryLater."""
        user = self.bot.bot
        return Me(user.id, user.username or "", bool(user.can_read_all_group_messages))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Make the errors of the library's calls plain ones; a revoked token is told, and TryLater to whoever asked."""
        try:
            with plain_errors():
                yield
        except TokenRevoked as revoked:
            self._on_revoked()
            raise TryLater from revoked
