"""A power cut: whatever part of the last writes reached the disk, what was committed before is there and right.

``python -m tests.store.test_power_cut --cuts 500`` cuts more often.
"""

import argparse
import shutil
import sqlite3
import tempfile
from pathlib import Path
from random import Random

from bot.domain.job import CreditState, JobState
from bot.store import jobs, queue_order
from bot.store.checks import require_sound
from bot.store.database import FILE_NAME, Database, connect
from bot.store.jobs import Ending
from tests.store.rows import NOW_MS, accept

_WAL = f"{FILE_NAME}-wal"


def live(folder: Path) -> list[int]:
    """Accept, claim and end jobs, one commit each; return how long the log was after each."""
    Database.open(folder / "live", NOW_MS)._close()
    connection = connect(folder / "live" / FILE_NAME)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    sizes = []
    for number in range(20):
        for step in (
            lambda tx, n=number: accept(tx, f"p{n % 3}", f"{n}"),
            lambda tx: queue_order.claim(tx, NOW_MS),
            lambda tx, n=number: jobs.end(tx, f"{n}", Ending(JobState.CANCELLED, CreditState.RETURNED), NOW_MS),
        ):
            connection.execute("BEGIN IMMEDIATE")
            step(connection)
            connection.execute("UPDATE queue SET is_draining = 1 - is_draining")
            connection.execute("INSERT INTO audit (at_ms, who, command, arguments, outcome) VALUES (1, '', '', '', '')")
            connection.execute("COMMIT")
            sizes.append((folder / "live" / _WAL).stat().st_size)
    for name in (FILE_NAME, _WAL):  # as the disk has them at this moment
        shutil.copy(folder / "live" / name, folder / name)
    connection.close()
    return sizes


def cut(folder: Path, sizes: list[int], cuts: int) -> int:
    """Open the database as each cut left it; return how many different numbers of commits were found."""
    random = Random(cuts)
    log = (folder / _WAL).read_bytes()
    lost: set[int] = set()
    for number in range(cuts):
        at = random.choice((random.randrange(len(log) + 1), random.choice(sizes), random.choice(sizes) - 1))
        tail = random.randbytes(random.randrange(5_000)) if number % 3 == 0 else b""
        with tempfile.TemporaryDirectory(dir=folder) as name:
            after = Path(name) / FILE_NAME
            shutil.copy(folder / FILE_NAME, after)
            (Path(name) / _WAL).write_bytes(log[:at] + tail)
            database = Database.open(Path(name), NOW_MS)
            database._close()
            connection = connect(after)
            require_sound(connection, after)
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            found: int = connection.execute("SELECT count(*) FROM audit").fetchone()[0]
            connection.close()
        synced = sum(size <= at for size in sizes)
        assert found == synced, f"cut at {at}: {found} commits of {synced}"
        lost.add(found)
    return len(lost)


def test_nothing_committed_is_lost_by_a_cut_anywhere(tmp_path: Path) -> None:
    """Every commit that was on disk is there, none is there by half, and the books are right, at sixty cuts."""
    sizes = live(tmp_path)
    assert len(sizes) == len(set(sizes)) == 60
    assert cut(tmp_path, sizes, 60) > 20


def test_a_copy_without_its_log_is_what_was_checkpointed(tmp_path: Path) -> None:
    """The database file alone is whole as well."""
    live(tmp_path)
    (tmp_path / _WAL).unlink()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        sizes = live(Path(name))
        found = cut(Path(name), sizes, arguments.cuts)
    print(f"{arguments.cuts} cuts: nothing lost that was committed; {found} different states")


if __name__ == "__main__":
    main()
