"""The life of a job: which state may follow which."""

from itertools import product

import pytest

from bot.domain.job import END_STATES, TRANSITIONS, JobState, Requester
from bot.domain.progress import is_half_done
from generation.engines.engine import Phase


def test_every_state_has_its_followers() -> None:
    """The table leaves nothing out."""
    assert set(TRANSITIONS) == set(JobState)


def test_nothing_follows_an_end() -> None:
    """A video, an error, a cancellation, or nobody to give it to: each is the last word."""
    assert {JobState.DELIVERED, JobState.FAILED, JobState.CANCELLED, JobState.UNDELIVERABLE} == END_STATES


@pytest.mark.parametrize("state", sorted(set(JobState) - END_STATES))
def test_every_other_state_can_come_to_an_end(state: JobState) -> None:
    """From wherever a job is, there is a way out, and one of the ways is a cancellation."""
    assert JobState.CANCELLED in TRANSITIONS[state]


def test_a_video_is_delivered_only_after_it_was_rendered() -> None:
    """There is no shortcut around the render, and none around the row that says that the file is there."""
    before = {old for old, new in product(JobState, JobState) if new in TRANSITIONS[old] and new is JobState.DELIVERED}
    assert before == {JobState.RENDERED}


def test_the_same_number_on_two_platforms_is_two_people() -> None:
    """Credits and rights belong to platform and number together."""
    assert Requester("discord", "1").id != Requester("telegram", "1").id
    assert Requester("discord", "1", "Ann").id == Requester("discord", "1", "Bob").id == "discord:1"


@pytest.mark.parametrize(
    ("phase", "step", "steps", "is_half"),
    [
        (Phase.BEGIN, 0, 1, False),
        (Phase.DENOISE, 0, 0, False),
        (Phase.DENOISE, 3, 7, False),
        (Phase.DENOISE, 4, 7, True),
        (Phase.DRAW, 5, 10, True),
        (Phase.DECODE, 0, 1, True),
        (Phase.ENCODE, 0, 1, True),
    ],
)
def test_half_of_the_work_is_half_of_the_steps(phase: Phase, step: int, steps: int, is_half: bool) -> None:
    """Preparing is nothing yet; what comes after the steps is more than half."""
    assert is_half_done(phase, step, steps) == is_half
