"""Credits in rows: exact under any concurrency, on every level at once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.credits import DAY_MS, Limit
from bot.domain.job import CreditState
from bot.store import accounts
from bot.store.accounts import EVERYONE, Level, Shortage, person_account, place_account
from bot.store.checks import broken_promises
from bot.store.database import FILE_NAME, Connection, Database, connect
from tests.store.rows import NOW_MS

_PROCESSES = 8
_TAKE = """
import sys
from pathlib import Path
from bot.domain.credits import Limit
from bot.store import accounts
from bot.store.accounts import EVERYONE, Level, Shortage, person_account
from bot.store.database import connect
connection, me = connect(Path(sys.argv[1])), sys.argv[2]
connection.execute("PRAGMA busy_timeout = 60000")
levels = [Level(person_account("web:bob"), Limit(100_000, 0)), Level(EVERYONE, Limit(1_000_000, 0))]
print("ready", flush=True)
sys.stdin.readline()
granted = 0
for number in range(40):
    connection.execute("BEGIN IMMEDIATE")
    try:
        accounts.hold(connection, f"{me}-{number}", levels, 1_000, 0)
    except Shortage:
        connection.execute("ROLLBACK")
    else:
        connection.execute("COMMIT")
        granted += 1
print(granted, flush=True)
"""


@pytest.fixture
def db(folder: Path) -> Iterator[Connection]:
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    yield connection
    assert list(broken_promises(connection)) == []
    connection.close()


def level(cap: int, per_day: int = 0, account: str = person_account("web:bob")) -> Level:
    return Level(account, Limit(cap, per_day))


def columns(db: Connection, account: str = person_account("web:bob")) -> tuple[int, ...]:
    return tuple(db.execute("SELECT tokens, held, used, added FROM account WHERE id = ?", (account,)).fetchone())


def test_eight_processes_get_exactly_what_there_is(db: Connection, folder: Path) -> None:
    """Of 320 tries at once at 100 credits, 100 are granted, whoever is faster."""
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", _TAKE, str(folder / FILE_NAME), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(_PROCESSES)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("\n")
        taker.stdin.flush()
    granted = [int(taker.communicate()[0]) for taker in takers]
    assert sum(granted) == 100
    assert columns(db) == (0, 100_000, 0, 100_000)
    assert columns(db, EVERYONE) == (900_000, 100_000, 0, 1_000_000)
    assert db.execute("SELECT count(*) FROM entry").fetchone()[0] == 200


@pytest.mark.parametrize("poorest", [0, 1, 2])
def test_all_levels_or_none(db: Connection, poorest: int) -> None:
    """Where one level has too little it is named, and after the rollback no other has paid."""
    names = (person_account("web:bob"), place_account("web:club"), EVERYONE)
    levels = [level(500 if number == poorest else 5_000, account=name) for number, name in enumerate(names)]
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(Shortage) as shortage:
        accounts.hold(db, "a", levels, 1_000, NOW_MS)
    db.execute("ROLLBACK")
    assert shortage.value.level.account == names[poorest]
    assert shortage.value.balance.bucket.tokens_mcr == 500
    assert db.execute("SELECT count(*) FROM account").fetchone()[0] == 0
    accounts.hold(db, "a", levels, 500, NOW_MS)
    assert [columns(db, name)[1] for name in names] == [500, 500, 500]
    accounts.settle(db, "a", CreditState.RETURNED, NOW_MS)
    assert [columns(db, name)[:3] for name in names] == [
        (500 if number == poorest else 5_000, 0, 0) for number in range(3)
    ]


def test_what_is_used_is_gone_and_what_is_returned_is_there(db: Connection) -> None:
    """To the thousandth, whatever the price."""
    for job_id in ("a", "b", "c"):
        accounts.hold(db, job_id, [level(10_000)], 333, NOW_MS)
    accounts.settle(db, "a", CreditState.USED, NOW_MS)
    accounts.settle(db, "b", CreditState.RETURNED, NOW_MS)
    assert columns(db) == (10_000 - 666, 333, 333, 10_000)


def test_a_price_that_is_just_there_is_granted(db: Connection) -> None:
    """The last thousandth counts."""
    accounts.hold(db, "a", [level(1_000)], 1_000, NOW_MS)
    with pytest.raises(Shortage):
        accounts.hold(db, "b", [level(1_000)], 1, NOW_MS)


def test_looking_writes_nothing(db: Connection) -> None:
    """A balance is computed when it is looked at; somebody new is full."""
    found = accounts.balance(db, level(7_000, 1_000), NOW_MS)
    assert (found.bucket.tokens_mcr, found.limit) == (7_000, Limit(7_000, 1_000))
    assert db.execute("SELECT count(*) FROM account").fetchone()[0] == 0


def test_a_day_brings_a_days_credits(db: Connection) -> None:
    """What was used comes back with time, up to the cap."""
    accounts.hold(db, "a", [level(10_000, 4_000)], 9_000, NOW_MS)
    accounts.settle(db, "a", CreditState.USED, NOW_MS)
    days = [accounts.balance(db, level(10_000, 4_000), NOW_MS + day * DAY_MS).bucket.tokens_mcr for day in range(4)]
    assert days == [1_000, 5_000, 9_000, 10_000]


def test_a_grant_goes_beyond_the_cap_and_takes_no_more_than_there_is(db: Connection) -> None:
    """Given credits are kept; a negative grant leaves nothing rather than a debt."""
    accounts.grant(db, level(1_000), 5_000, NOW_MS)
    assert columns(db) == (6_000, 0, 0, 6_000)
    accounts.hold(db, "a", [level(1_000)], 2_000, NOW_MS)
    accounts.grant(db, level(1_000), -50_000, NOW_MS)
    assert columns(db) == (0, 2_000, 0, 2_000)
    accounts.settle(db, "a", CreditState.RETURNED, NOW_MS)
    assert columns(db) == (2_000, 0, 0, 2_000)


def test_a_limit_of_ones_own_holds_until_it_is_taken_away(db: Connection) -> None:
    """A lower cap takes what is above it, never what is held; a higher one fills up with time only."""
    accounts.hold(db, "a", [level(10_000)], 3_000, NOW_MS)
    lower = accounts.set_limit(db, level(10_000), Limit(2_000, 100), NOW_MS)
    assert (lower.limit, columns(db)[:2]) == (Limit(2_000, 100), (0, 3_000))
    higher = accounts.set_limit(db, level(10_000), Limit(50_000, 24_000), NOW_MS)
    assert higher.bucket.tokens_mcr == 0
    later = accounts.balance(db, level(10_000), NOW_MS + DAY_MS)
    assert later.bucket.tokens_mcr == 24_000
    usual = accounts.set_limit(db, level(10_000), None, NOW_MS)
    assert usual.limit == Limit(10_000, 0)
