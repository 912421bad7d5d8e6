"""The bot's SQLite database: one connection that writes, one that reads, each on a thread of its own.

A transaction is a plain function of a connection, run as a whole on the writer's thread: nothing can be awaited inside
it, and no cancelled task can leave it open. The event loop hops to the thread once for each transaction, not once for
each statement.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from bot.store.checks import require_sound
from bot.store.errors import StoreError, StoreProblem
from bot.store.folder_lock import FolderLock
from bot.store.migrations import migrate
from bot.store.milestones import Change, Reach, after_commit, before_commit, nobody_listens

T = TypeVar("T")

#: What a function of the store works on, inside a transaction or a read.
Connection = sqlite3.Connection

FILE_NAME = "animate.db"
_BUSY_TIMEOUT_MS = 5_000


class Database:
    """An open database, until ``close``."""

    def __init__(self, writer: Connection, reader: Connection, lock: FolderLock, reach: Reach) -> None:
        self._writer, self._reader, self._lock, self._reach = writer, reader, lock, reach
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-write")
        self._read_thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-read")
        self._writes: set[asyncio.Task[Any]] = set()

    @classmethod
    def open(cls, folder: Path, now_ms: int, reach: Reach = nobody_listens) -> Self:
        """Return the database of a data folder, made or migrated where need be. Blocks; call it off the loop.

        Raises StoreError where another bot has the folder open, or the file is newer, damaged or inconsistent; then
        nothing was changed.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock.acquire(folder)
        path = folder / FILE_NAME
        try:
            writer = connect(path)
            try:
                migrate(writer, path, now_ms)
                require_sound(writer, path)
                writer.execute("PRAGMA journal_mode = WAL")
                reader = connect(path)
                reader.execute("PRAGMA query_only = ON")
            except BaseException:
                writer.close()
                raise
        except sqlite3.OperationalError as error:
            lock.release()
            raise _problem(error) from error
        except sqlite3.DatabaseError as error:
            lock.release()
            raise StoreError(StoreProblem.DAMAGED, path=str(path), detail=str(error)) from error
        except BaseException:
            lock.release()
            raise
        return cls(writer, reader, lock, reach)

    async def write(
        self,
        change: Change,
        transaction: Callable[[Connection], T],
        then: Callable[[T], None] | None = None,
    ) -> T:
        """Run ``transaction`` and commit; whatever it raises rolls everything back and is raised here.

        ``then`` is called on the loop after the commit, also where the caller was cancelled meanwhile: what is kept in
        memory beside the rows is brought up to date there.
        Raises StoreError where another process holds the database longer than five seconds, or the disk is full.
        """
        task: asyncio.Task[T] = asyncio.create_task(self._write(change, transaction, then))
        self._writes.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Return what ``query`` finds in the last committed state. Raises StoreError where the disk does not answer."""
        return await asyncio.get_running_loop().run_in_executor(self._read_thread, self._query, query)

    async def close(self) -> None:
        """Let the writes under way end, then close."""
        while self._writes:
            await asyncio.wait(tuple(self._writes))
        await asyncio.to_thread(self._close)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # taken note of: where the caller was cancelled nobody else does

    async def _write(
        self, change: Change, transaction: Callable[[Connection], T], then: Callable[[T], None] | None
    ) -> T:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._write_thread, self._transact, change, transaction)
        if then is not None:
            then(result)
        return result

    def _transact(self, change: Change, transaction: Callable[[Connection], T]) -> T:
        connection = self._writer
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = transaction(connection)
            self._reach(before_commit(change))
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:  # a full disk rolls back by itself
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _problem(error) from error
            raise
        self._reach(after_commit(change))
        return result

    def _query(self, query: Callable[[Connection], T]) -> T:
        try:
            self._reader.execute("BEGIN")  # several statements see one state
            try:
                return query(self._reader)
            finally:
                self._reader.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise _problem(error) from error

    def _close(self) -> None:
        self._read_thread.shutdown()
        self._write_thread.shutdown()
        self._reader.close()
        self._writer.close()
        self._lock.release()


def connect(path: Path) -> Connection:
    """Return a connection with this project's pragmas; it may be handed from thread to thread, one at a time."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.row_factory = sqlite3.Row
    # FULL: what was committed is there after a power cut; WAL's NORMAL may lose the last commits.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _problem(error: sqlite3.OperationalError) -> Exception:
    """Return what the operator or time can cure as StoreError; wrong SQL stays what it is."""
    match getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]:
        case "BUSY" | "LOCKED":
            return StoreError(StoreProblem.BUSY)
        case "FULL":
            return StoreError(StoreProblem.FULL)
        case "IOERR" | "CANTOPEN" | "READONLY" | "NOMEM" | "PROTOCOL":
            return StoreError(StoreProblem.UNREADABLE, detail=str(error))
        case _:
            return error
