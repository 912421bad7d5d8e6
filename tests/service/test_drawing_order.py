"""Which message is drawn next, where platforms count edits together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job import Requester
from bot.service.drawing_order import DrawingOrder
from bot.service.status_message import Budget, StatusMessage

ANNA = Requester("scripted", "anna")
EVERY_S = 9.0

Message = StatusMessage[str]


def message(name: str, chat: str = "quay") -> Message:
    return StatusMessage(name, ANNA, chat)


def by_chat(one: Message) -> Budget | None:
    return Budget(one.address, EVERY_S) if one.address else None


@pytest.fixture
def order() -> DrawingOrder[str]:
    return DrawingOrder(by_chat)


def all_taken(order: DrawingOrder[str], now_s: float) -> list[str]:
    """Take everything that may be drawn at this time."""
    found = []
    while (one := order.take(now_s)) is not None:
        found.append(one.job_id)
    return found


def test_what_is_due_is_taken_once_at_its_time(order: DrawingOrder[str]) -> None:
    """A message is drawn when its time has come, and not a second time."""
    order.plan(message("a", ""), 5.0, is_urgent=True)
    assert order.next_s() == 5.0
    assert [all_taken(order, now_s) for now_s in (4.9, 5.0, 6.0)] == [[], ["a"], []]
    assert order.next_s() is None


def test_what_is_planned_anew_forgets_its_old_time(order: DrawingOrder[str]) -> None:
    """The last plan for a message counts, whether it is sooner or later than the one before."""
    one, other = message("a", ""), message("b", "")
    for each, times_s in ((one, (5.0, 2.0)), (other, (5.0, 8.0))):
        for due_s in times_s:
            order.plan(each, due_s, is_urgent=True)
    assert [all_taken(order, now_s) for now_s in (2.0, 5.0, 8.0)] == [["a"], [], ["b"]]


@pytest.mark.parametrize("waits_in_line", [True, False])
def test_what_is_withdrawn_is_not_drawn(order: DrawingOrder[str], *, waits_in_line: bool) -> None:
    """A message that was withdrawn is not drawn, also when it had been waiting for its chat already."""
    first, second = message("a"), message("b")
    order.plan(first, 0.0, is_urgent=True)
    order.plan(second, 0.0, is_urgent=True)
    if waits_in_line:
        assert all_taken(order, 0.0) == ["a"]
    order.withdraw(second)
    assert all_taken(order, 0.0) + all_taken(order, EVERY_S) == (["a"] if not waits_in_line else [])


def test_one_chat_does_not_wait_for_another(order: DrawingOrder[str]) -> None:
    """Edits of one chat keep their distance; those of another chat, and those of none, go at once."""
    for name, chat in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("free1", ""), ("free2", "")):
        order.plan(message(name, chat), 0.0, is_urgent=True)
    assert sorted(all_taken(order, 0.0)) == ["a1", "b1", "free1", "free2"]
    assert order.next_s() == EVERY_S
    assert all_taken(order, EVERY_S - 0.1) == []
    assert all_taken(order, EVERY_S) == ["a2"]


def test_a_chat_keeps_its_distance_after_all_its_messages_were_drawn(order: DrawingOrder[str]) -> None:
    """What becomes due soon after a chat's only edit waits for the chat's pause."""
    order.plan(message("a"), 0.0, is_urgent=True)
    assert all_taken(order, 0.0) == ["a"]
    order.plan(message("b"), 1.0, is_urgent=True)
    assert [all_taken(order, now_s) for now_s in (1.0, 8.9, 9.0)] == [[], [], ["b"]]


def test_some_at_once_and_then_one_by_one() -> None:
    """A chat that takes three at once has them, also one after the other, then one each; after a rest three again."""
    order = DrawingOrder[str](lambda one: Budget(one.address, EVERY_S, burst=3))
    messages = [message(name) for name in "abcdefgh"]
    order.plan(messages[0], 0.0, is_urgent=True)
    assert all_taken(order, 0.0) == ["a"]
    for one in messages[1:5]:
        order.plan(one, 1.0, is_urgent=True)
    assert [all_taken(order, now_s) for now_s in (1.0, 8.9, 9.0, 18.0)] == [["b", "c"], [], ["d"], ["e"]]
    for one in messages[5:]:
        order.plan(one, 60.0, is_urgent=True)
    assert all_taken(order, 60.0) == ["f", "g", "h"]
    assert all_taken(order, 200.0) == []
    assert not order._lines


def test_a_look_that_needed_no_edit_costs_its_chat_nothing(order: DrawingOrder[str]) -> None:
    """Where there was nothing to send the next one of the chat goes on at once, and the pause counts from there."""
    messages = [message(name) for name in "abc"]
    for one in messages:
        order.plan(one, 0.0, is_urgent=True)
    assert all_taken(order, 0.0) == ["a"]
    order.give_back(messages[0], 0.5)
    assert all_taken(order, 0.5) == ["b"]
    order.give_back(messages[0], 0.6)  # b's edit is another matter
    assert [all_taken(order, now_s) for now_s in (EVERY_S, EVERY_S + 0.5)] == [[], ["c"]]


def test_a_look_that_took_no_time_costs_its_chat_nothing(order: DrawingOrder[str]) -> None:
    """Also where a look is over in the same instant the chat keeps its pause, and goes on after it."""
    messages = [message(name) for name in "ab"]
    for one in messages:
        order.plan(one, 0.0, is_urgent=True)
    assert order.take(0.0) is messages[0]
    order.give_back(messages[0], 0.0)
    assert [all_taken(order, now_s) for now_s in (0.0, EVERY_S)] == [["b"], []]
    assert order.next_s() is None
    for one in messages:
        order.plan(one, 20.0, is_urgent=True)
    assert [all_taken(order, now_s) for now_s in (20.0, 28.0, 29.0)] == [["a"], [], ["b"]]


def test_a_chat_with_nothing_to_say_holds_nobody_up(order: DrawingOrder[str]) -> None:
    """When two chats may go on at the same time, and only one has something to say, that one does."""
    order.plan(message("a", "a"), 0.0, is_urgent=True)
    for name in ("b1", "b2"):
        order.plan(message(name, "b"), 0.0, is_urgent=True)
    assert all_taken(order, 0.0) == ["a", "b1"]
    one = order.take(EVERY_S)
    assert one is not None
    assert one.job_id == "b2"


def test_a_change_that_matters_more_moves_up(order: DrawingOrder[str]) -> None:
    """A message that waits to show its place moves up when its job begins, and is drawn once."""
    began, *others = [message(name) for name in "abc"]
    order.plan(others[0], 0.0, is_urgent=True)
    assert all_taken(order, 0.0) == ["b"]
    for one in (others[1], began):
        order.plan(one, 1.0, is_urgent=False)
    assert all_taken(order, 1.0) == []
    order.plan(began, 2.0, is_urgent=True)
    order.plan(others[0], 3.0, is_urgent=True)
    drawn = [all_taken(order, EVERY_S * number) for number in range(1, 6)]
    assert drawn == [["c"], ["a"], ["b"], [], []]


@given(renders=st.integers(0, 6), places=st.integers(0, 12), edits=st.integers(30, 60))
def test_everybody_in_a_busy_chat_has_a_turn(renders: int, places: int, edits: int) -> None:
    """However many render and wait in one chat, edits keep their distance, and nobody waits for ever."""
    order = DrawingOrder(by_chat)
    running = [message(f"render {number}") for number in range(renders)]
    waiting = [message(f"place {number}") for number in range(places)]
    drawn: list[tuple[float, str]] = []
    for second in range(int(edits * EVERY_S)):
        now_s = float(second)
        for one in (*running, *waiting):  # all of them have always something to say
            if one.due_s is None:
                order.plan(one, now_s, is_urgent=one in running)
        drawn += [(now_s, name) for name in all_taken(order, now_s)]
    assert all(after - before >= EVERY_S for (before, _), (after, _) in pairwise(drawn))
    for group, share in ((running, 2 if places else 1), (waiting, 2 if renders else 1)):
        for one in group:
            times_s = [0.0, *(at_s for at_s, name in drawn if name == one.job_id), edits * EVERY_S]
            longest_s = max(after - before for before, after in pairwise(times_s))
            assert longest_s <= (len(group) * share + 1) * EVERY_S
