"""The bot speaks with the server that its operator named, by the way that its operator named, and with no other."""

import asyncio

import pytest

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.api import log_in, make_bot, raw_updates
from bot.adapters.telegram.limiter import ChatLimiter
from bot.adapters.telegram.text import plain
from bot.service.delivery import TryLater
from tests.adapters.telegram.line import open_line
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram

_NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize("ending", ["", "/"])
async def test_the_server_is_the_one_that_was_named(telegram: LoopbackTelegram, ending: str) -> None:
    """An address counts with and without a stroke at its end; a second login changes nothing."""
    bot = make_bot(telegram.token, ChatLimiter(), base_url=telegram.base_url + ending)
    try:
        await log_in(bot)
        await log_in(bot)
        assert bot.bot.username == telegram.me.username
    finally:
        await bot.shutdown()
    assert len(telegram.calls_to("getMe")) == 1


async def test_a_bot_can_log_in_again(telegram: LoopbackTelegram) -> None:
    """After its connections were closed they can be opened anew."""
    bot = make_bot(telegram.token, ChatLimiter(), base_url=telegram.base_url)
    for _ in range(2):
        await log_in(bot)
        assert await raw_updates(bot, offset=None, timeout_s=0, allowed=["message"]) == []
        await bot.shutdown()
    with pytest.raises(TryLater):
        await raw_updates(bot, offset=None, timeout_s=0, allowed=["message"])


async def test_a_proxy_of_the_environment_is_not_asked(
    telegram: LoopbackTelegram, scene: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody set for other programs does not lead the bot's token elsewhere."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, _NOBODY)
        monkeypatch.setenv(name.lower(), _NOBODY)
    async with open_line(telegram) as line:
        await line.posts.send(Address(scene.private.id), plain("Hello"))
    assert len(scene.private.of_bot) == 1


async def test_the_operators_proxy_is_the_only_way(telegram: LoopbackTelegram) -> None:
    """Where a proxy is set nothing goes past it, also where it is down."""
    bot = make_bot(telegram.token, ChatLimiter(), base_url=telegram.base_url, proxy=_NOBODY)
    try:
        with pytest.raises(TryLater) as later:
            await log_in(bot)
        assert not later.value.may_have_arrived
    finally:
        await bot.shutdown()
    assert telegram.calls == []


@pytest.mark.parametrize("status", [200, 301, 302])
async def test_a_login_page_is_no_answer(telegram: LoopbackTelegram, scene: Harbour, status: int) -> None:
    """What a hotel's network shows in place of Telegram, or where it leads to, is not taken for an answer."""
    async with open_line(telegram) as line:
        telegram.faults.next("sendMessage", status=status, html=True)
        with pytest.raises(TryLater):
            await line.posts.send(Address(scene.private.id), plain("Hello"))
        await line.posts.send(Address(scene.private.id), plain("Hello"))
    assert len(scene.private.of_bot) == 1


async def test_a_question_for_updates_waits_for_the_next(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """What comes while a question is open answers it, and what was not asked for does not come."""
    async with open_line(telegram) as line:
        asking = asyncio.create_task(
            raw_updates(line.bot, offset=None, timeout_s=5, allowed=["message", "edited_message"])
        )
        await telegram.until(lambda: telegram.polling.is_asked or asking.done())
        message = scene.anna.sends(scene.private, "Hello?")
        (update,) = await asking
        scene.anna.edits(message, "Hello!")
        after = update["update_id"] + 1
        (update,) = await raw_updates(line.bot, offset=after, timeout_s=5, allowed=["message", "edited_message"])
        assert update["edited_message"]["text"] == "Hello!"


async def test_an_answer_without_a_result_may_have_been_an_act(telegram: LoopbackTelegram, scene: Harbour) -> None:
    """Where Telegram says that all is well but not what came of it, nobody knows whether the message was sent."""
    async with open_line(telegram) as line:
        telegram.faults.next("sendMessage", status=200, description="something odd")
        with pytest.raises(TryLater) as later:
            await line.posts.send(Address(scene.private.id), plain("Hello"))
        assert later.value.may_have_arrived
