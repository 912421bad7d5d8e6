"""People: what they may do in a group is what Telegram says at this moment."""

import time
from collections.abc import AsyncIterator

import pytest
from telegram import Message

from bot.adapters.telegram.api import log_in, make_bot
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.downloads import Downloads
from bot.adapters.telegram.letters import read_letter
from bot.adapters.telegram.limiter import ChatLimiter
from bot.adapters.telegram.people import Letter, Unasked, caller_of
from bot.adapters.telegram.posts import Posts
from bot.adapters.telegram.status import TelegramPainter
from bot.service.status_messages import StatusMessages
from tests.adapters.telegram.conftest import Bot, quick
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram


@pytest.fixture
async def desk(telegram: LoopbackTelegram, bot: Bot) -> AsyncIterator[Desk]:
    """A desk beside the bot's own."""
    limiter = ChatLimiter()
    library = make_bot(telegram.token, limiter, base_url=telegram.base_url)
    await log_in(library)
    posts = Posts(limiter, lambda: None)
    posts.use(library)
    statuses = StatusMessages(bot.services, TelegramPainter(bot.services, posts, bot.clock, time.monotonic))
    yield Desk(bot.services, posts, statuses, Downloads(posts, 1), bot.clock, quick(telegram))
    await library.shutdown()


def last_letter(telegram: LoopbackTelegram, desk: Desk) -> Letter:
    reading = read_letter(Message.de_json(telegram.updates[-1]["message"]), desk.posts.me)
    assert reading is not None
    return reading.letter


async def test_who_manages_a_group_is_asked_each_time(telegram: LoopbackTelegram, desk: Desk, scene: Harbour) -> None:
    """An administrator manages the group from the moment when Telegram says so until it does not any more."""
    scene.anna.sends(scene.group, "/animate fog")
    letter = last_letter(telegram, desk)
    for is_admin in (False, True, False):
        scene.group.join(scene.anna, admin=is_admin)
        caller = await caller_of(desk, letter)
        assert caller.manages == (f"telegram:{scene.group.id}" if is_admin else "")
        assert caller.place == f"telegram:{scene.group.id}"
    telegram.faults.next("getChatMember", status=500, description="Internal Server Error")
    with pytest.raises(Unasked):
        await caller_of(desk, letter)


async def test_an_anonymous_admin_manages_the_group(telegram: LoopbackTelegram, desk: Desk, scene: Harbour) -> None:
    """Only administrators can write in the group's own name; in a channel's name everybody is a guest."""
    scene.group.join(scene.anna, admin=True)
    scene.anna.sends(scene.group, "/animate fog", anonymous=True)
    assert (await caller_of(desk, last_letter(telegram, desk))).manages == f"telegram:{scene.group.id}"
    scene.anna.sends(scene.group, "/animate fog", as_channel=telegram.channel("News"))
    assert (await caller_of(desk, last_letter(telegram, desk))).manages == ""


async def test_in_private_nobody_is_asked(telegram: LoopbackTelegram, desk: Desk, scene: Harbour) -> None:
    """In private there is no place, and nothing to be managed."""
    scene.anna.sends(scene.private, "hello")
    caller = await caller_of(desk, last_letter(telegram, desk))
    assert (caller.manages, caller.place) == ("", "")
    assert telegram.calls_to("getChatMember") == []
