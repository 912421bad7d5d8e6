"""The card: what a job's message shows, in components. Pure: the same job gives the same card."""

from collections.abc import Iterable
from dataclasses import dataclass

import discord
from discord import ui

from bot.adapters.discord.job_buttons import JobButton
from bot.adapters.discord.text import shortened, shown
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState
from bot.domain.job_verbs import Verb
from bot.service.state_lines import state_lines
from bot.service.views import JobView

PICTURE_FILE, STILL_FILE = "picture.jpg", "preview.jpg"

_PROMPT_CHARACTERS = 600  # a message's components hold 4,000 characters in all
_ALT_CHARACTERS = 500  # Discord takes 1,024
_COLOURS = {
    JobState.QUEUED: discord.Colour.light_grey(),
    JobState.RUNNING: discord.Colour.blurple(),
    JobState.RENDERED: discord.Colour.blurple(),
    JobState.FAILED: discord.Colour.red(),
    JobState.CANCELLED: discord.Colour.dark_grey(),
}


@dataclass(frozen=True, slots=True)
class Shows:
    """What a card shows beside its words, and what may be asked of it."""

    has_picture: bool = True  # a thumbnail is attached
    has_still: bool = False  # a preview is attached
    ready_at_s: int | None = None  # the client counts down to it
    holds_up: str = ""  # why nothing in the queue moves
    is_bare: bool = False  # without the person's words: a filter has refused them
    offers: frozenset[Verb] = frozenset()  # of BEST and LONGER, those that would change something


def video_file(job_id: str) -> str:
    """Return the name of a job's video, by which it is found again."""
    return f"video-{job_id}.mp4"


def progress_card(view: JobView, shows: Shows) -> ui.LayoutView:
    """Return the card of a job that waits or runs."""
    job = view.job
    state = "\n".join(state_lines(view))
    ready = f" Ready <t:{shows.ready_at_s}:R>." if shows.ready_at_s is not None else ""
    lines: list[ui.Item[ui.LayoutView]] = [_head(job, shows)]
    lines.append(ui.TextDisplay(f"{state}{ready} {shows.holds_up}".rstrip()))
    if shows.has_still:
        lines.append(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{STILL_FILE}")))
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        lines.append(_row(job, [Verb.CANCEL]))
    return _view(job, lines)


def video_card(job: Job, shows: Shows) -> ui.LayoutView:
    """Return the card of a job whose video is attached to it."""
    alt = shortened(job.prompt, _ALT_CHARACTERS) or words.NO_PROMPT
    media = f"attachment://{video_file(job.id)}"
    item = discord.MediaGalleryItem(media, description=None if shows.is_bare else alt)
    first = [Verb.AGAIN, Verb.EDIT, *(verb for verb in (Verb.BEST, Verb.LONGER) if verb in shows.offers)]
    return _view(
        job,
        [
            ui.TextDisplay(_prompt(job, shows)),
            ui.MediaGallery(item),
            ui.TextDisplay(f"-# {words.how_it_was_made(job)}"),
            _row(job, first),
            _row(job, [Verb.SETTINGS, Verb.DELETE, Verb.REPORT]),
        ],
        discord.Colour.green(),
    )


def no_video_card(job: Job, shows: Shows) -> ui.LayoutView:
    """Return the card of a job that failed or was cancelled."""
    verbs = [Verb.AGAIN, Verb.EDIT, Verb.SETTINGS, Verb.DELETE] if job.has_picture else [Verb.SETTINGS, Verb.DELETE]
    return _view(job, [_head(job, shows), ui.TextDisplay(words.how_it_ended(job)), _row(job, verbs)])


def maybe_sent_card(job: Job) -> ui.LayoutView:
    """Return the card that stands in for a video that may be there already, where nobody can look."""
    return _view(job, [ui.TextDisplay(words.MAYBE_SENT), _row(job, [Verb.SEND])])


def _head(job: Job, shows: Shows) -> ui.Item[ui.LayoutView]:
    text = f"{_prompt(job, shows)}\n-# {words.asked_for(job)}"
    if not shows.has_picture:
        return ui.TextDisplay(text)
    return ui.Section(ui.TextDisplay(text), accessory=ui.Thumbnail(f"attachment://{PICTURE_FILE}"))


def _prompt(job: Job, shows: Shows) -> str:
    text = "" if shows.is_bare else shown(job.prompt, _PROMPT_CHARACTERS)
    return f"**{text}**" if text else f"*{words.NO_PROMPT}*"


def _row(job: Job, verbs: Iterable[Verb]) -> ui.ActionRow[ui.LayoutView]:
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for verb in verbs:
        row.add_item(JobButton(job.id, verb))
    return row


def _view(job: Job, items: Iterable[ui.Item[ui.LayoutView]], colour: discord.Colour | None = None) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=colour or _COLOURS.get(job.state)))
    view.stop()  # its buttons answer by their ids: the library need not keep the view for as long as it runs
    return view
