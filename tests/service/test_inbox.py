"""What a platform sends is on the disk before the platform hears so, and forgotten when it is seen to."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bot.service.inbox import NewUpdate
from bot.store.milestones import Change, after_commit, before_commit
from tests.loopback.house import House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
DAY_S = 86_400


@pytest.fixture
async def quiet(house_at: HouseAt) -> "object":
    """A bot in which nothing is rendered."""
    async with house_at(works=False) as house:
        yield house


async def row_count(house: House, table: str = "inbox") -> int:
    return await house.database.read(lambda tx: int(tx.execute(f"SELECT count(*) FROM {table}").fetchone()[0]))


async def test_what_was_kept_is_there_after_a_restart(house_at: HouseAt) -> None:
    """Numbers, lanes and words outlive the process, in the platform's order; each platform has its own."""
    async with house_at(works=False) as house:
        inbox = house.services.inbox
        assert await inbox.keep("scripted", [NewUpdate(9, "b", "nine"), NewUpdate(7, "a", "seven")]) == 2
        assert await inbox.keep("elsewhere", [NewUpdate(7, "a", "another seven")]) == 1
    async with house_at(works=False) as house:
        inbox = house.services.inbox
        assert [(one.number, one.lane) for one in await inbox.open("scripted")] == [(7, "a"), (9, "b")]
        assert await inbox.read("scripted", 7) == "seven"
        assert await inbox.read("elsewhere", 7) == "another seven"
        assert await inbox.read("elsewhere", 9) is None


async def test_the_same_update_is_kept_once(quiet: House) -> None:
    """Sent again, also after it was seen to, an update is not new; the first words stay."""
    inbox = quiet.services.inbox
    assert await inbox.keep("scripted", [NewUpdate(1, "a", "one"), NewUpdate(1, "a", "one again")]) == 1
    assert await inbox.keep("scripted", [NewUpdate(1, "a", "changed"), NewUpdate(2, "a", "two")]) == 1
    assert await inbox.read("scripted", 1) == "one"
    await inbox.done("scripted", [1])
    assert await inbox.keep("scripted", [NewUpdate(1, "a", "one")]) == 0
    assert [one.number for one in await inbox.open("scripted")] == [2]


async def test_many_who_are_done_share_a_commit(house_at: HouseAt) -> None:
    """A hundred updates that are done with in the same moment cost two commits, and every one of them is closed."""
    commits: Counter[str] = Counter()
    async with house_at(works=False, reach=lambda milestone: commits.update([milestone])) as house:
        inbox = house.services.inbox
        await inbox.keep("scripted", [NewUpdate(number, "a", "x") for number in range(100)])
        await asyncio.gather(*(inbox.done("scripted", [number]) for number in range(100)))
        assert await inbox.open("scripted") == []
        assert commits[after_commit(Change.INBOX_DONE)] <= 2
        await inbox.done("scripted", [])
        assert commits[after_commit(Change.INBOX_DONE)] <= 2


async def test_a_commit_that_fails_is_told_to_all_who_shared_it(house_at: HouseAt) -> None:
    """Nobody believes that an update is closed whose commit has failed; tried again, it is."""
    commits = 0

    def reach(milestone: str) -> None:
        nonlocal commits
        commits += milestone == before_commit(Change.INBOX_DONE)
        if commits == 2 and milestone == before_commit(Change.INBOX_DONE):  # the first one that is shared
            raise OSError("no disk")

    async with house_at(works=False, reach=reach) as house:
        inbox = house.services.inbox
        await inbox.keep("scripted", [NewUpdate(number, "a", "x") for number in range(3)])
        said = await asyncio.gather(*(inbox.done("scripted", [n]) for n in range(3)), return_exceptions=True)
        closed = [number for number, error in enumerate(said) if error is None]
        left = [one.number for one in await inbox.open("scripted")]
        assert any(isinstance(error, OSError) for error in said)
        assert not set(left) & set(closed)
        await inbox.done("scripted", range(3))
        assert await inbox.open("scripted") == []


async def test_what_was_seen_to_is_known_for_two_days(quiet: House) -> None:
    """As long as a platform may send an update again its number is known; then the row goes."""
    inbox, retention = quiet.services.inbox, quiet.core.machinery.retention
    await inbox.keep("scripted", [NewUpdate(1, "a", "one"), NewUpdate(2, "a", "two")])
    await inbox.done("scripted", [1])
    quiet.clock.move(1.9 * DAY_S)
    await retention.expire()
    assert await row_count(quiet) == 2
    quiet.clock.move(0.2 * DAY_S)
    await retention.expire()
    assert await row_count(quiet) == 1
    assert await inbox.read("scripted", 2) == "two"


async def test_what_nobody_sees_to_is_not_kept_for_ever(quiet: House) -> None:
    """The words of a channel that was switched off are gone after two weeks."""
    await quiet.services.inbox.keep("scripted", [NewUpdate(1, "a", "one")])
    quiet.clock.move(14.1 * DAY_S)
    await quiet.core.machinery.retention.expire()
    assert await row_count(quiet) == 0


async def test_notes_are_kept_for_a_day(house_at: HouseAt) -> None:
    """A note is there after a restart, the last one of a name counts, and after a day it is gone."""
    async with house_at(works=False) as house:
        notebook = house.services.notebook
        await notebook.keep("scripted", "1:2", "scripted:bob", "old")
        await notebook.keep("scripted", "1:2", "scripted:bob", "a question")
        await notebook.keep("elsewhere", "1:2", "scripted:ann", "another")
    async with house_at(works=False) as house:
        notebook = house.services.notebook
        assert await notebook.read("scripted", "1:2") == "a question"
        assert await notebook.read("scripted", "1:3") is None
        await notebook.drop("elsewhere", "1:2")
        await notebook.drop("elsewhere", "1:2")
        assert await notebook.read("elsewhere", "1:2") is None
        house.clock.move(DAY_S + 1)
        assert await notebook.read("scripted", "1:2") is None
        assert await row_count(house, "note") == 1
        await house.core.machinery.retention.expire()
        assert await row_count(house, "note") == 0
