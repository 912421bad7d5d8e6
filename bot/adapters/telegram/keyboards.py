"""Keyboards: the buttons below a job's message. Each carries all that is needed to answer it, also after a restart."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit, KeyboardButtonStyle

from bot.domain.job import Job
from bot.domain.job_verbs import LABELS, Verb, job_data
from bot.service.offers import Offers
from bot.service.variations import offered_verbs

_STYLES: Mapping[Verb, str] = MappingProxyType(
    {Verb.AGAIN: KeyboardButtonStyle.PRIMARY, Verb.SURE: KeyboardButtonStyle.DANGER}
)


def job_keyboard(job_id: str, rows: Iterable[Iterable[Verb]]) -> InlineKeyboardMarkup:
    """Return these buttons of a job, row by row; a row without any is left out."""
    drawn = [[_job_button(job_id, verb) for verb in row] for row in rows]
    return InlineKeyboardMarkup([row for row in drawn if row])


def status_keyboard(job_id: str) -> InlineKeyboardMarkup:
    """Return what can be done with a job that waits or runs."""
    return job_keyboard(job_id, [[Verb.CANCEL]])


def video_keyboard(job: Job, offers: Offers) -> InlineKeyboardMarkup:
    """Return what can be done with a video."""
    offered = offered_verbs(job, offers)
    return job_keyboard(
        job.id,
        [
            [Verb.AGAIN, Verb.EDIT],
            [verb for verb in (Verb.BEST, Verb.LONGER) if verb in offered],
            [Verb.FILE, Verb.DELETE, Verb.REPORT],
        ],
    )


def no_video_keyboard(job: Job) -> InlineKeyboardMarkup:
    """Return what can be done with a job that failed or was cancelled."""
    return job_keyboard(job.id, [[Verb.AGAIN, Verb.EDIT] if job.has_picture else [], [Verb.DELETE]])


def send_keyboard(job_id: str) -> InlineKeyboardMarkup:
    """Return the way to a video that is not in its message."""
    return job_keyboard(job_id, [[Verb.SEND]])


def sure_keyboard(job_id: str) -> InlineKeyboardMarkup:
    """Return the question whether a job is really to be deleted."""
    return job_keyboard(job_id, [[Verb.SURE, Verb.KEEP]])


def button(label: str, kind: str, rest: str = "") -> InlineKeyboardButton:
    """Return a button that calls the action of this kind with ``rest``; together they hold 64 bytes."""
    data = f"do:{kind}:{rest}"
    assert len(data.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA, data
    return InlineKeyboardButton(label, callback_data=data)


def _job_button(job_id: str, verb: Verb) -> InlineKeyboardButton:
    return InlineKeyboardButton(LABELS[verb], callback_data=job_data(job_id, verb), style=_STYLES.get(verb))
