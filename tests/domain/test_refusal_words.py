"""Why somebody is refused, in one sentence that says what to do."""

import re
from collections.abc import Mapping

import pytest

from bot.domain.job import JobState
from bot.domain.refusal_words import FAILURES, REFUSALS, notice_sentence, refusal_sentence, store_sentence, wait_text
from bot.domain.refusals import FailureCode, RefusalCode

VALUES: Mapping[str, object] = {
    "reason": "spam",
    "until_ms": 1_800_000_000_000,
    "per_minute": 6,
    "retry_after_s": 20.0,
    "waiting": 3,
    "highest": 5,
    "level": "person",
    "price_mcr": 1_000,
    "left_mcr": 300,
    "job": "abc",
    "state": "delivered",
    "command": "pause",
    "nearest": "resume",
    "person": "discord:1",
    "argument": "days",
    "value": "x",
    "wanted": "a number",
    "report": 3,
    "host": "example.org",
    "detail": "it is cut off",
    "max_kb": 64,
}


def test_a_video_on_its_way_need_not_be_cancelled() -> None:
    """Whoever deletes too early is told to wait while the video is sent, and to cancel what is not made yet."""
    said = {state: refusal_sentence(RefusalCode.NOT_OVER, {"job": "abc", "state": state}) for state in JobState}
    assert "try again in a moment" in said[JobState.RENDERED]
    assert "cancel" not in said[JobState.RENDERED]
    assert "cancel it first" in said[JobState.RUNNING]


def test_every_code_has_its_sentence() -> None:
    """Nobody is refused without a word."""
    assert set(REFUSALS) == set(RefusalCode)
    assert set(FAILURES) == set(FailureCode)


@pytest.mark.parametrize("code", RefusalCode)
def test_a_refusal_is_whole_sentences_without_gaps(code: RefusalCode) -> None:
    """All values are filled in, and it ends as a sentence does (a person's own reason as they wrote it)."""
    sentence = refusal_sentence(code, VALUES)
    assert not re.search(r"[{}]|None|\s\s", sentence)
    assert sentence[0].isupper() or sentence.startswith(("pause", "days"))
    assert sentence.endswith((".", "?", "spam"))


@pytest.mark.parametrize(
    ("retry_after_s", "remedy"),
    [(None, "A shorter or smaller video costs less."), (30, "There will be enough in 30 s."), (7200, "in 2 h.")],
)
def test_without_credits_one_is_told_what_helps(retry_after_s: float | None, remedy: str) -> None:
    """How long to wait, or where waiting does not help, what does."""
    sentence = refusal_sentence(RefusalCode.NO_CREDITS, {**VALUES, "retry_after_s": retry_after_s})
    assert sentence.startswith("Your credits are not enough: this costs 1, and 0.3 are left.")
    assert sentence.endswith(remedy)


@pytest.mark.parametrize(
    ("level", "begin"), [("person", "Your credits"), ("place", "The credits of this place"), ("everyone", "Today's")]
)
def test_it_is_said_whose_credits_are_used_up(level: str, begin: str) -> None:
    """Somebody whose own credits are there is not told that they are not."""
    assert refusal_sentence(RefusalCode.NO_CREDITS, {**VALUES, "level": level}).startswith(begin)


def test_a_ban_says_how_long() -> None:
    """With its day, or without one for good."""
    assert refusal_sentence(RefusalCode.BANNED, VALUES) == "You may not ask for videos until 2027-01-15. Reason: spam"
    for_good = refusal_sentence(RefusalCode.BANNED, {**VALUES, "until_ms": None})
    assert for_good == "You may not ask for videos. Reason: spam"


def test_an_unknown_argument_suggests_the_nearest_one_where_there_is_one() -> None:
    """A command without arguments says so instead."""
    assert refusal_sentence(RefusalCode.UNKNOWN_ARGUMENT, VALUES).endswith("Did you mean resume?")
    assert refusal_sentence(RefusalCode.UNKNOWN_ARGUMENT, {**VALUES, "nearest": ""}).endswith("It takes none.")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 s"),
        (0.4, "1 s"),
        (20, "20 s"),
        (89, "89 s"),
        (90, "2 min"),
        (300, "5 min"),
        (5_340, "89 min"),
        (10_800, "3 h"),
    ],
)
def test_a_time_is_told_as_people_say_it(seconds: float, text: str) -> None:
    """In one unit that fits."""
    assert wait_text(seconds) == text


@pytest.mark.parametrize("code", ["job_failed", "undeliverable", "video_lost", "video_too_large", "reported"])
def test_admins_are_told_in_whole_sentences(code: str) -> None:
    """With the job that it is about."""
    assert "abc" in notice_sentence(code, {"job": "abc", "failure": "bug", "reason": "blocked"})


def test_a_failed_migration_names_the_copy_where_there_is_one() -> None:
    """A first start has none."""
    values = {"path": "a.db", "version": 2, "detail": "no such table"}
    assert store_sentence("migration_failed", {**values, "backup": "b.db"}).endswith("a copy is b.db.")
    assert store_sentence("migration_failed", {**values, "backup": ""}).endswith("as it was before.")
