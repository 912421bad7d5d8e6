"""The bucket of credits: what time brings, and what no clock can bring."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import DAY_MS, Bucket, Limit, credits_text

amounts = st.integers(0, 10_000_000)
instants = st.integers(0, 400 * DAY_MS)
limits = st.builds(Limit, amounts, st.integers(0, 200_000_000))
buckets = st.builds(Bucket, amounts, amounts, instants)


@given(buckets, limits, instants)
def test_time_never_fills_beyond_the_cap_and_never_takes(bucket: Bucket, limit: Limit, now_ms: int) -> None:
    """What is free and held together never passes the cap by waiting; what was given beyond it stays."""
    later = bucket.at(now_ms, limit)
    assert later.held_mcr == bucket.held_mcr
    assert later.tokens_mcr >= bucket.tokens_mcr
    assert later.tokens_mcr + later.held_mcr <= max(limit.cap_mcr, bucket.tokens_mcr + bucket.held_mcr)


@given(buckets, limits, st.integers(0, DAY_MS), instants)
def test_a_clock_that_goes_back_brings_nothing(bucket: Bucket, limit: Limit, back_ms: int, forth_ms: int) -> None:
    """An earlier time than the last look adds nothing, and what comes afterwards is counted from there."""
    back = bucket.at(bucket.at_ms - back_ms, limit)
    assert (back.tokens_mcr, back.held_mcr, back.at_ms) == (bucket.tokens_mcr, bucket.held_mcr, bucket.at_ms - back_ms)
    assert back.at(back.at_ms + forth_ms, limit).tokens_mcr <= bucket.at(bucket.at_ms + forth_ms, limit).tokens_mcr


@given(limits, st.lists(st.integers(-DAY_MS, DAY_MS), max_size=30))
def test_no_clock_brings_more_than_its_way_forward(limit: Limit, moves_ms: list[int]) -> None:
    """However a clock jumps about, all that is earned fits into the time by which it moved forward."""
    bucket = Bucket(0, 0, 500 * DAY_MS)
    now_ms = bucket.at_ms
    for move_ms in moves_ms:
        now_ms += move_ms
        bucket = bucket.at(now_ms, limit)
    forward_ms = sum(move_ms for move_ms in moves_ms if move_ms > 0)
    assert bucket.tokens_mcr <= Fraction(forward_ms * limit.per_day_mcr, DAY_MS)


@given(buckets, limits, st.lists(st.integers(0, DAY_MS), min_size=1, max_size=40))
def test_looking_often_loses_nothing(bucket: Bucket, limit: Limit, steps_ms: list[int]) -> None:
    """Many looks give what one gives, but for the part of a millisecond that each look may cost."""
    now_ms, often = bucket.at_ms, bucket
    for step_ms in steps_ms:
        now_ms += step_ms
        often = often.at(now_ms, limit)
    once = bucket.at(now_ms, limit)
    lost_mcr = Fraction(len(steps_ms) * limit.per_day_mcr, DAY_MS) + 1
    assert once.tokens_mcr - lost_mcr <= often.tokens_mcr <= once.tokens_mcr


def test_a_look_every_second_earns_a_whole_days_credits() -> None:
    """At one credit a day, of which a second brings a hundredth of a thousandth."""
    limit, bucket = Limit(20_000, 1_000), Bucket(0, 0, 0)
    for now_ms in range(0, DAY_MS + 1, 1_000):
        bucket = bucket.at(now_ms, limit)
    assert bucket.tokens_mcr == 1_000


@given(buckets, limits, st.lists(instants, min_size=2, max_size=10))
def test_a_later_look_never_shows_less(bucket: Bucket, limit: Limit, at_ms: list[int]) -> None:
    """Waiting never costs anything."""
    tokens = [bucket.at(now_ms, limit).tokens_mcr for now_ms in sorted(at_ms)]
    assert all(early <= late for early, late in pairwise(tokens))


@given(buckets, limits, amounts)
def test_what_is_promised_for_later_is_there_then(bucket: Bucket, limit: Limit, wanted_mcr: int) -> None:
    """After the seconds that were named there is enough; where none are named there never is."""
    seconds = bucket.seconds_until(wanted_mcr, limit)
    if seconds is None:
        assert bucket.at(bucket.at_ms + 10**9 * DAY_MS, limit).tokens_mcr < wanted_mcr
    else:
        assert bucket.at(bucket.at_ms + int(seconds * 1000) + 1, limit).tokens_mcr >= wanted_mcr


def test_what_is_held_leaves_no_room() -> None:
    """Holding credits for long does not make more of them."""
    full = Bucket(0, 5_000, 0)
    assert full.at(30 * DAY_MS, Limit(5_000, 5_000)).tokens_mcr == 0


@pytest.mark.parametrize(
    ("mcr", "text"),
    [(0, "0"), (100, "0.1"), (500, "0.5"), (1_000, "1"), (12_300, "12.3"), (999, "0.9"), (1_050, "1"), (-500, "-0.5")],
)
def test_credits_are_told_in_tenths_and_never_more_than_there_are(mcr: int, text: str) -> None:
    """As people read them."""
    assert credits_text(mcr) == text
