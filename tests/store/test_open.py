"""Opening a data folder: one bot at a time, a whole file, right books, and the newest schema."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store import migrations
from bot.store.database import FILE_NAME, Database, connect
from bot.store.errors import StoreError, StoreProblem
from bot.store.milestones import Change
from tests.store.rows import NOW_MS, accept

_HOLD = """
import sys
from pathlib import Path
from bot.store.database import Database
database = Database.open(Path(sys.argv[1]), 0)
print("open", flush=True)
sys.stdin.read()
"""


async def test_every_commit_is_on_disk_and_every_reference_is_kept(database: Database) -> None:
    """Both connections: write-ahead log, a sync at every commit, foreign keys; the reader cannot write."""
    names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
    for connection in (database._writer, database._reader):
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        assert found == ["wal", 2, 1, 0]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database._reader.execute("DELETE FROM job")


async def test_every_table_is_strict(database: Database) -> None:
    """No column takes a value of another type."""
    tables = await database.read(lambda tx: tx.execute("SELECT name, strict FROM pragma_table_list").fetchall())
    ours = {row["name"]: row["strict"] for row in tables if not row["name"].startswith("sqlite_")}
    assert ours
    assert set(ours.values()) == {1}


def test_a_second_bot_is_turned_away_until_the_first_has_ended(folder: Path) -> None:
    """Another process with the folder is found at once, and its death, however sudden, gives the folder back."""
    first = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        with pytest.raises(StoreError) as refused:
            Database.open(folder, 0)
        assert refused.value.code is StoreProblem.ALREADY_OPEN
        assert refused.value.values == {"folder": str(folder)}
        first.kill()
        first.wait()
    Database.open(folder, 0)._close()


async def test_what_was_written_is_there_after_it_is_opened_again(folder: Path) -> None:
    """Closing loses nothing, and opening changes nothing."""
    database = Database.open(folder, NOW_MS)
    await database.write(Change.ACCEPT, lambda tx: accept(tx, "bob", "a"))
    await database.close()
    again = Database.open(folder, NOW_MS)
    count = await again.read(lambda tx: tx.execute("SELECT count(*) FROM job").fetchone()[0])
    await again.close()
    assert count == 1


def test_an_open_that_fails_lets_the_next_one_in(folder: Path) -> None:
    """The lock of a folder that could not be opened is given back."""
    folder.mkdir()
    file = folder / FILE_NAME
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError):
        Database.open(folder, 0)
    file.unlink()
    Database.open(folder, 0)._close()


def test_a_damaged_file_is_refused_with_what_is_wrong(folder: Path) -> None:
    """A page overwritten in the middle is found before anything is written."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    for number in range(200):
        connection.execute(
            "INSERT INTO audit (at_ms, who, command, arguments, outcome) VALUES (1, ?, 'pause', '{}', '')",
            (f"{number:0400}",),
        )
    connection.close()
    file = folder / FILE_NAME
    content = bytearray(file.read_bytes())
    content[-30_000:-10_000] = bytes(20_000)
    file.write_bytes(content)
    with pytest.raises(StoreError) as refused:
        Database.open(folder, 0)
    assert refused.value.code is StoreProblem.DAMAGED
    assert refused.value.values["path"] == str(file)
    assert file.read_bytes() == bytes(content)


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ("UPDATE account SET held = held + 1, added = added + 1", "holds what its open jobs hold"),
        ("DELETE FROM entry", "holds what its open jobs hold"),
        ("UPDATE queue SET waiting = 2", "queue's counters"),
        ("UPDATE queue SET active = 0", "queue's counters"),
        ("UPDATE person SET waiting = 0", "person's waiting jobs"),
        ("INSERT INTO outbox (job, since_ms, not_before_ms) VALUES ('a', 0, 0)", "told of an end"),
        (
            "INSERT INTO entry SELECT 'gone', account, 'use', amount, at_ms FROM entry",
            "what ends was held before",
        ),
        (
            """
            UPDATE account SET held = 0, used = used + 1000;
            INSERT INTO entry SELECT job, account, 'use', amount, at_ms FROM entry
            """,
            "where its ledger has them",
        ),
    ],
)
def test_wrong_books_are_refused_and_left_alone(folder: Path, change: str, promise: str) -> None:
    """Rows that contradict each other are named, and nothing is mended behind the operator's back."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    accept(connection, "bob", "a")
    connection.executescript(change)
    before = "\n".join(connection.iterdump())
    connection.close()
    with pytest.raises(StoreError, match=promise) as refused:
        Database.open(folder, 0)
    assert refused.value.code is StoreProblem.INCONSISTENT
    connection = connect(folder / FILE_NAME)
    assert "\n".join(connection.iterdump()) == before
    connection.close()


def test_a_row_that_points_nowhere_is_damage(folder: Path) -> None:
    """A job without its person was not made by us."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    accept(connection, "bob", "a")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DELETE FROM person")
    connection.close()
    with pytest.raises(StoreError, match="points nowhere") as refused:
        Database.open(folder, 0)
    assert refused.value.code is StoreProblem.DAMAGED


def test_a_newer_database_is_refused_untouched(folder: Path) -> None:
    """A database of a later program says which schema it has and which one this program knows."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError) as refused:
        Database.open(folder, 0)
    assert refused.value.code is StoreProblem.NEWER
    assert (refused.value.values["found"], refused.value.values["known"]) == (99, migrations.newest_version())
