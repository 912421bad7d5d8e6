"""Brings a database to the newest schema: numbered SQL files, ``user_version`` says how many of them it has had."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from bot.store.errors import StoreError, StoreProblem

BACKUP_FOLDER = "backups"


def newest_version() -> int:
    """Return the number of the newest migration."""
    return max(scripts())


def migrate(
    connection: sqlite3.Connection, path: Path, now_ms: int, migrations: Mapping[int, str] | None = None
) -> None:
    """Apply what is missing, each migration in a transaction of its own; a database with data is copied first.

    ``migrations`` are SQL scripts by their number; by default those of this program.
    Raises StoreError: NEWER for a database of a later program, MIGRATION_FAILED with the copy's name; then the
    database is at the last version that worked.
    """
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    migrations = scripts() if migrations is None else migrations
    if found > max(migrations):
        raise StoreError(StoreProblem.NEWER, path=str(path), found=found, known=max(migrations))
    missing = sorted(version for version in migrations if version > found)
    if not missing:
        return
    backup = _back_up(connection, path, found, now_ms) if found else None
    for version in missing:
        try:
            _apply(connection, version, migrations[version])
        except sqlite3.DatabaseError as error:
            raise StoreError(
                StoreProblem.MIGRATION_FAILED,
                path=str(path),
                version=version,
                detail=str(error),
                backup=str(backup or ""),
            ) from error


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the database to ``target`` as of one moment, while it may be in use."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    target.chmod(0o600)


def _back_up(connection: sqlite3.Connection, path: Path, version: int, now_ms: int) -> Path:
    moment = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.parent / BACKUP_FOLDER / f"{path.stem}-v{version}-{moment}.db"
    back_up(connection, target)
    return target


def _apply(connection: sqlite3.Connection, version: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Not executescript: it commits first what is open.
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def scripts() -> dict[int, str]:
    """Return the scripts by number: ``0001_start.sql`` is number 1."""
    folder = files("bot.store.migrations")
    return {int(file.name[:4]): file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".sql")}
