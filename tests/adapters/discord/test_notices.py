"""What admins are to be told, in the channel that the operator has named."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.adapters.discord.notices import AdminChannel
from bot.domain.job import Origin, Requester
from bot.service.notice_board import NoticeBoard
from bot.service.views import IncomingRequest
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import hasty
from tests.adapters.discord.quick_client import QUICK_S, Quick, quick_client
from tests.loopback.discord import Channel, LoopbackDiscord

ANNA = Requester("discord", "5", "Anna")


@pytest.fixture
def office(world: LoopbackDiscord) -> Channel:
    return world.guild("Harbour").channel("office")


@pytest.fixture
async def quick(bot: Bot, world: LoopbackDiscord) -> AsyncIterator[Quick]:
    async with quick_client(bot, world) as quick:
        yield quick


@pytest.fixture
async def posting(bot: Bot, quick: Quick, office: Channel) -> AsyncIterator[NoticeBoard]:
    """Notices that have seen what there was at the start, and post what comes."""
    await report(bot, "of long ago")
    notices = board(bot, quick, office)
    await notices.begin()
    task = asyncio.create_task(notices.run())
    yield notices
    task.cancel()
    await asyncio.wait({task})


def board(bot: Bot, quick: Quick, office: Channel) -> NoticeBoard:
    post = AdminChannel(quick.desk.posts, office.id).post
    return NoticeBoard(bot.services.admin, bot.services.board, "discord", post, QUICK_S)


async def report(bot: Bot, *reasons: str) -> None:
    """Have a job of Anna's reported, by another person for each reason."""
    known = await bot.jobs()
    origin = Origin("discord")
    job = known[0] if known else (await bot.services.intake.submit(ANNA, origin, IncomingRequest(b"a", "hold"))).job
    for reason in reasons:
        await bot.services.reports.report(Requester("discord", str(hash(reason))), job.id, reason)


async def until_tried(world: LoopbackDiscord, office: Channel, times: int) -> None:
    """Wait until so many messages were sent or tried."""
    await world.until(lambda: len(world.calls_to("POST", f"channels/{office.id}/messages")) >= times)


async def test_a_new_notice_is_posted_once(
    world: LoopbackDiscord, bot: Bot, posting: NoticeBoard, office: Channel
) -> None:
    """What is new since the start is posted, once, as plain text that pings nobody."""
    await report(bot, "not **nice** @everyone")
    (message,) = await world.until(lambda: office.messages)
    assert r"was reported: not \*\*nice\*\*" in message.text
    assert message.pings == []
    await report(bot, "a second one")
    await world.until(lambda: "a second one" in office.messages[-1].text)
    texts = "\n".join(one.text for one in office.messages)
    assert texts.count("nice") == 1
    assert "of long ago" not in texts


async def test_many_notices_are_one_message(world: LoopbackDiscord, bot: Bot, quick: Quick, office: Channel) -> None:
    """What comes at once comes in one message, which says how much it leaves out."""
    notices = board(bot, quick, office)
    await notices.begin()
    await report(bot, *(f"{number} {'x' * 200}" for number in range(40)))
    task = asyncio.create_task(notices.run())
    (message,) = await world.until(lambda: office.messages)
    shown = message.text.count("was reported")
    assert 3 < shown < 40
    assert f"and {40 - shown} more" in message.text
    assert len(message.text) <= 2_000
    task.cancel()
    await asyncio.wait({task})


async def test_a_notice_whose_sending_is_in_doubt_is_there_once(
    world: LoopbackDiscord, bot: Bot, posting: NoticeBoard, office: Channel
) -> None:
    """A notice whose confirmation was lost is sent again, and is there once."""
    world.faults.next("POST", "messages", lost_answer=True)
    await report(bot, "first")
    await until_tried(world, office, 2)
    await report(bot, "second")
    await world.until(lambda: "second" in office.messages[-1].text)
    assert "\n".join(one.text for one in office.messages).count("first") == 1


async def test_a_closed_channel_gives_one_line_in_the_log(
    world: LoopbackDiscord, bot: Bot, posting: NoticeBoard, office: Channel
) -> None:
    """Where the bot may not write, the log says so once, and other notices are not piled up for later."""
    office.deny("SEND_MESSAGES")
    with structlog.testing.capture_logs() as lines:
        for number in range(1, 4):
            await report(bot, f"number {number}")
            await until_tried(world, office, number)
        office.allow("SEND_MESSAGES")
        await report(bot, "heard again")
        await world.until(lambda: office.messages)
    complaints: list[Any] = [line for line in lines if line["log_level"] == "error"]
    assert len(complaints) == 1
    (message,) = office.messages
    assert message.text.endswith("heard again")


async def test_what_comes_before_the_first_login_is_posted(
    world: LoopbackDiscord, open_bot: OpenBot, office: Channel
) -> None:
    """What admins are to be told while Discord cannot be reached at a start is posted when it can."""
    away = world.faults.next("GET", "/users/@me", status=503, count=None)
    options = replace(hasty(world), admin_channel=office.id)
    async with open_bot(options=options, is_online=False) as bot:
        await world.until(lambda: away.hits)
        await report(bot, "while Discord was away")
        assert office.messages == []
        world.faults.clear()
        (message,) = await world.until(lambda: office.messages)
        assert "while Discord was away" in message.text
