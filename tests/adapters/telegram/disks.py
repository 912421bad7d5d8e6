"""Disks that a test makes slow or full at a moment of its choice."""

import sqlite3
import threading
from dataclasses import dataclass

from bot.store.files import JobFiles
from bot.store.milestones import Change, before_commit
from generation.picture import Picture


@dataclass
class FullDisk:
    """While it is full, no change of one kind is committed; ``reach`` is for the database."""

    change: Change
    is_full: bool = False
    refused: int = 0

    def reach(self, milestone: str) -> None:
        if self.is_full and milestone == before_commit(self.change):
            self.refused += 1
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error


@dataclass
class Gate:
    """Holds a thread that comes by, while it is shut."""

    is_shut: bool = False

    def __post_init__(self) -> None:
        self.arrived, self._opened = threading.Event(), threading.Event()

    def pass_by(self) -> None:
        if self.is_shut:
            self.arrived.set()
            assert self._opened.wait(timeout=30.0), "nobody opened the gate"

    def open(self) -> None:
        self.is_shut = False
        self._opened.set()


def slow_files(saving: Gate, deleting: Gate) -> type[JobFiles]:
    """Return files whose pictures wait at a gate before they are saved, and another before they are deleted."""

    class SlowFiles(JobFiles):
        def save_pictures(self, job_id: str, start: Picture, end: Picture | None) -> None:
            saving.pass_by()
            super().save_pictures(job_id, start, end)

        def delete_pictures(self, job_id: str) -> None:
            deleting.pass_by()
            super().delete_pictures(job_id)

    return SlowFiles
