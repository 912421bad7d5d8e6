"""From one schema to the next: whole or not at all, with a copy from before."""

from pathlib import Path

import pytest

from bot.domain.job import JobState
from bot.domain.place_rules import NO_RULES
from bot.store import jobs, place_rules, queue_order
from bot.store.database import FILE_NAME, Database, connect
from bot.store.errors import StoreError, StoreProblem
from bot.store.migrations import BACKUP_FOLDER, back_up, migrate, newest_version, scripts
from tests.store.rows import NOW_MS, accept

_GOOD = """
ALTER TABLE person ADD COLUMN colour TEXT;
CREATE TABLE later (n INTEGER) STRICT;
INSERT INTO later VALUES (7);
"""
#: A job that waits and one that was delivered, as a bot of the first schema had them.
_ROWS_OF_SCHEMA_1 = """
INSERT INTO person (id, platform, user, seen_ms, waiting) VALUES ('web:bob', 'web', 'bob', 1, 1);
INSERT INTO account (id, tokens, held, used, added, at_ms) VALUES ('person:web:bob', 7000, 1000, 1000, 9000, 1);
INSERT INTO job (id, requester, channel, tag, prompt, options, model, preset, seed, width_px, height_px, frames, fps,
    steps, price_mcr, created_ms) VALUES
    ('waits', 'web:bob', 'web', 0, 'a prompt', '{}', 'camera', 'balanced', 1, 96, 64, 9, 24, 5, 1000, 1);
INSERT INTO job (id, requester, channel, tag, prompt, options, model, preset, seed, width_px, height_px, frames, fps,
    steps, price_mcr, created_ms, started_ms, ended_ms, state, credits, told, has_video, video) VALUES
    ('done', 'web:bob', 'web', 0, 'a prompt', '{}', 'camera', 'balanced', 1, 96, 64, 9, 24, 5, 1000, 1, 1, 2,
    'delivered', 'used', 1, 1, '{"width_px": 96, "height_px": 64, "frames": 9, "fps": 24, "size_bytes": 1,
    "sha256": "0", "engine": "camera", "model": "camera", "used_ai": false, "render_seconds": 1.0}');
INSERT INTO entry VALUES ('waits', 'person:web:bob', 'hold', 1000, 1), ('done', 'person:web:bob', 'hold', 1000, 1),
    ('done', 'person:web:bob', 'use', 1000, 2);
UPDATE queue SET waiting = 1, active = 1;
"""
_BAD = _GOOD + "INSERT INTO nowhere VALUES (1);\n"


@pytest.fixture
def old(folder: Path) -> Path:
    """The path of a database of today with one job in it."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    accept(connection, "bob", "a")
    connection.close()
    return folder / FILE_NAME


def content(path: Path) -> str:
    connection = connect(path)
    text = "\n".join(connection.iterdump())
    connection.close()
    return text


def test_a_fresh_folder_gets_the_newest_schema_and_no_copy(folder: Path) -> None:
    """There is nothing to copy before the first migration."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == newest_version()
    connection.close()
    assert not (folder / BACKUP_FOLDER).exists()


def test_opening_again_migrates_nothing(old: Path) -> None:
    """A database that is up to date is neither changed nor copied."""
    before = content(old)
    Database.open(old.parent, NOW_MS)._close()
    assert content(old) == before
    assert not (old.parent / BACKUP_FOLDER).exists()


def test_a_migration_keeps_the_data_and_a_copy_from_before(old: Path) -> None:
    """Rows stay, the version counts up, and the copy is the database as it was, readable for its owner only."""
    before, newest = content(old), newest_version()
    connection = connect(old)
    migrate(connection, old, NOW_MS, {**scripts(), newest + 1: _GOOD})
    assert connection.execute("PRAGMA user_version").fetchone()[0] == newest + 1
    assert connection.execute("SELECT id FROM job").fetchone()[0] == "a"
    assert connection.execute("SELECT n FROM later").fetchone()[0] == 7
    connection.close()
    (copy,) = (old.parent / BACKUP_FOLDER).iterdir()
    assert content(copy) == before
    assert copy.stat().st_mode & 0o077 == 0


def test_a_migration_that_fails_leaves_everything_as_it_was(old: Path) -> None:
    """What it had done before it failed is undone, its number is named, and the copy is there."""
    before, newest = content(old), newest_version()
    connection = connect(old)
    with pytest.raises(StoreError) as failed:
        migrate(connection, old, NOW_MS, {**scripts(), newest + 1: _BAD})
    assert not connection.in_transaction
    assert connection.execute("PRAGMA user_version").fetchone()[0] == newest
    connection.close()
    assert content(old) == before
    assert failed.value.code is StoreProblem.MIGRATION_FAILED
    assert failed.value.values["version"] == newest + 1
    assert content(Path(str(failed.value.values["backup"]))) == before


def test_of_two_migrations_the_first_stays_when_the_second_fails(old: Path) -> None:
    """Each is a transaction of its own: the next try begins where this one ended."""
    newest = newest_version()
    connection = connect(old)
    both = {**scripts(), newest + 1: _GOOD, newest + 2: "INSERT INTO nowhere VALUES (1);\n"}
    with pytest.raises(StoreError):
        migrate(connection, old, NOW_MS, both)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == newest + 1
    migrate(connection, old, NOW_MS + 1000, {**both, newest + 2: "INSERT INTO later VALUES (8);\n"})
    assert [row[0] for row in connection.execute("SELECT n FROM later")] == [7, 8]
    connection.close()


def test_a_first_migration_that_fails_leaves_an_empty_database(folder: Path) -> None:
    """A folder in which the very first start failed starts like a fresh one."""
    folder.mkdir()
    connection = connect(folder / FILE_NAME)
    with pytest.raises(StoreError) as failed:
        migrate(connection, folder / FILE_NAME, NOW_MS, {1: _BAD})
    assert failed.value.values["backup"] == ""
    connection.close()
    Database.open(folder, NOW_MS)._close()


def test_a_copy_can_be_made_while_the_database_is_written_to(old: Path, tmp_path: Path) -> None:
    """A copy is of one moment: a transaction that is not committed is not in it."""
    before = content(old)
    writing, reading = connect(old), connect(old)
    writing.execute("BEGIN IMMEDIATE")
    accept(writing, "ann", "b")
    back_up(reading, tmp_path / "copies" / "copy.db")
    writing.execute("COMMIT")
    for connection in (writing, reading):
        connection.close()
    assert content(tmp_path / "copies" / "copy.db") == before
    assert content(old) != before


def test_a_database_of_the_first_schema_is_opened(folder: Path) -> None:
    """Jobs, credits and places in the order of before are there after the migration, with what is new left open."""
    folder.mkdir()
    connection = connect(folder / FILE_NAME)
    migrate(connection, folder / FILE_NAME, NOW_MS, {1: scripts()[1]})
    connection.executescript(_ROWS_OF_SCHEMA_1)
    connection.close()
    database = Database.open(folder, NOW_MS)
    try:
        for job_id, state in (("waits", JobState.QUEUED), ("done", JobState.DELIVERED)):
            job = jobs.find(database._writer, job_id)
            assert job is not None
            assert (job.state, job.prompt, job.requester.id) == (state, "a prompt", "web:bob")
            assert (job.origin.max_video_bytes, job.origin.is_private, job.is_shrunk) == (None, False, False)
        assert place_rules.load(database._writer, "web:here") == NO_RULES
        taken = queue_order.claim(database._writer, NOW_MS)
        assert taken is not None
        assert taken.id == "waits"
    finally:
        database._close()
    assert [path.name for path in (folder / BACKUP_FOLDER).iterdir()] == ["animate-v1-20270115T080000Z.db"]


@pytest.mark.parametrize("statement", ["CREATE TABLE t (x TEXT); -- a; b\nINSERT INTO t VALUES ('c; d');\n"])
def test_a_semicolon_in_a_text_or_a_remark_ends_no_statement(statement: str, folder: Path) -> None:
    """Scripts are taken apart as SQL is, not at each semicolon."""
    folder.mkdir()
    connection = connect(folder / FILE_NAME)
    migrate(connection, folder / FILE_NAME, NOW_MS, {1: statement})
    assert connection.execute("SELECT x FROM t").fetchone()[0] == "c; d"
    connection.close()
