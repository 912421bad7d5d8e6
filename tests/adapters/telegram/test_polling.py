"""Polling by itself: what is confirmed, and what becomes of each trouble on the way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from telegram.ext import ExtBot

from bot.adapters.telegram.api import log_in, make_bot
from bot.adapters.telegram.limiter import ChatLimiter, Send
from bot.adapters.telegram.polling import Polling
from bot.adapters.telegram.trouble import TokenRevoked
from bot.adapters.telegram.updates import lane_of
from bot.service.inbox import NewUpdate
from bot.store.errors import StoreError, StoreProblem
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram


@dataclass
class Intake:
    """Takes updates, and refuses them as often as it is told to."""

    refusals: int = 0
    tries: int = 0
    times_back: int = 0
    taken: list[NewUpdate] = field(default_factory=list)

    async def take(self, updates: Sequence[NewUpdate]) -> None:
        self.tries += 1
        if self.refusals:
            self.refusals -= 1
            raise StoreError(StoreProblem.FULL)
        self.taken += updates

    async def is_back(self) -> None:
        self.times_back += 1


@asynccontextmanager
async def polling(telegram: LoopbackTelegram, intake: Intake) -> AsyncIterator["asyncio.Task[None]"]:
    bot: ExtBot[Send] = make_bot(telegram.token, ChatLimiter(), base_url=telegram.base_url)
    await log_in(bot)
    task = asyncio.create_task(Polling(intake.take, intake.is_back, 5, 0.001).run(bot))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
        await bot.shutdown()


async def test_what_could_not_be_kept_is_not_confirmed(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """While the disk takes nothing Telegram is not told that anything has arrived; afterwards it comes once."""
    intake = Intake(refusals=3)
    async with polling(telegram, intake):
        scene.ask()
        await telegram.until(lambda: intake.tries >= 2, about="another try")
        assert telegram.unconfirmed
        await telegram.until_confirmed()
    assert intake.tries == 4
    assert [update.number for update in intake.taken] == [telegram.updates[0]["update_id"]]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "description": "Internal Server Error"},
        {"html": True},
        {"reset": True},
        {"lost_answer": True},
        {"retry_after": 0.01},
        {"status": 400, "description": "Bad Request: something new"},
        {"status": 409, "description": "Conflict: terminated by other getUpdates request"},
    ],
)
async def test_whatever_goes_wrong_it_asks_again(
    telegram: LoopbackTelegram, scene: Harbour, fault: dict[str, Any]
) -> None:
    """After any trouble but a revoked token the next try gets what has come, and others hear that Telegram is back."""
    failed = telegram.faults.next("getUpdates", count=3, **fault)
    intake = Intake()
    async with polling(telegram, intake):
        scene.ask()
        await telegram.until(lambda: intake.taken, about="what has come")
        assert failed.hits == 3
        await telegram.until(lambda: intake.times_back == 1, about="the word that Telegram is back")
        scene.ask()
        await telegram.until(lambda: len(intake.taken) == 2, about="the next one")


async def test_two_pollers_are_one_line_in_the_log(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """That another process asks with the same token is said once, and not with every try."""
    telegram.faults.next("getUpdates", status=409, description="Conflict: terminated by other getUpdates", count=4)
    intake = Intake()
    with structlog.testing.capture_logs() as lines:
        async with polling(telegram, intake):
            scene.ask()
            await telegram.until(lambda: intake.taken, about="what has come")
    assert len([line for line in lines if line["log_level"] == "error"]) == 1


async def test_a_revoked_token_ends_it(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """With a token that counts no more there is no second try."""
    intake = Intake()
    async with polling(telegram, intake) as task:
        await telegram.until(lambda: telegram.polling.is_asked, about="the first question")
        telegram.new_token()
        with pytest.raises(TokenRevoked):
            await asyncio.wait_for(task, 5)


@pytest.mark.parametrize(
    ("update", "lane"),
    [
        ({"message": {"chat": {"id": 5}}}, "5"),
        ({"edited_message": {"chat": {"id": -5}}}, "-5"),
        ({"message": {"chat": {"id": 5}, "media_group_id": "7"}}, "5:7"),
        ({"edited_message": {"chat": {"id": 5}, "media_group_id": "7"}}, "5:7"),
        ({"callback_query": {"message": {"chat": {"id": 5}}}}, "5:press"),
        ({"callback_query": {"inline_message_id": "x"}}, ""),
        ({"something_new": {}}, ""),
        ({"message": 5}, ""),
    ],
)
def test_lanes(update: dict[str, Any], lane: str) -> None:
    """A chat is a lane, its presses are one, and each album is one; what cannot be read is together in one."""
    assert lane_of({"update_id": 1, **update}) == lane
