"""The connection: a Telegram that is away is waited for; only a token that counts no more ends the adapter."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.telegram.adapter import TelegramClosed
from bot.domain.job import JobState
from bot.service.channels import ChannelClosed
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram


async def reason_of_end(bot: Bot) -> str:
    with pytest.raises(TelegramClosed) as ended:
        await asyncio.wait_for(asyncio.shield(bot.running), 10)
    error: ChannelClosed = ended.value
    assert error.channel == "Telegram"
    return error.reason


@pytest.mark.parametrize("fault", [{"status": 503, "description": "x"}, {"html": True}, {"reset": True}])
async def test_a_login_that_fails_is_tried_again(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, fault: dict[str, Any]
) -> None:
    """A bot that is started while Telegram is away waits for it, and then works."""
    failed = telegram.faults.next("getMe", count=3, **fault)
    async with open_bot():
        assert failed.hits == 3
        await scene.video()


async def test_what_waits_comes_with_the_login(open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour) -> None:
    """A video that could not be sent before the bot was stopped comes as soon as it has logged in again."""
    async with open_bot() as bot:
        message = scene.ask(caption="hold")
        await scene.answer_to(message)
        telegram.faults.next("editMessageMedia", reset=True, count=None)
        bot.renderer.release()
        await telegram.until(lambda: telegram.calls_to("editMessageMedia"), about="a try")
    telegram.faults.clear()
    failed = telegram.faults.next("getMe", reset=True, count=6)
    async with open_bot():
        assert failed.hits == 6
        await scene.video_of(message)


async def test_a_token_that_is_not_valid_ends_the_adapter_at_once(
    open_bot: OpenBot, telegram: LoopbackTelegram
) -> None:
    """With a token that was revoked before the start the operator is told, and Telegram is asked once."""
    options = quick(telegram)
    telegram.new_token()
    async with open_bot(options=options, is_online=False) as bot:
        assert await reason_of_end(bot) == "the token is not valid"
    assert len(telegram.calls) == 1


async def test_a_token_that_is_revoked_ends_the_adapter_and_keeps_the_jobs(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """When the token is revoked the operator is told; with the new one what was accepted is delivered, once."""
    async with open_bot() as bot:
        message = scene.ask(caption="hold")
        await scene.answer_to(message)
        telegram.new_token()
        assert await reason_of_end(bot) == "the token was revoked"
        before = len(telegram.calls)
        bot.renderer.release()
        job = await bot.only_job()
        await bot.until(job.id, JobState.RENDERED)
        assert len(telegram.calls) - before == 0
    async with open_bot(options=replace(quick(telegram), token=telegram.token)) as bot:
        await bot.until(job.id, JobState.DELIVERED)
        await scene.video_of(message)
    assert len([one for one in telegram.messages if one.video]) == 1


async def test_a_token_that_is_refused_in_any_call_ends_the_adapter(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Where Telegram refuses the bot's token in a call the operator is told, and the video stays on its way."""
    async with open_bot() as bot:
        await scene.answer_to(scene.ask(caption="hold"))
        telegram.faults.next("editMessageMedia", status=401, description="Unauthorized", count=None)
        bot.renderer.release()
        assert await reason_of_end(bot) == "the token was revoked"
        assert (await bot.only_job()).state is JobState.RENDERED


async def test_a_file_that_is_not_there_is_no_revoked_token(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """A picture that Telegram has no more is the affair of whoever sent it, and the bot goes on."""
    telegram.faults.next("/file/", status=404, count=None)
    await scene.answer_to(scene.ask())
    telegram.faults.clear()
    await scene.video()
    assert not bot.running.done()


async def test_a_network_that_goes_away_for_a_while_costs_nothing(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """While nothing can be reached what is rendered waits; afterwards it comes at once, and new requests are heard."""
    async with open_bot() as bot:
        message = scene.ask(caption="hold")
        await scene.answer_to(message)
        away = telegram.faults.next("*", reset=True, count=None)
        bot.renderer.release()
        job = await bot.only_job()
        await bot.until(job.id, JobState.RENDERED)
        await telegram.until(lambda: any(call.method == "editMessageMedia" for call in telegram.calls), about="a try")
        meanwhile = scene.ask(scene.ben)  # confirmed, though nothing can be fetched or answered
        await telegram.until(lambda: away.hits > 20, about="many tries")
        telegram.faults.clear()
        await scene.answer_to(meanwhile)
        await scene.video_of(message)
    assert len([one for one in scene.private.of_bot if one.video]) == 1
