"""Rows of jobs: which changes are allowed, who is claimed next, and where jobs stand."""

import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from bot.domain.job import END_STATES, TRANSITIONS, CreditState, Failure, JobState, Lane, VideoFacts
from bot.store import jobs, outbox, people, queue_order
from bot.store.checks import broken_promises
from bot.store.database import FILE_NAME, Connection, Database, connect
from bot.store.jobs import Ending
from tests.store.rows import NOW_MS, accept, new_job

_VIDEO = VideoFacts(96, 64, 9, 24, 1, "0", "scripted", "camera", used_ai=False, render_seconds=1.0)
_CANCELLED = Ending(JobState.CANCELLED, CreditState.RETURNED)
_FAILED = Ending(JobState.FAILED, CreditState.RETURNED, Failure("bug", {}))
_RENDERED = Ending(JobState.RENDERED, video=_VIDEO)
_WAYS = {
    JobState.QUEUED: (),
    JobState.RUNNING: ("claim",),
    JobState.RENDERED: ("claim", _RENDERED),
    JobState.DELIVERED: ("claim", _RENDERED, Ending(JobState.DELIVERED, CreditState.USED)),
    JobState.UNDELIVERABLE: ("claim", _RENDERED, Ending(JobState.UNDELIVERABLE, CreditState.USED)),
    JobState.FAILED: ("claim", _FAILED),
    JobState.CANCELLED: (_CANCELLED,),
}


@pytest.fixture
def db(folder: Path) -> Iterator[Connection]:
    """A writer's connection, outside transactions, whose books are right in the end."""
    Database.open(folder, NOW_MS)._close()
    connection = connect(folder / FILE_NAME)
    yield connection
    assert list(broken_promises(connection)) == []
    connection.close()


def bring_to(db: Connection, state: JobState) -> None:
    """Have job ``a`` in this state."""
    accept(db, "bob", "a")
    for step in _WAYS[state]:
        if isinstance(step, Ending):
            assert jobs.end(db, "a", step, NOW_MS)
        else:
            assert queue_order.claim(db, NOW_MS) is not None


def claim_all(db: Connection) -> list[str]:
    order = []
    while (job := queue_order.claim(db, NOW_MS)) is not None:
        order.append(job.id)
    return order


def test_code_and_database_have_the_same_table_of_transitions(db: Connection) -> None:
    """What the trigger allows is what the domain allows."""
    rows = {(row["from_state"], row["to_state"]) for row in db.execute("SELECT * FROM transition")}
    assert rows == {(str(old), str(new)) for old, following in TRANSITIONS.items() for new in following}


@pytest.mark.parametrize(("old", "new"), list(product(JobState, JobState)))
def test_no_statement_can_make_a_change_that_is_not_in_the_table(db: Connection, old: JobState, new: JobState) -> None:
    """Whatever else a row says: the database itself refuses the change of state."""
    bring_to(db, old)
    set_state = "UPDATE job SET state = ?, started_ms = 1, ended_ms = ?, credits = ?, video = '{}', failure = '{}'"
    is_used = new in (JobState.DELIVERED, JobState.UNDELIVERABLE)
    end_of_credits = ("used" if is_used else "returned") if new in END_STATES else "held"
    values = (new, 1 if new in END_STATES else None, end_of_credits)
    db.execute("BEGIN")
    if new in TRANSITIONS[old]:
        assert db.execute(set_state, values).rowcount == 1
    else:
        with pytest.raises(sqlite3.IntegrityError, match="no such transition"):
            db.execute(set_state, values)
    db.execute("ROLLBACK")


@pytest.mark.parametrize(("old", "ending"), list(product(JobState, (_CANCELLED, _FAILED, _RENDERED))))
def test_an_end_that_comes_too_late_changes_nothing(db: Connection, old: JobState, ending: Ending) -> None:
    """Whoever is second is told so; credits and outbox are as the first one left them."""
    bring_to(db, old)
    before = "\n".join(db.iterdump())
    assert jobs.end(db, "a", ending, NOW_MS + 1) == (ending.state in TRANSITIONS[old])
    assert ("\n".join(db.iterdump()) == before) == (ending.state not in TRANSITIONS[old])


@pytest.mark.parametrize("state", JobState)
def test_credits_are_where_the_state_says(db: Connection, state: JobState) -> None:
    """Held while a job is under way, used when there is a video, given back when there is none."""
    bring_to(db, state)
    account = db.execute("SELECT tokens, held, used, added FROM account").fetchone()
    at_work = {JobState.QUEUED, JobState.RUNNING, JobState.RENDERED}
    held = 1_000 if state in at_work else 0
    used = 1_000 if state in (JobState.DELIVERED, JobState.UNDELIVERABLE) else 0
    assert tuple(account) == (100_000 - held - used, held, used, 100_000)


@pytest.mark.parametrize("state", JobState)
def test_whoever_has_to_be_told_is_in_the_outbox(db: Connection, state: JobState) -> None:
    """A video, a failure and a cancellation are to be told; an end that is known already is not."""
    bring_to(db, state)
    is_waiting = state in (JobState.RENDERED, JobState.FAILED, JobState.CANCELLED)
    assert (outbox.find(db, "a") is not None) == is_waiting
    if is_waiting:
        assert [pending.job_id for pending in outbox.due(db, NOW_MS, 10)] == ["a"]


@pytest.mark.parametrize(
    "row",
    [
        ("a", "person:web:bob", "use"),  # a second end of another kind
        ("a", "person:web:bob", "return"),  # the same again
        ("a", "person:web:bob", "hold"),
        ("a", "person:web:bob", "gift"),
        ("a", "person:web:nobody", "hold"),
    ],
)
def test_each_job_is_held_once_and_ends_once_on_each_account(db: Connection, row: tuple[str, str, str]) -> None:
    """The database refuses a second hold, a second end, and an entry without an account."""
    bring_to(db, JobState.CANCELLED)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO entry (job, account, kind, amount, at_ms) VALUES (?, ?, ?, 1000, 0)", row)


def test_an_account_cannot_be_overdrawn_or_out_of_balance(db: Connection) -> None:
    """Credits neither become negative nor appear or vanish."""
    accept(db, "bob", "a")
    for change in ("tokens = tokens - 100000, added = added - 100000", "tokens = tokens + 1", "used = used + 1"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(f"UPDATE account SET {change}")


def test_a_key_makes_one_job(db: Connection) -> None:
    """The same update of a platform cannot become two rows; other people's keys are their own."""
    for name in ("bob", "ann"):
        people.touch(db, new_job(name, name).requester, NOW_MS)
        queue_order.insert(db, new_job(name, name, key="update 1"), NOW_MS)
    with pytest.raises(sqlite3.IntegrityError):
        queue_order.insert(db, new_job("bob", "again", key="update 1"), NOW_MS)
    found = jobs.find_by_key(db, "web:bob", "update 1")
    assert found is not None
    assert found.id == "bob"


def test_jobs_are_claimed_in_turn_and_in_the_order_that_is_shown(db: Connection) -> None:
    """People go in turn, each one's own in their order; the list for admins is the order of the claims."""
    for name, job_id in (("bob", "b1"), ("bob", "b2"), ("bob", "b3"), ("ann", "a1"), ("ann", "a2"), ("eve", "e1")):
        accept(db, name, job_id)
    shown = [job.id for job in queue_order.first_waiting(db, 10)]
    assert shown == ["b1", "a1", "e1", "b2", "a2", "b3"]
    assert [job.id for job in queue_order.first_waiting(db, 2)] == shown[:2]
    assert claim_all(db) == shown


def test_a_job_put_back_keeps_its_place_and_moves_nobody(db: Connection) -> None:
    """However often an engine that is down gives a job back, it is next again, and newcomers stand where they would."""
    for job_id in ("b1", "b2", "b3"):
        accept(db, "bob", job_id)
    first = queue_order.claim(db, NOW_MS)
    assert first is not None
    after_one = db.execute("SELECT virtual_time FROM queue").fetchone()[0]
    for number in range(100):
        place = queue_order.requeue(db, "b1", lost_render=number < 1)
        assert place is not None
        assert queue_order.claim(db, NOW_MS) is not None
    assert db.execute("SELECT virtual_time FROM queue").fetchone()[0] == after_one
    queue_order.requeue(db, "b1", lost_render=False)
    assert accept(db, "ann", "a1").tag == after_one
    assert claim_all(db) == ["b1", "a1", "b2", "b3"]
    found = jobs.find(db, "b1")
    assert found is not None
    assert found.lost_renders == 1


def test_only_a_running_job_is_put_back(db: Connection) -> None:
    """What was cancelled meanwhile stays cancelled."""
    bring_to(db, JobState.CANCELLED)
    assert queue_order.requeue(db, "a", lost_render=True) is None
    assert queue_order.requeue(db, "nobody's", lost_render=True) is None


def test_a_cancel_lets_the_later_jobs_of_the_same_person_move_up(db: Connection) -> None:
    """The next one stands where the cancelled one stood, and what comes later begins a price earlier."""
    for job_id in ("b1", "b2", "b3"):
        accept(db, "bob", job_id)
    accept(db, "ann", "a1", price_mcr=5_000)
    accept(db, "ann", "a2")
    jobs.end(db, "b1", _CANCELLED, NOW_MS)
    tags = {place.job_id: place.tag for place in queue_order.places(db)}
    assert tags == {"b2": 0, "b3": 1_000, "a1": 0, "a2": 5_000}
    assert accept(db, "bob", "b4").tag == 2_000


def test_a_cancel_puts_no_crowd_before_newcomers(db: Connection) -> None:
    """Who gives a dear job up gets its place for one other job, not for as many cheap ones as it would have cost."""
    accept(db, "bob", "dear", price_mcr=50_000)
    for number in range(20):
        accept(db, "bob", f"cheap {number}")
    for number in range(30):
        accept(db, f"p{number}", f"{number}")
    for _ in range(30):  # theirs came later than the dear one, at the same tag or a little after it
        job = queue_order.claim(db, NOW_MS)
        assert job is not None
        if job.id == "dear":
            queue_order.requeue(db, "dear", lost_render=False)
            db.execute("UPDATE job SET tag = 20000 WHERE id = 'dear'")
    assert db.execute("SELECT virtual_time FROM queue").fetchone()[0] > 2_000
    jobs.end(db, "dear", _CANCELLED, NOW_MS)
    accept(db, "ann", "newcomer")
    order = claim_all(db)
    assert order.index("newcomer") <= 2


def test_a_second_job_stands_behind_whoever_comes_after_it(db: Connection) -> None:
    """Also where the price of the first one is made up for already while it still waits."""
    accept(db, "bob", "b1")
    db.execute("UPDATE queue SET virtual_time = 5000")
    accept(db, "bob", "b2")
    accept(db, "ann", "a1")
    assert claim_all(db) == ["b1", "a1", "b2"]


def test_a_promoted_job_goes_first_and_after_three_a_normal_one(db: Connection) -> None:
    """The list for admins mixes the lanes as they are claimed."""
    for number in range(7):
        accept(db, f"p{number}", f"{number}")
    for job_id in ("6", "5", "4", "3"):
        assert queue_order.promote(db, job_id)
    assert not queue_order.promote(db, "6")
    shown = [job.id for job in queue_order.first_waiting(db, 10)]
    assert shown == ["3", "4", "5", "0", "6", "1", "2"]
    job = jobs.find(db, "6")
    assert job is not None
    assert job.lane is Lane.PRIORITY
    assert claim_all(db) == shown


def test_an_empty_queue_gives_nothing(db: Connection) -> None:
    """Asking does not change anything."""
    before = "\n".join(db.iterdump())
    assert queue_order.claim(db, NOW_MS) is None
    assert "\n".join(db.iterdump()) == before
