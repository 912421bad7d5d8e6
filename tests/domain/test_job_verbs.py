"""What the buttons of a job carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job_verbs import LABELS, Verb, job_data, read_job_data

JOB = "0123456789abcdef0123"
_MAX_BYTES = 64  # of the strictest platform


@pytest.mark.parametrize("verb", Verb)
def test_a_button_is_read_as_it_was_made(verb: Verb) -> None:
    """What each button carries says its job and its verb, fits everywhere, and has a label."""
    data = job_data(JOB, verb)
    assert read_job_data(data) == (JOB, verb)
    assert len(data.encode()) <= _MAX_BYTES
    assert LABELS[verb]


def test_labels_tell_the_buttons_apart() -> None:
    """No two buttons have the same label."""
    assert len(set(LABELS.values())) == len(Verb)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"job:{JOB}",
        f"job:{JOB}:",
        f"job:{JOB}:fly",
        f"job:{JOB}:again:again",
        f"job:{JOB}:again\n",
        f" job:{JOB}:again",
        f"job:{JOB.upper()}:again",
        f"job:{JOB}0:again",
        "do:jobs:",
    ],
)
def test_what_is_no_button_of_a_job_is_not_read_as_one(text: str) -> None:
    """Other texts, and those of buttons that there never were, are no job's."""
    assert read_job_data(text) is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Whatever a platform hands over, reading it ends well."""
    found = read_job_data(text)
    assert found is None or job_data(*found) == text
