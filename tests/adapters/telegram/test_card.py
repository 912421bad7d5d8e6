"""What a job's message says, from the job alone; Telegram counts in units of UTF-16."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from bot.adapters.telegram.card import (
    Facts,
    clip_of,
    maybe_sent_text,
    no_rights_text,
    no_video_text,
    status_text,
    video_caption,
)
from bot.adapters.telegram.text import MAX_CAPTION_UNITS, MAX_TEXT_UNITS, Text
from bot.domain.job import CreditState, Failure, Job, JobState, Lane, Origin, Requester, VideoFacts
from bot.service.views import JobView, RenderState
from generation.engines.engine import Phase

JOB = Job(
    id="a" * 20,
    requester=Requester("telegram", "1", "Anna"),
    origin=Origin("telegram"),
    state=JobState.QUEUED,
    lane=Lane.NORMAL,
    prompt="the boats sway",
    options={},
    model="camera",
    preset="balanced",
    seed=7,
    width_px=704,
    height_px=448,
    frames=121,
    fps=24,
    steps=1,
    price_mcr=1000,
    credits=CreditState.HELD,
    lost_renders=0,
    has_end_picture=False,
    has_picture=True,
    has_video=False,
    created_ms=0,
)
VIDEO = VideoFacts(704, 448, 121, 24, 1, "0", "camera", "camera", used_ai=False, render_seconds=20.0)
RENDERED = replace(JOB, state=JobState.RENDERED, video=VIDEO)
FAILED = replace(JOB, state=JobState.FAILED, credits=CreditState.RETURNED, failure=Failure("bug", {}))
RUNNING = replace(JOB, state=JobState.RUNNING)
NOW_S = 1_000_000.0
NOTHING_KNOWN = Facts(NOW_S)


def marked(text: Text, kind: str) -> list[str]:
    """Return what a reader sees under one kind of mark."""
    units = text.text.encode("utf-16-le")
    return [
        units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
        for entity in text.entities
        if entity.type == kind
    ]


def test_who_waits_reads_place_and_time() -> None:
    """Whoever waits reads their prompt, what it is to give, how many go before, and when it will be ready."""
    text = status_text(JobView(JOB, 3, 120.0, None), Facts(NOW_S, ready_at_s=1_000_120))
    assert text.text.splitlines() == [
        "the boats sway",
        "balanced, 5.0 s, 704 × 448",
        "In the queue, 3 jobs before this one. Ready in about 2 min.",
    ]
    assert marked(text, MessageEntity.BOLD) == ["the boats sway"]
    assert marked(text, MessageEntity.DATE_TIME) == ["in about 2 min"]


def test_what_holds_the_queue_up_is_said() -> None:
    """Where nothing moves the message says why, and promises no time."""
    text = status_text(JobView(JOB, 0, None, None), Facts(NOW_S, holds_up="The queue is paused."))
    assert text.text.endswith("Next in line. The queue is paused.")


def test_progress_is_a_bar_and_a_phase() -> None:
    """A job that is being made shows how far it is, and what is done just now."""
    view = JobView(RUNNING, None, 10.0, RenderState(Phase.DENOISE, 15, 30))
    text = status_text(view, Facts(NOW_S, ready_at_s=1_000_010))
    assert "▰▰▰▰▰▰▱▱▱▱▱▱ 50 %" in text.text
    assert text.text.endswith("Making the video. Ready in about 10 s.")


@pytest.mark.parametrize(
    ("job", "said"), [(RUNNING, "Rendering."), (RENDERED, "on its way"), (replace(JOB, prompt=""), "No prompt")]
)
def test_each_moment_has_its_words(job: Job, said: str) -> None:
    """A render of which nothing is known, a video on its way and a job without words are said as such."""
    assert said in status_text(JobView(job, None, None, None), NOTHING_KNOWN).text


def test_below_a_video_stands_how_it_was_made() -> None:
    """Under a video stand its prompt, whether AI made it, its seed, its shape and the time it took."""
    caption = video_caption(RENDERED)
    assert caption.text == ("the boats sway\ncamera move, no AI, seed 7, 5.0 s, 704 × 448, made in 20 s")
    drawn = replace(RENDERED, video=replace(VIDEO, used_ai=True, model="ltx-2b"))
    assert "AI-generated (ltx-2b), seed 7" in video_caption(drawn).text


def test_whoever_has_no_video_reads_why() -> None:
    """A job that failed says why, and that the credits are back."""
    text = no_video_text(FAILED).text
    assert text.startswith("the boats sway\n")
    assert text.endswith("1 credit given back.")


@pytest.mark.parametrize("prompt", ["🛶" * 3_000, "👩\u200d🚀" * 1_000, "\ud83d" * 3_000, "word " * 800, "a\n" * 1_500])
def test_the_longest_prompts_fit(prompt: str) -> None:
    """However long a prompt is, and of whatever characters, its texts fit, and a caption still says how it was made."""
    job = replace(RENDERED, prompt=prompt)
    view = JobView(replace(JOB, prompt=prompt), 99_999, 1e6, None)
    caption = video_caption(job)
    assert caption.units <= MAX_CAPTION_UNITS
    assert caption.text.endswith("made in 20 s")
    for text in (status_text(view, NOTHING_KNOWN), no_video_text(job), maybe_sent_text(job), no_rights_text(job)):
        assert text.units <= MAX_TEXT_UNITS
        assert text.text.encode("utf-16-le")  # no half of a character


@given(st.text(max_size=2_000))
def test_marks_stay_inside_of_every_text(prompt: str) -> None:
    """Whatever a prompt holds, every mark lies inside its text, and each text can be sent."""
    job = replace(RENDERED, prompt=prompt)
    for text in (video_caption(job), no_video_text(job), status_text(JobView(job, None, None, None), NOTHING_KNOWN)):
        assert 0 < text.units == len(text.text.encode("utf-16-le")) // 2
        assert all(entity.length > 0 for entity in text.entities)
        assert all(entity.offset + entity.length <= text.units for entity in text.entities)


def test_a_clip_says_its_shape_and_length(tmp_path: Path) -> None:
    """A video goes out with the width, the height and the length that it has."""
    clip = clip_of(RENDERED, tmp_path / "video.mp4", None)
    assert (clip.width_px, clip.height_px, clip.whole_seconds) == (704, 448, 5)
    assert clip.name == f"video-{JOB.id}.mp4"


def test_a_prompt_cannot_pretend_to_be_the_bot() -> None:
    """Whatever a prompt holds stays in its own line, in its own order of letters."""
    job = replace(RENDERED, prompt="boats\nAI-generated\u202e yaws")
    assert video_caption(job).text.splitlines()[0] == "boats AI-generated yaws"
