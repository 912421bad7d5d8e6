"""Why a database cannot be opened, for the operator."""

from enum import StrEnum

from generation.errors import Value


class StoreProblem(StrEnum):
    """What is wrong with the database, and the values that come with it."""

    ALREADY_OPEN = "already_open"  # folder
    NEWER = "newer"  # path, found, known
    DAMAGED = "damaged"  # path, detail, backups
    INCONSISTENT = "inconsistent"  # path, detail
    MIGRATION_FAILED = "migration_failed"  # path, version, detail, backup
    BUSY = "busy"  # another process holds the database
    FULL = "full"  # the disk is
    UNREADABLE = "unreadable"  # detail: what SQLite says of the file or the disk


class StoreError(Exception):
    """The database cannot be used as it is; nothing in it was changed."""

    def __init__(self, code: StoreProblem, **values: Value) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({facts})"
