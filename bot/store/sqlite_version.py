"""Which SQLite this Python brings, and from which version on it has what the store relies on."""

import sqlite3

Version = tuple[int, int, int]

#: STRICT tables came with it; RETURNING is older.
OLDEST_SQLITE: Version = (3, 37, 0)
#: Until then two connections that write at the same instant can damage a database in WAL mode. The bot has one.
WAL_RESET_FIXED_IN: Version = (3, 51, 3)


def sqlite_version() -> Version:
    """Return the version of the SQLite library itself, not of Python's module around it."""
    return sqlite3.sqlite_version_info
