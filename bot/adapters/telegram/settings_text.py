"""A job's prompt and options as one caption: sent with the same picture, it gives the same video."""

from collections.abc import Mapping

from telegram import CopyTextButton, InlineKeyboardButton

from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import Press
from bot.adapters.telegram.replies import PressAction
from bot.adapters.telegram.text import MAX_TEXT_UNITS, block, plain
from bot.domain.job import Job
from bot.domain.job_verbs import LABELS, Verb

_SETTINGS = "settings"
_MAX_COPIED_CHARACTERS = 256  # core.telegram.org/bots/api#copytextbutton
_FILE = "settings.txt"
#: Each with what would close it; the first of which nothing stands in a value is set around it.
_QUOTES = (('""', '"”“'), ("''", "'’"), ("«»", "»"), ("「」", "」"))


def caption_of(job: Job) -> str:
    """Return what ``bot.domain.caption.read_caption`` reads as this job's prompt and options, with its seed."""
    options = {**job.options, "seed": str(job.seed)}
    flags = (f"--{name} {_quoted(value)}" for name, value in options.items())
    return " ".join([*([job.prompt] if job.prompt else []), *flags])


def settings_button(job: Job, label: str) -> InlineKeyboardButton:
    """Return a button that copies a job's caption, or where it is too long for that has it sent."""
    text = caption_of(job)
    if len(text.encode("utf-16-le")) // 2 <= _MAX_COPIED_CHARACTERS:
        return InlineKeyboardButton(label, copy_text=CopyTextButton(text))
    return button(label, _SETTINGS, job.id)


def settings_actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what such a button does where it has to send the caption."""

    async def send(press: Press, job_id: str) -> None:
        text = block(caption_of((await desk.services.jobs.get(press.requester, job_id)).job))
        await desk.posts.answer_press(press.query)
        if text.units <= MAX_TEXT_UNITS:
            await desk.posts.send(press.address.answer, text)
        else:
            content, caption = text.text.encode(), plain(LABELS[Verb.SETTINGS])
            await desk.posts.send_file(press.address.answer, _FILE, content, caption)

    return {_SETTINGS: send}


def _quoted(value: str) -> str:
    if value and not set(value) & {" ", "\n", "\t"}:
        return value
    for marks, closing in _QUOTES:
        if not set(value) & set(closing):
            return f"{marks[0]}{value}{marks[1]}"
    return value
