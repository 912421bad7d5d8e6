"""A transaction happens whole or not at all, whatever goes wrong around it."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store.database import FILE_NAME, Connection, Database
from bot.store.errors import StoreError, StoreProblem
from bot.store.milestones import Change, after_commit, before_commit
from bot.store.queue_state import QueueState, load, save
from tests.store.rows import NOW_MS, accept

_PAUSED = QueueState(is_paused=True, is_draining=False)
_OPEN = QueueState(is_paused=False, is_draining=False)
_HOLD_WRITE_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print("free", flush=True)
"""


async def pragma(database: Database, text: str) -> object:
    """Turn one of the writer's own knobs."""
    row = await database.write(Change.ADMIN, lambda tx: tx.execute(f"PRAGMA {text}").fetchone())
    return None if row is None else row[0]


async def test_what_is_raised_inside_undoes_everything(database: Database) -> None:
    """The exception arrives as it is, and the next transaction begins afresh."""

    def fail(tx: Connection) -> None:
        save(tx, _PAUSED)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(Change.ADMIN, fail)
    assert await database.read(load) == _OPEN
    await database.write(Change.ADMIN, lambda tx: save(tx, _PAUSED))
    assert await database.read(load) == _PAUSED


async def test_wrong_sql_is_a_bug_and_not_the_operators_turn(database: Database) -> None:
    """What no disk and no time can cure is not dressed up as a trouble of the store."""
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.write(Change.ADMIN, lambda tx: tx.execute("DELETE FROM nowhere"))
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.read(lambda tx: tx.execute("SELECT 1 FROM nowhere"))
    await database.write(Change.ADMIN, lambda tx: save(tx, _PAUSED))


async def test_a_cancelled_caller_leaves_no_transaction_open(database: Database) -> None:
    """The transaction ends as if nobody had gone away, memory follows it, and the next one comes after."""
    seen: list[str] = []
    began, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(tx: Connection) -> str:
        loop.call_soon_threadsafe(began.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(20)
        save(tx, _PAUSED)
        return "committed"

    caller = asyncio.create_task(database.write(Change.ADMIN, slow, seen.append))
    await began.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert seen == []
    go_on.set()
    state = await database.write(Change.ADMIN, load)
    assert (state, seen) == (_PAUSED, ["committed"])
    assert not database._writer.in_transaction


async def test_a_caller_cancelled_before_its_turn_is_served_nevertheless(database: Database) -> None:
    """Whoever has handed a transaction over cannot take it back halfway."""
    seen: list[int] = []
    callers = [asyncio.create_task(database.write(Change.ADMIN, lambda tx, n=n: n, seen.append)) for n in range(50)]
    await asyncio.sleep(0)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await database.write(Change.ADMIN, lambda tx: None)
    assert seen == list(range(50))


async def test_closing_waits_for_what_was_handed_over(folder: Path) -> None:
    """Nothing that was begun before the end is lost by it."""
    database = Database.open(folder, NOW_MS)
    writes = [
        asyncio.create_task(database.write(Change.ACCEPT, lambda tx, n=n: accept(tx, "bob", f"{n}"))) for n in range(20)
    ]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    again = Database.open(folder, NOW_MS)
    assert await again.read(lambda tx: tx.execute("SELECT count(*) FROM job").fetchone()[0]) == 20
    await again.close()


async def test_memory_follows_the_commits_in_their_order(database: Database) -> None:
    """Of many writers at once, what is called after each commit is called in the order of the commits."""
    numbers, seen = iter(range(100)), list[int]()
    await asyncio.gather(*(database.write(Change.ADMIN, lambda tx: next(numbers), seen.append) for _ in range(100)))
    assert seen == list(range(100))


async def test_nothing_follows_a_transaction_that_failed(database: Database) -> None:
    """Memory is not brought up to date with what was undone."""
    seen: list[object] = []
    with pytest.raises(ZeroDivisionError):
        await database.write(Change.ADMIN, lambda tx: 1 // 0, seen.append)
    assert seen == []


async def test_a_read_sees_one_state_from_its_begin_to_its_end(database: Database) -> None:
    """What is committed in the middle of a read is not in it, and it does not keep the writer waiting."""
    loop = asyncio.get_running_loop()

    def twice(tx: Connection) -> tuple[QueueState, QueueState]:
        before = load(tx)
        writing = asyncio.run_coroutine_threadsafe(database.write(Change.ADMIN, lambda tx: save(tx, _PAUSED)), loop)
        writing.result(20)
        return before, load(tx)

    assert await database.read(twice) == (_OPEN, _OPEN)
    assert await database.read(load) == _PAUSED


async def test_a_database_that_another_process_holds_is_busy_and_unchanged(database: Database, folder: Path) -> None:
    """After the time that a writer waits it is told so; nothing is changed, and when the other lets go all goes on."""
    await pragma(database, "busy_timeout = 30")
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLD_WRITE_LOCK, str(folder / FILE_NAME)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError) as refused:
            await database.write(Change.ADMIN, lambda tx: save(tx, _PAUSED))
        assert refused.value.code is StoreProblem.BUSY
        assert await database.read(load) == _OPEN
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "free\n"
        await database.write(Change.ADMIN, lambda tx: save(tx, _PAUSED))
    assert await database.read(load) == _PAUSED


async def test_a_writer_waits_five_seconds_for_another_process(database: Database) -> None:
    """Long enough for a backup of somebody else's, short enough to tell the operator."""
    assert await pragma(database, "busy_timeout") == 5_000


async def test_a_full_disk_is_told_undoes_the_transaction_and_passes(database: Database) -> None:
    """Nothing of the transaction stays, nothing is open, reads go on, and with new room the next one works."""
    pages = await pragma(database, "page_count")
    await pragma(database, f"max_page_count = {pages}")

    def fill(tx: Connection) -> None:
        save(tx, _PAUSED)
        for number in range(500):
            accept(tx, f"p{number}", f"{number}")

    for _ in range(2):
        with pytest.raises(StoreError) as refused:
            await database.write(Change.ACCEPT, fill)
        assert refused.value.code is StoreProblem.FULL
        assert not database._writer.in_transaction
        assert await database.read(load) == _OPEN
    await pragma(database, "max_page_count = 1000000")
    await database.write(Change.ACCEPT, fill)
    assert await database.read(load) == _PAUSED


async def test_a_death_before_the_commit_undoes_and_after_it_keeps(folder: Path) -> None:
    """The named moments are where they say."""
    reached: list[str] = []
    seen: list[tuple[str, QueueState]] = []

    def reach(milestone: str) -> None:
        reached.append(milestone)
        other = sqlite3.connect(folder / FILE_NAME)
        other.row_factory = sqlite3.Row
        seen.append((milestone, load(other)))
        other.close()

    database = Database.open(folder, NOW_MS, reach)
    await database.write(Change.ADMIN, lambda tx: save(tx, _PAUSED))
    await database.close()
    assert seen == [(before_commit(Change.ADMIN), _OPEN), (after_commit(Change.ADMIN), _PAUSED)]
    assert reached == [milestone for milestone, _ in seen]
