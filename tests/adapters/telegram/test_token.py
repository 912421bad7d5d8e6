"""The bot's token stands in every address that it calls, and in no line of the log."""

import asyncio
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.api import log_in, make_bot, raw_updates
from bot.adapters.telegram.downloads import DownloadFailed, Downloads
from bot.adapters.telegram.limiter import ChatLimiter
from bot.adapters.telegram.text import plain
from bot.adapters.telegram.trouble import TokenRevoked
from bot.service.delivery import TryLater
from config.log import configure_logging
from tests.adapters.telegram.line import Line, clip_in, open_line
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram

log = structlog.get_logger(__name__)


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Everything that is logged by anybody at the lowest level, as the bot writes it; afterwards all is as before."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.Logger.manager.loggerDict))]
    before = [(logger, logger.level, logger.propagate, logger.handlers[:]) for logger in loggers]
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    yield stream
    for logger, level, propagate, handlers in before:
        logger.setLevel(level)
        logger.propagate, logger.handlers[:] = propagate, handlers
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


async def test_no_line_of_the_log_holds_the_token(
    log_lines: io.StringIO, telegram: LoopbackTelegram, scene: Harbour, tmp_path: Path
) -> None:
    """Whatever the bot does and whatever goes wrong with it, at the lowest level, its token is in no line."""
    async with open_line(telegram) as line:
        await _work(line, scene, tmp_path)
    token = telegram.token
    telegram.new_token()
    bot = make_bot(token, ChatLimiter(), base_url=telegram.base_url)
    try:
        await log_in(bot)
    except TokenRevoked:
        log.exception("the token is revoked", bot=bot)
    await bot.shutdown()
    lines = log_lines.getvalue()
    assert "sendMessage" in lines  # it does speak of the calls
    assert "502" in lines
    assert token not in lines
    assert token.partition(":")[2] not in lines


async def test_what_a_proxy_says_is_not_read_aloud(
    log_lines: io.StringIO, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A page that comes in place of an answer, which may repeat the address it was asked for, stays out of the log."""
    async with open_line(telegram) as line:
        telegram.faults.next("sendMessage", html=True)
        with pytest.raises(TryLater):
            await line.posts.send(Address(scene.private.id), plain("Hello"))
    assert "<html>" not in log_lines.getvalue()


async def _work(line: Line, scene: Harbour, folder: Path) -> None:
    """Do one of each: texts, videos, pictures, updates, and each with what can go wrong."""
    at = Address(scene.private.id)
    sent = scene.anna.sends_file(scene.private, "a.png", b"a picture", "image/png")
    assert sent.document is not None
    downloads = Downloads(line.posts, 100_000)
    for fault in ({}, {"html": True}, {"reset": True}, {"lost_answer": True}, {"status": 404}, {"status": 500}):
        if fault:
            scene.telegram.faults.next("*", **fault)
        for call in (
            line.posts.send(at, plain("Hello")),
            line.posts.send_video(at, await clip_in(folder), plain("boats"), None),
            raw_updates(line.bot, offset=None, timeout_s=0, allowed=["message"]),
            downloads.fetch(sent.document.file.file_id),
        ):
            if fault:
                scene.telegram.faults.next("*", **fault)
            try:
                await call
            except (TryLater, TokenRevoked, DownloadFailed):
                log.exception("it did not work", at=at)
    await asyncio.sleep(0)
