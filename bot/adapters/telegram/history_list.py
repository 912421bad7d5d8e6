"""``/history``: a person's results, page by page, in their own chat; every button says all that it needs."""

from collections.abc import Mapping

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.job_list import message_link, prompt_of
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import Press
from bot.adapters.telegram.replies import Page, PressAction, change, moment
from bot.adapters.telegram.settings_text import settings_actions, settings_button
from bot.adapters.telegram.text import Text, bold, lines, plain
from bot.domain import chat_words as words
from bot.domain.job import Job, Requester
from bot.domain.job_verbs import LABELS, Verb, job_data
from bot.service.history import results

_PAGE = 5
_MAX_SKIPPED = 1_000
_PROMPT_CHARACTERS = 150
_TURN = "history"


async def history(desk: Desk, requester: Requester, skipped: int = 0) -> Page:
    """Return the page that begins after the ``skipped`` newest results."""
    skipped = min(max(skipped, 0), _MAX_SKIPPED)
    found = await results(desk.services.jobs, requester, skipped + _PAGE + 1)
    page, has_older = found[skipped : skipped + _PAGE], len(found) > skipped + _PAGE
    numbered = list(enumerate(page, start=skipped + 1))
    entries = [_entry(number, job) for number, job in numbered]
    if not page:
        entries.append(plain("There are no results yet." if not skipped else "There is nothing older."))
    turns = []
    if skipped:
        turns.append(button("Newer", _TURN, str(max(skipped - _PAGE, 0))))
    if has_older and skipped + _PAGE <= _MAX_SKIPPED:
        turns.append(button("Older", _TURN, str(skipped + _PAGE)))
    rows = [*(_buttons(number, job) for number, job in numbered), *([turns] if turns else [])]
    return Page(lines(*entries), InlineKeyboardMarkup(rows) if rows else None)


def history_actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what the pages' buttons do."""

    async def turn(press: Press, skipped: str) -> None:
        number = int(skipped) if skipped.isdecimal() else 0
        await change(desk, press, await history(desk, press.requester, number))

    return {_TURN: turn, **settings_actions(desk)}


def _entry(number: int, job: Job) -> Text:
    head = plain(f"{number}. ") + bold(prompt_of(job, _PROMPT_CHARACTERS)) + plain(f"\n{words.asked_for(job)}")
    if job.ended_ms is not None:
        head += plain(", ") + moment(job.ended_ms / 1000)
    outcome = words.how_it_was_made(job) if job.video is not None and not job.failure else words.how_it_ended(job)
    return head + message_link(job) + plain(f"\n{outcome}")


def _buttons(number: int, job: Job) -> list[InlineKeyboardButton]:
    verbs = [*([Verb.SEND] if job.has_video else []), *([Verb.AGAIN] if job.has_picture else [])]
    drawn = [InlineKeyboardButton(f"{number}. {LABELS[verb]}", callback_data=job_data(job.id, verb)) for verb in verbs]
    return [*drawn, settings_button(job, f"{number}. {LABELS[Verb.SETTINGS]}")]
