"""The buttons below a job's message."""

from dataclasses import replace

import pytest
from telegram import InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit

from bot.adapters.telegram.keyboards import (
    button,
    job_keyboard,
    no_video_keyboard,
    send_keyboard,
    status_keyboard,
    sure_keyboard,
)
from bot.domain.job_verbs import Verb, read_job_data
from tests.adapters.telegram.test_card import FAILED, JOB


def labels(keyboard: InlineKeyboardMarkup) -> list[list[str]]:
    return [[one.text for one in row] for row in keyboard.inline_keyboard]


def test_what_a_button_carries_fits_and_is_read_back() -> None:
    """Each button of a job holds what Telegram takes, and says which job and what is wanted."""
    keyboard = job_keyboard(JOB.id, [[verb] for verb in Verb])
    data = [str(one.callback_data) for row in keyboard.inline_keyboard for one in row]
    assert [read_job_data(one) for one in data] == [(JOB.id, verb) for verb in Verb]
    assert all(len(one.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA for one in data)


def test_each_moment_has_its_buttons() -> None:
    """What waits can be cancelled, what failed can be tried again, and a question is answered with yes or no."""
    assert labels(status_keyboard(JOB.id)) == [["Cancel"]]
    assert labels(no_video_keyboard(FAILED)) == [["Again", "Edit prompt"], ["Delete"]]
    assert labels(no_video_keyboard(replace(FAILED, has_picture=False))) == [["Delete"]]
    assert labels(sure_keyboard(JOB.id)) == [["Yes, delete", "Keep"]]
    assert labels(send_keyboard(JOB.id)) == [["Send again"]]


def test_a_button_that_would_not_fit_is_a_mistake() -> None:
    """A button that carries more than Telegram takes is found where it is made, and not by Telegram."""
    assert button("Older", "history", "5").callback_data == "do:history:5"
    with pytest.raises(AssertionError):
        button("Older", "history", "x" * 60)
