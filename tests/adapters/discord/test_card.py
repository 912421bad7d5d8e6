"""How a job's message looks, from the job alone."""

from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.adapters.discord.card import Shows, no_video_card, progress_card, video_card
from bot.domain.job import CreditState, Failure, Job, JobState, Lane, Origin, Requester, VideoFacts
from bot.service.views import JobView

JOB = Job(
    id="a" * 20,
    requester=Requester("discord", "1", "Anna"),
    origin=Origin("discord"),
    state=JobState.QUEUED,
    lane=Lane.NORMAL,
    prompt="word " * 400,
    options={},
    model="camera",
    preset="balanced",
    seed=1,
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
VIDEO = VideoFacts(704, 448, 121, 24, 1, "0", "camera", "camera", used_ai=False, render_seconds=1.0)
RENDERED = replace(JOB, state=JobState.RENDERED, video=VIDEO)
FAILED = replace(JOB, state=JobState.FAILED, credits=CreditState.RETURNED, failure=Failure("bug", {}))


def drawn(card: discord.ui.LayoutView) -> dict[str, Any]:
    (container,) = card.to_components()  # type: ignore[no-untyped-call]
    return dict(container)


async def test_the_colour_says_how_it_went() -> None:
    """What waits is grey, what is made blue, a video green, and what failed red."""
    waiting = drawn(progress_card(JobView(JOB, 0, None, None), Shows()))
    running = drawn(progress_card(JobView(replace(JOB, state=JobState.RUNNING), None, None, None), Shows()))
    cards = (waiting, running, drawn(video_card(RENDERED, Shows())), drawn(no_video_card(FAILED, Shows())))
    colours = [card["accent_color"] for card in cards]
    grey, blue, green, red = map(discord.Colour, colours)
    assert len(set(colours)) == 4
    assert blue.b > max(blue.r, blue.g)
    assert green.g > max(green.r, green.b)
    assert red.r > max(red.g, red.b)
    assert grey.r == pytest.approx(grey.b, abs=20)


async def test_the_longest_prompt_fits() -> None:
    """However long a prompt is, its card keeps far from what a message can hold, and says that it is cut."""
    text = str(drawn(video_card(RENDERED, Shows())))
    assert "…" in text
    assert len(text) < 4_000
