"""One bot for each data folder: a lock that the kernel gives back however the process ends."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from bot.store.errors import StoreError, StoreProblem

_FILE_NAME = "lock"


class FolderLock:
    """Held until ``release``, or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, folder: Path) -> Self:
        """Return the lock of ``folder``; raises StoreError(ALREADY_OPEN) at once where another process has it."""
        descriptor = os.open(folder / _FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise StoreError(StoreProblem.ALREADY_OPEN, folder=str(folder)) from error
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two others in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        import msvcrt

        with suppress(AttributeError):  # typeshed knows it on Windows only
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
