"""Whoever kills a bot between two calls to its platform."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiohttp import web

from tests.chaos.nursery import Bot

CallT = TypeVar("CallT")  # the platform's own


@dataclass
class Reaper(Generic[CallT]):
    """Told of each call, it has something happen to the status message, and kills the bot at the call that is named."""

    shows_status: Callable[[CallT], bool]
    spoil: Callable[[CallT], None] | None = None
    bot: Bot | None = None
    counts: Callable[[CallT], bool] = lambda call: False
    left: int = 0
    acts: bool = True  # whether the platform still does what the last call says
    has_struck: bool = False

    def arm(self, bot: Bot, nth: int, counts: Callable[[CallT], bool], *, acts: bool) -> None:
        self.bot, self.left, self.counts, self.acts, self.has_struck = bot, nth, counts, acts, False

    def rest(self) -> None:
        """Kill nobody until it is armed again."""
        self.bot, self.spoil, self.has_struck = None, None, False

    def __call__(self, call: CallT, stage: str) -> None:
        if stage == "after":
            if self.spoil is not None and self.shows_status(call):
                self.spoil(call)
                self.spoil = None
            return
        if self.bot is None or self.has_struck or not self.counts(call):
            return
        self.left -= 1
        if self.left == 0:
            self.has_struck = True
            self.bot.kill()
            if not self.acts:
                raise web.HTTPServiceUnavailable  # nobody reads it
