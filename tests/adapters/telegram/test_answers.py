"""Answers that do not arrive: which of them are worth another try."""

import time
from dataclasses import dataclass

import pytest

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import tell
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.downloads import Downloads
from bot.adapters.telegram.limiter import ChatLimiter, Urgency
from bot.adapters.telegram.posts import Posts
from bot.adapters.telegram.status import TelegramPainter
from bot.adapters.telegram.text import Text
from bot.adapters.telegram.trouble import NoWay
from bot.service.delivery import TryLater
from bot.service.status_messages import StatusMessages
from tests.adapters.telegram.conftest import Bot, quick
from tests.loopback.telegram import LoopbackTelegram


@dataclass
class Refusal:
    """What every message meets, and how often it has."""

    error: Exception
    tries: int = 0


class ClosedPosts(Posts):
    """Telegram, as far as one chat is concerned that takes nothing."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(ChatLimiter(), lambda: None)
        self._refusal = refusal

    async def send(self, to: Address, text: Text, keyboard: object = None, *, urgency: Urgency = Urgency.ANSWER) -> int:
        self._refusal.tries += 1
        raise self._refusal.error


@pytest.mark.parametrize(
    ("error", "tries", "is_over"),
    [
        (TryLater(may_have_arrived=True), 3, False),
        (TryLater(40.0), 1, False),
        (TryLater(3_000.0), 1, True),
        (NoWay("blocked"), 1, True),
    ],
)
async def test_what_is_worth_another_try(
    telegram: LoopbackTelegram, bot: Bot, error: Exception, tries: int, is_over: bool
) -> None:
    """A lost answer is told again at once; a chat that is busy later; one that is closed for long or for good never."""
    refusal = Refusal(error)
    posts = ClosedPosts(refusal)
    statuses = StatusMessages(bot.services, TelegramPainter(bot.services, posts, bot.clock, time.monotonic))
    desk = Desk(bot.services, posts, statuses, Downloads(posts, 1), bot.clock, quick(telegram))
    assert await tell(desk, Address(7), "No.") is is_over
    assert refusal.tries == tries
