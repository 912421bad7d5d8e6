"""How a job is reads the same in every chat."""

from dataclasses import replace

import pytest

from bot.domain.job import JobState
from bot.service.state_lines import state_lines
from bot.service.views import RenderState
from generation.engines.engine import Phase
from tests.loopback.house import House


@pytest.mark.parametrize(
    ("state", "ahead", "render", "lines"),
    [
        (JobState.QUEUED, 0, None, ("Next in line.",)),
        (JobState.QUEUED, 2, None, ("In the queue, 2 jobs before this one.",)),
        (JobState.QUEUED, None, None, ("In the queue.",)),
        (JobState.RUNNING, None, None, ("Rendering.",)),
        (JobState.RUNNING, None, RenderState(Phase.DRAW, 5, 10), ("▰▰▰▰▰▰▱▱▱▱▱▱ 50 %", "Drawing the frames.")),
        (JobState.RENDERED, None, None, ("Rendered, on its way to you.",)),
    ],
)
async def test_a_job_says_how_it_is(
    house: House, state: JobState, ahead: int | None, render: RenderState | None, lines: tuple[str, ...]
) -> None:
    """Its place, what is done of it and by what, or that it is on its way; the first line is enough for a list."""
    view = await house.ask("bob", "hold")
    shown = replace(view, job=replace(view.job, state=state), ahead=ahead, render=render)
    assert state_lines(shown) == lines
