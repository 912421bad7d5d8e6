"""What admins are to be told is told once, in few messages, and never holds anything else up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import structlog

from bot.service.delivery import TryLater
from bot.service.notice_board import NoticeBoard, NoticesClosed
from bot.service.views import Notice
from tests.loopback.house import PATIENCE_S, House

QUICK_S = 0.01


@dataclass
class Wall:
    """Where notices are posted; ``errors`` are raised by the next tries."""

    posted: list[list[str]] = field(default_factory=list)
    tries: int = 0
    errors: list[Exception] = field(default_factory=list)
    tried: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def post(self, notices: Sequence[Notice]) -> None:
        async with self.tried:
            self.tries += 1
            self.tried.notify_all()
        if self.errors:
            raise self.errors.pop(0)
        self.posted.append([notice.message for notice in notices])

    async def until_tried(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self.tried:
            await self.tried.wait_for(lambda: self.tries >= count)

    @property
    def texts(self) -> str:
        return "\n".join(message for messages in self.posted for message in messages)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def notices(house: House, wall: Wall) -> NoticeBoard:
    return NoticeBoard(house.services.admin, house.services.board, "wall", wall.post, QUICK_S)


@asynccontextmanager
async def posting(notices: NoticeBoard) -> AsyncIterator[None]:
    task = asyncio.create_task(notices.run())
    yield
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})


async def report(house: House, *reasons: str) -> None:
    """Have a new video reported, once for each reason."""
    job = await house.until((await house.ask("bob")).job.id)
    for number, reason in enumerate(reasons):
        await house.services.reports.report(house.person(f"reporter {number}"), job.id, reason)


async def test_only_what_comes_after_the_beginning_is_told(house: House, notices: NoticeBoard, wall: Wall) -> None:
    """What there was at the start is not told; what comes between start and first post is; each once."""
    await report(house, "long ago")
    await notices.begin()
    await report(house, "before the first connection")
    async with posting(notices):
        await wall.until_tried(1)
        await report(house, "afterwards")
        await wall.until_tried(2)
        await house.until((await house.ask("bob")).job.id)
    assert [messages[0].rpartition(": ")[2] for messages in wall.posted] == [
        "before the first connection",
        "afterwards",
    ]


async def test_what_comes_at_once_is_told_at_once(house: House, notices: NoticeBoard, wall: Wall) -> None:
    """Many notices are one post, in their order."""
    await notices.begin()
    await report(house, "one", "two", "three")
    async with posting(notices):
        await wall.until_tried(1)
    (messages,) = wall.posted
    assert [message.rpartition(": ")[2] for message in messages] == ["one", "two", "three"]


async def test_what_could_not_be_posted_is_tried_again(house: House, notices: NoticeBoard, wall: Wall) -> None:
    """A notice is given again until it was taken, with what has come meanwhile, and then no more."""
    wall.errors = [TryLater(), TryLater(may_have_arrived=True)]
    await notices.begin()
    async with posting(notices):
        await report(house, "stubborn")
        await wall.until_tried(3)
        await report(house, "the next one")
        await wall.until_tried(4)
    assert wall.texts.count("stubborn") == 1
    assert "the next one" in wall.posted[-1][-1]


async def test_a_closed_place_is_complained_about_once(house: House, notices: NoticeBoard, wall: Wall) -> None:
    """Where nothing can be posted the log says so once, what came is skipped, and what comes later is told again."""
    wall.errors = [NoticesClosed("no rights"), NoticesClosed("no rights")]
    await notices.begin()
    with structlog.testing.capture_logs() as lines:
        async with posting(notices):
            for number in range(1, 4):
                await report(house, f"number {number}")
                await wall.until_tried(number)
    assert [line["reason"] for line in lines if line["log_level"] == "error"] == ["no rights"]
    assert wall.texts.endswith("number 3")
    assert "number 2" not in wall.texts


async def test_a_new_complaint_follows_a_new_closing(house: House, notices: NoticeBoard, wall: Wall) -> None:
    """After notices have been posted again, the log says it again when they cannot be."""
    wall.errors = [NoticesClosed("first")]
    await notices.begin()
    with structlog.testing.capture_logs() as lines:
        async with posting(notices):
            await report(house, "skipped")
            await wall.until_tried(1)
            await report(house, "told")
            await wall.until_tried(2)
            wall.errors = [NoticesClosed("second")]
            await report(house, "skipped again")
            await wall.until_tried(3)
            await report(house, "told again")
            await wall.until_tried(4)
    assert [line["reason"] for line in lines if line["log_level"] == "error"] == ["first", "second"]


async def test_it_ends_with_the_bot(house: House, notices: NoticeBoard) -> None:
    """When the bot stops the notice board ends by itself."""
    running = asyncio.create_task(notices.run())
    await asyncio.sleep(0)
    house.services.board.close()
    async with asyncio.timeout(PATIENCE_S):
        await running


async def test_a_new_life_goes_on_where_the_last_one_stopped(house: House, wall: Wall) -> None:
    """After a restart what was posted is not posted again, and what was not is; each channel has its own place."""

    def board(channel: str) -> NoticeBoard:
        return NoticeBoard(house.services.admin, house.services.board, channel, wall.post, QUICK_S)

    before = board("wall")
    await before.begin()
    await board("elsewhere").begin()
    await report(house, "told before")
    async with posting(before):
        await wall.until_tried(1)
        await asyncio.wait_for(until_noted(house, "wall"), PATIENCE_S)
    await report(house, "told by nobody")
    async with posting(board("wall")):
        await wall.until_tried(2)
    async with posting(board("elsewhere")):
        await wall.until_tried(3)
    told = [[message.rpartition(": ")[2] for message in messages] for messages in wall.posted]
    assert told == [["told before"], ["told by nobody"], ["told before", "told by nobody"]]


async def until_noted(house: House, channel: str) -> None:
    """Wait until a channel has noted that it has posted everything."""
    newest = (await house.services.admin.notices_since(0))[-1].id
    while await house.services.admin.last_posted(channel) != newest:  # noqa: ASYNC110 (nobody is told of it)
        await asyncio.sleep(0)
