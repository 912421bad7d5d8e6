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
from bot.adapters.telegram.updates import lane_of, new_updates, sender_of
from bot.domain.job_verbs import Verb, job_data
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
        ({"message": {"chat": {"id": 5}, "from": {"id": 5}}}, "5"),
        ({"message": {"chat": {"id": -5}, "from": {"id": 8}}}, "-5:from:8"),
        ({"edited_message": {"chat": {"id": -5}, "from": {"id": 8}}}, "-5:from:8"),
        ({"message": {"chat": {"id": -5}, "from": {"id": 1}, "sender_chat": {"id": -9}}}, "-5:from:-9"),
        ({"message": {"chat": {"id": -5}}}, "-5:from:"),
        ({"message": {"chat": {"id": -5}, "from": {"id": 8}, "media_group_id": "7"}}, "-5:7"),
        ({"edited_message": {"chat": {"id": 5}, "media_group_id": "7"}}, "5:7"),
        ({"callback_query": {"from": {"id": 8}, "message": {"chat": {"id": -5}}}}, "-5:press:8"),
        ({"callback_query": {"inline_message_id": "x"}}, ""),
        ({"something_new": {}}, ""),
        ({"message": 5}, ""),
        ({"message": {"chat": {"id": "a name"}}}, ""),
    ],
)
def test_lanes(update: dict[str, Any], lane: str) -> None:
    """A private chat is a lane, and in a group each member; presses are apart, and so is each album."""
    assert lane_of({"update_id": 1, **update}) == lane


@pytest.mark.parametrize(("verb", "kind"), [(Verb.FILE, "upload"), (Verb.SEND, "upload"), (Verb.CANCEL, "press")])
def test_a_cancel_waits_for_no_upload(verb: Verb, kind: str) -> None:
    """Buttons that have a video sent have a lane of their own, so that the same person's Cancel counts at once."""
    press = {"from": {"id": 8}, "message": {"chat": {"id": 5}}, "data": job_data("0" * 20, verb)}
    assert lane_of({"update_id": 1, "callback_query": press}) == f"5:{kind}:8"


@pytest.mark.parametrize(
    ("update", "sender"),
    [
        ({"message": {"from": {"id": 8}}}, "8"),
        ({"edited_message": {"from": {"id": 8}}}, "8"),
        ({"message": {"from": {"id": 1}, "sender_chat": {"id": -9}}}, "-9"),
        ({"callback_query": {"from": {"id": 8}}}, "8"),
        ({"message": {}}, ""),
        ({"something_new": {}}, ""),
    ],
)
def test_whose_an_update_is(update: dict[str, Any], sender: str) -> None:
    """It is forgotten with whoever wrote or pressed, or with the voice of the group or channel."""
    assert sender_of({"update_id": 1, **update}) == sender


@pytest.mark.parametrize("number", ["5", None, 5.5, -1, 2**63])
def test_a_number_that_is_none_is_refused(number: object) -> None:
    """What no row could hold never comes as far as the database."""
    with pytest.raises(ValueError, match="update_id"):
        new_updates([{"update_id": number}])


async def test_an_answer_without_a_result_is_asked_for_again(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """A status that says all is well above a body that says nothing ends nothing, in no call."""
    failed = telegram.faults.next("getUpdates", status=200, description="something odd", count=3)
    intake = Intake()
    async with polling(telegram, intake):
        scene.ask()
        await telegram.until(lambda: intake.taken, about="what has come")
    assert failed.hits == 3


async def test_what_is_no_update_is_told_and_asked_for_again(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """Where something among the updates is none nothing of them is confirmed, and the log says so."""
    intake = Intake()
    telegram.send_raw({"update_id": "100", "message": {}})
    with structlog.testing.capture_logs() as lines:
        async with polling(telegram, intake) as task:
            await telegram.until(lambda: len(telegram.calls_to("getUpdates")) > 3, about="more questions")
            assert not task.done()
    assert intake.taken == []
    assert "what has come cannot be read" in {line["event"] for line in lines if line["log_level"] == "error"}
