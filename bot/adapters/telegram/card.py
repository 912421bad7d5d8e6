"""The card: what a job's message says, and what stands below its video. Pure: the same job gives the same text."""

from dataclasses import dataclass
from pathlib import Path

from bot.adapters.telegram.posts import Clip
from bot.adapters.telegram.text import (
    MAX_CAPTION_UNITS,
    MAX_TEXT_UNITS,
    Text,
    bold,
    instant,
    italic,
    lines,
    plain,
    visible,
)
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState
from bot.domain.refusal_words import wait_text
from bot.service.views import JobView

#: As long as a prompt is read at a glance; what it was in full, "Edit prompt" shows.
_PROMPT_CHARACTERS = 600
_NO_VIDEOS_HERE = "Your video is ready, but this chat does not let the bot send it. Once it does, press the button."
_NOT_TAKEN = "Your video is ready, but Telegram did not take it. Press the button to have it sent again."
_FAILED_AFTER_ALL = "Your video may have arrived here already. If you do not see it, this is why:"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a status message shows beside the job."""

    now_s: float  # since 1970
    ready_at_s: int | None = None
    holds_up: str = ""  # why nothing in the queue moves


def status_text(view: JobView, facts: Facts) -> Text:
    """Return what the message of a job says that waits or runs."""
    job, render = view.job, view.render
    match job.state:
        case JobState.QUEUED:
            state = plain(words.place_in_queue(view.ahead)) + _ready(facts) + plain(f" {facts.holds_up}".rstrip())
        case JobState.RUNNING if render is not None:
            phase = words.PHASES.get(str(render.phase), words.RENDERING)
            state = lines(plain(words.progress_bar(render.step, render.steps)), plain(f"{phase}.") + _ready(facts))
        case JobState.RUNNING:
            state = plain(f"{words.RENDERING}.") + _ready(facts)
        case _:
            state = plain(words.RENDERED)
    return lines(*_head(job), state).shortened(MAX_TEXT_UNITS)


def video_caption(job: Job) -> Text:
    """Return what stands below a video: its prompt, and how it was made; the latter is never cut off."""
    made = plain(words.how_it_was_made(job))
    room = MAX_CAPTION_UNITS - made.units - 1
    return lines(_prompt(job).shortened(room), made)


def no_video_text(job: Job) -> Text:
    """Return why a job has given no video, and what became of the credits."""
    return lines(*_head(job), plain(words.how_it_ended(job))).shortened(MAX_TEXT_UNITS)


def maybe_sent_text(job: Job) -> Text:
    """Return what stands in for a video that may be there already: nobody can look."""
    return lines(_prompt(job), plain(words.MAYBE_SENT)).shortened(MAX_TEXT_UNITS)


def no_rights_text(job: Job) -> Text:
    """Return what stands in for a video that the chat does not let the bot send."""
    return lines(_prompt(job), plain(_NO_VIDEOS_HERE)).shortened(MAX_TEXT_UNITS)


def not_taken_text(job: Job) -> Text:
    """Return what stands in for a video that Telegram refuses, or for which it was away too long."""
    return lines(_prompt(job), plain(_NOT_TAKEN)).shortened(MAX_TEXT_UNITS)


def failed_after_all_text(job: Job) -> Text:
    """Return why a job has failed whose video may be there: nobody can look."""
    return lines(_prompt(job), plain(_FAILED_AFTER_ALL), plain(words.how_it_ended(job))).shortened(MAX_TEXT_UNITS)


def video_file(job_id: str) -> str:
    """Return the name under which a job's video is saved."""
    return f"video-{job_id}.mp4"


def clip_of(job: Job, video: Path, poster: Path | None) -> Clip:
    """Return the video of a job that has one, as it is sent."""
    facts = job.video
    assert facts is not None
    return Clip(
        video=video,
        poster=poster,
        width_px=facts.width_px,
        height_px=facts.height_px,
        seconds=facts.frames / facts.fps,
        name=video_file(job.id),
    )


def _head(job: Job) -> tuple[Text, Text]:
    return _prompt(job), plain(words.asked_for(job))


def _prompt(job: Job) -> Text:
    text = visible(job.prompt, _PROMPT_CHARACTERS)
    return bold(text) if text else italic(words.NO_PROMPT)


def _ready(facts: Facts) -> Text:
    if facts.ready_at_s is None:
        return plain("")
    left_s = max(facts.ready_at_s - facts.now_s, 0.0)
    return plain(" Ready ") + instant(facts.ready_at_s, f"in about {wait_text(left_s)}") + plain(".")
