"""What a platform sends is seen to once, in order, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot.service.inbox import NewUpdate
from bot.service.mailroom import Handle, Mailroom
from bot.store.errors import StoreError, StoreProblem
from tests.loopback.expect import eventually
from tests.loopback.house import House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
CHANNEL = "scripted"


def update(number: int, lane: str = "a") -> NewUpdate:
    return NewUpdate(number, lane, f"body {number}")


class Desk:
    """Sees to updates, and writes down which; some wait until the test lets them go on."""

    def __init__(self, *waiting_for: int) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.at_work = 0
        self.most_at_work = 0
        self.may_end = {number: asyncio.Event() for number in waiting_for}

    async def handle(self, number: int, body: str) -> bool:
        assert body == f"body {number}"
        self.begun.append(number)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            if number in self.may_end:
                await self.may_end[number].wait()
            await asyncio.sleep(0)
        finally:
            self.at_work -= 1
        self.done.append(number)
        return True


@asynccontextmanager
async def at_work(house: House, handle: Handle, at_once: int = 32) -> AsyncIterator[Mailroom]:
    """Give a mailroom that works; at the end it is stopped, whatever is under way."""
    room = Mailroom(house.services.inbox, CHANNEL, handle, at_once)
    running = asyncio.create_task(room.run())
    try:
        yield room
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def left_open(house: House) -> list[int]:
    return [one.number for one in await house.services.inbox.open(CHANNEL)]


def nothing_left(house: House) -> Callable[[], Awaitable[bool]]:
    async def is_so() -> bool:
        return await left_open(house) == []

    return is_so


def has_begun(desk: Desk, *numbers: int) -> Callable[[], bool]:
    return lambda: desk.begun == list(numbers)


async def a_death(house: House, number: int) -> None:
    """Leave an update as a bot leaves it that was killed in the middle of it, once it had found it at its start."""
    found = {one.number: one.starts for one in await house.services.inbox.open(CHANNEL)}
    await house.services.inbox.set_starts(CHANNEL, {number: found[number] + 1})


@pytest.fixture
async def quiet(house_at: HouseAt) -> "object":
    """A bot in which nothing is rendered."""
    async with house_at(works=False) as house:
        yield house


async def test_what_was_seen_to_is_open_no_more_and_says_nothing(quiet: House) -> None:
    """Everything that was taken is seen to once, with what the platform sent; then its words are deleted."""
    desk = Desk()
    async with at_work(quiet, desk.handle) as room:
        await room.take([update(1), update(2, "b")])
        await room.take([update(3)])
        await eventually(nothing_left(quiet))
    assert sorted(desk.done) == [1, 2, 3]
    assert [await quiet.services.inbox.read(CHANNEL, number) for number in (1, 2, 3)] == [None, None, None]


async def test_a_lane_keeps_its_order_and_lanes_do_not_wait_for_each_other(quiet: House) -> None:
    """While one chat's first message takes its time, its second one waits, and those of others do not."""
    desk = Desk(1)
    async with at_work(quiet, desk.handle) as room:
        await room.take([update(1), update(2), update(3, "b"), update(4, "b")])
        await eventually(lambda: desk.done == [3, 4])
        assert desk.begun[0] == 1
        assert 2 not in desk.begun
        desk.may_end[1].set()
        await eventually(lambda: desk.done == [3, 4, 1, 2])


async def test_no_more_lanes_are_at_work_than_may_be(quiet: House) -> None:
    """However many chats write at once, so many are seen to beside each other, and in the end all."""
    desk = Desk(*range(20))
    async with at_work(quiet, desk.handle, at_once=3) as room:
        await room.take([update(number, f"lane {number}") for number in range(20)])
        await eventually(lambda: desk.at_work == 3)
        for event in desk.may_end.values():
            event.set()
        await eventually(nothing_left(quiet))
    assert (desk.most_at_work, len(desk.done)) == (3, 20)


async def test_a_flood_in_one_chat_delays_another_by_one_turn(quiet: House) -> None:
    """Whoever writes after somebody's thousand messages waits for the one under way and for no other."""
    desk = Desk(0)
    async with at_work(quiet, desk.handle, at_once=1) as room:
        await room.take([update(number) for number in range(1_000)])
        await eventually(lambda: desk.begun == [0])
        await room.take([update(1_000, "b")])
        desk.may_end[0].set()
        await eventually(lambda: 1_000 in desk.begun)
        assert desk.begun.index(1_000) <= 2


async def test_the_same_update_three_times_is_one(quiet: House) -> None:
    """Sent again while it waits, while it is seen to and afterwards, an update is seen to once."""
    desk = Desk(1)
    async with at_work(quiet, desk.handle) as room:
        await room.take([update(1), update(2), update(2)])
        await room.take([update(2)])
        await eventually(lambda: desk.begun == [1])
        await room.take([update(1)])
        desk.may_end[1].set()
        await eventually(nothing_left(quiet))
        await room.take([update(1), update(2), update(3)])
        await eventually(nothing_left(quiet))
    assert desk.done == [1, 2, 3]


async def test_what_is_taken_before_work_begins_is_not_forgotten(quiet: House) -> None:
    """Updates that came before the room was opened are seen to in their order, among those left from before."""
    desk = Desk()
    await quiet.services.inbox.keep(CHANNEL, [update(1)])
    room = Mailroom(quiet.services.inbox, CHANNEL, desk.handle)
    await room.take([update(2), update(3)])
    async with at_work(quiet, desk.handle):
        await eventually(nothing_left(quiet))
    assert desk.done == [1, 2, 3]


async def test_a_bug_costs_one_update(quiet: House) -> None:
    """What breaks its handler is logged and not tried again; the next one of the same chat has its turn."""
    seen: list[int] = []

    async def handle(number: int, body: str) -> bool:
        seen.append(number)
        if number == 1:
            raise ZeroDivisionError
        if number == 2:
            raise asyncio.CancelledError  # of something inside it, and not of the room
        return True

    with capture_logs(processors=[merge_contextvars]) as logs:
        async with at_work(quiet, handle, at_once=1) as room:
            await room.take([update(1), update(2), update(3)])
            await eventually(nothing_left(quiet))
    assert seen == [1, 2, 3]
    assert [line["update"] for line in logs if line["log_level"] == "error"] == [1, 2]


async def test_a_database_that_does_not_answer_is_waited_for(quiet: House) -> None:
    """An update whose handler finds the disk full is seen to again until it is not, before the next one."""
    seen: list[int] = []

    async def handle(number: int, body: str) -> bool:
        seen.append(number)
        if len(seen) < 2:
            raise StoreError(StoreProblem.FULL)
        return True

    with capture_logs() as logs:
        async with at_work(quiet, handle) as room:
            await room.take([update(1), update(2)])
            await eventually(nothing_left(quiet))
    assert seen == [1, 1, 2]
    assert [line["reason"] for line in logs if line["log_level"] == "error"] == ["full()"]


async def test_what_somebody_holds_stays_open_and_holds_nobody_up(quiet: House) -> None:
    """A part of an album waits for the others without its chat waiting for it, until whoever holds it is done."""
    done: list[int] = []

    async def handle(number: int, body: str) -> bool:
        done.append(number)
        return number != 1

    async with at_work(quiet, handle) as room:
        await room.take([update(1), update(2)])
        await eventually(lambda: done == [1, 2])
        await room.take([update(1)])  # the platform sends it again meanwhile
        await room.take([update(3)])
        await eventually(lambda: done == [1, 2, 3])

        async def only_the_first_is_open() -> bool:
            return await left_open(quiet) == [1]

        await eventually(only_the_first_is_open)
        await quiet.services.inbox.done(CHANNEL, [1])
        assert await left_open(quiet) == []
    async with at_work(quiet, handle) as room:
        await room.take([update(4)])
        await eventually(nothing_left(quiet))
    assert done == [1, 2, 3, 4]


async def test_a_stop_leaves_what_is_under_way_for_the_next_start(quiet: House) -> None:
    """However often the bot is stopped in the middle of an update, it is not to blame, and is seen to in the end."""
    for _ in range(6):
        desk = Desk(1)
        async with at_work(quiet, desk.handle) as room:
            await room.take([update(1), update(2)])
            await eventually(has_begun(desk, 1))
        assert await left_open(quiet) == [1, 2]
    desk = Desk()
    async with at_work(quiet, desk.handle):
        await eventually(nothing_left(quiet))
    assert desk.done == [1, 2]


async def test_what_is_held_at_a_stop_is_never_given_up(quiet: House) -> None:
    """An album that is gathered while the bot is stopped is begun anew each time, however often that happens."""
    begun: list[int] = []

    async def handle(number: int, body: str) -> bool:
        begun.append(number)
        return number != 1

    async def only_the_first_is_open() -> bool:
        return await left_open(quiet) == [1]

    await quiet.services.inbox.keep(CHANNEL, [update(1)])
    for life in range(5):
        async with at_work(quiet, handle) as room:
            await room.take([update(life + 2)])  # behind the other, in the same lane
            await eventually(only_the_first_is_open)
    assert begun == [1, 2, 1, 3, 1, 4, 1, 5, 1, 6]
    assert [(one.number, one.starts) for one in await quiet.services.inbox.open(CHANNEL)] == [(1, 0)]


async def test_what_was_forgotten_is_not_tried_again(quiet: House) -> None:
    """Whoever is forgotten while the disk is full has none of their words seen to once it is not."""
    begun: list[int] = []

    async def handle(number: int, body: str) -> bool:
        begun.append(number)
        if number == 1:
            await quiet.services.privacy.forget(quiet.person("bob"))
            raise StoreError(StoreProblem.FULL)
        return True

    async with at_work(quiet, handle) as room:
        await room.take([NewUpdate(1, "a", "bobs", "bob"), NewUpdate(2, "a", "bobs too", "bob"), update(3)])
        await eventually(lambda: 3 in begun)
    assert begun == [1, 3]


async def test_what_ends_the_bot_each_time_is_given_up_after_three_starts(quiet: House) -> None:
    """What is never survived is left aside, the log and the admins are told, and the others have their turn."""
    desk = Desk()
    await quiet.services.inbox.keep(CHANNEL, [update(1), update(2)])
    for _ in range(2):
        await a_death(quiet, 1)
    assert await left_open(quiet) == [1, 2]
    await a_death(quiet, 1)
    with capture_logs() as logs:
        async with at_work(quiet, desk.handle):
            await eventually(lambda: desk.done == [2])
    assert [(line["log_level"], line["update"]) for line in logs if "given up" in str(line["event"])] == [("error", 1)]
    [notice] = await quiet.services.admin.notices_since(0)
    assert (notice.code, notice.details) == ("inbox_given_up", {"channel": CHANNEL, "number": 1})
    assert notice.message.startswith("Message 1 from scripted was left aside")


async def test_what_may_have_ended_the_bot_is_seen_to_alone_and_first(quiet: House) -> None:
    """So that only what really ends the bot is suspected the next time, and not what was beside it."""
    desk = Desk(7)
    await quiet.services.inbox.keep(CHANNEL, [update(number, f"lane {number}") for number in range(10)])
    await a_death(quiet, 7)
    async with at_work(quiet, desk.handle):
        await eventually(lambda: desk.begun == [7])
        counted = {one.number: one.starts for one in await quiet.services.inbox.open(CHANNEL)}
        assert counted == {number: 2 if number == 7 else 0 for number in range(10)}
        desk.may_end[7].set()
        await eventually(nothing_left(quiet))
    assert desk.begun[0] == 7
    assert len(desk.done) == 10


async def test_new_updates_cost_no_count(quiet: House) -> None:
    """Only what is found at a start is counted; what comes to a bot at work is written when it comes and goes."""
    desk = Desk(1)
    async with at_work(quiet, desk.handle) as room:
        await room.take([update(0)])
        await eventually(nothing_left(quiet))
        await room.take([update(1)])
        await eventually(lambda: desk.begun == [0, 1])
        assert [one.starts for one in await quiet.services.inbox.open(CHANNEL)] == [0]
        desk.may_end[1].set()


async def test_whoever_goes_away_while_updates_are_kept_loses_none(quiet: House) -> None:
    """A platform that hangs up in the middle of handing over has its updates seen to all the same."""
    desk = Desk()
    async with at_work(quiet, desk.handle) as room:
        taking = asyncio.create_task(room.take([update(1)]))
        await asyncio.sleep(0)
        taking.cancel()
        await eventually(lambda: desk.done == [1])
