"""The line under the bot's name."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.adapters.discord.address import Address
from bot.adapters.discord.presence import keep_presence, presence_text
from bot.domain.job import Origin, Requester
from bot.service.roles import Caller
from bot.service.views import IncomingRequest, QueueView
from tests.adapters.discord.conftest import PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.discord.quick_client import QUICK_S, Quick, quick_client
from tests.loopback.discord import LoopbackDiscord

ADMIN = Requester("discord", "1", "Ada")


@pytest.fixture
async def bot(open_bot: OpenBot) -> AsyncIterator[Bot]:
    async with open_bot(rules=with_admins(PLACE_RULES, 1)) as bot:
        yield bot


@pytest.fixture
async def quick(bot: Bot, world: LoopbackDiscord) -> AsyncIterator[Quick]:
    """A client that shows the queue."""
    async with quick_client(bot, world) as quick:
        world.gateway.presences.clear()
        keeping = asyncio.create_task(keep_presence(quick.client, bot.services.queue, bot.services.board, QUICK_S / 20))
        yield quick
        keeping.cancel()
        await asyncio.wait({keeping})


def lines(world: LoopbackDiscord) -> list[str]:
    """Return every line that was shown, in order."""
    return [presence["activities"][0]["state"] for presence in world.gateway.presences]


async def ask(bot: Bot, prompt: str) -> None:
    origin = Origin("discord", "", str(Address(1, 1, 0)))
    await bot.services.intake.submit(Requester("discord", "5"), origin, IncomingRequest(b"a picture", prompt))


async def test_the_line_follows_the_queue(world: LoopbackDiscord, bot: Bot, quick: Quick) -> None:
    """The bot's line says how many jobs wait and run, that it is ready, or that it is paused."""
    await world.until(lambda: lines(world)[-1:] == ["ready"])
    await ask(bot, "hold")
    await world.until(lambda: lines(world)[-1:] == ["1 in the queue"])
    await bot.services.admin.run(Caller(ADMIN), "pause", {})
    await world.until(lambda: lines(world)[-1:] == ["paused"])


async def test_the_line_is_sent_only_when_it_changes(world: LoopbackDiscord, bot: Bot, quick: Quick) -> None:
    """What does not change the line sends nothing."""
    await world.until(lambda: lines(world) == ["ready"])
    await bot.services.admin.run(Caller(ADMIN), "stats", {})  # the queue changes with each entry of the audit
    await ask(bot, "hold")
    await world.until(lambda: lines(world)[-1:] == ["1 in the queue"])
    assert lines(world) == ["ready", "1 in the queue"]


async def test_the_line_is_there_again_after_a_new_session(world: LoopbackDiscord, bot: Bot, quick: Quick) -> None:
    """A connection that has to begin anew brings the line with it."""
    await world.until(lambda: lines(world) == ["ready"])
    before = len(world.gateway.identifies)
    await world.gateway.drop(resumable=False)
    await world.until(lambda: len(world.gateway.identifies) > before)
    assert world.gateway.identifies[-1]["presence"]["game"]["state"] == "ready"


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (QueueView(0, 0, 1, False, False, True, None), "ready"),
        (QueueView(2, 1, 1, False, False, True, None), "3 in the queue"),
        (QueueView(2, 1, 1, True, True, True, None), "paused"),
        (QueueView(2, 0, 1, False, True, True, None), "2 in the queue, takes nothing new"),
        (QueueView(0, 0, 1, False, False, False, "no GPU"), "not ready yet"),
    ],
)
def test_the_line_says_what_matters_most(view: QueueView, text: str) -> None:
    """A pause stands before everything; a bot that cannot render does not call itself ready."""
    assert presence_text(view) == text
