"""Whoever is killed, wherever: what was accepted comes to one end, and nothing is left lying about."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from bot.store.milestones import MILESTONES
from generation.ffmpeg import read_back_command
from generation.picture import Picture
from tests.chaos.books import require_right
from tests.chaos.bot_under_test import BEFORE_REQUEST, DRAWING, STREAMING
from tests.chaos.lives import A_VIDEO, DEATHS_BY_MAIL, NO_VIDEO, REQUESTS
from tests.chaos.nursery import Nursery
from tests.chaos.town import Life, Town, live_through, new_town

LARGE = {"width": "512", "height": "320"}  # as noise two megabytes: no socket holds them at once
SLOW = {**LARGE, "steps": "75"}  # drawn for so long that its progress is told meanwhile, not only a still


async def test_a_bot_may_die_at_any_moment(nursery: Nursery) -> None:
    """Whatever is on its way when the bot is killed has exactly one end afterwards, and costs what that end costs."""

    async def in_a_town_of_its_own(lives: tuple[Life, ...]) -> None:
        async with new_town(nursery) as town:
            await live_through(town, lives)
            if lives is A_VIDEO:  # a death of the bot is no failure of the render
                assert town.home.number("SELECT sum(lost_renders) FROM job") == 0

    async with asyncio.TaskGroup() as towns:
        for lives in (A_VIDEO, NO_VIDEO, REQUESTS):
            towns.create_task(in_a_town_of_its_own(lives))


@pytest.mark.parametrize("milestone", MILESTONES)
def test_every_moment_has_its_death(milestone: str) -> None:
    """There is no named moment at which no bot was killed."""
    assert milestone in {*DEATHS_BY_MAIL, *(str(life.die_at) for life in (*A_VIDEO, *NO_VIDEO, *REQUESTS))}


async def test_a_render_server_may_die_at_any_moment(town: Town) -> None:
    """A server that dies before a render began costs nothing; in the middle it costs a try, and the second one ends."""
    ben, lost = town["ben"], []
    bot = await town.bear(server_deaths=[BEFORE_REQUEST, "", DRAWING, "", STREAMING, "", STREAMING, DRAWING])
    for prompt, options, end in (
        ("draw", {}, "delivered"),
        ("draw", SLOW, "delivered"),
        ("noise", LARGE, "delivered"),
        ("noise", SLOW, "failed"),
    ):
        asked = await ben.ask(prompt, **options)
        asked.end = end
        await ben.until(asked, end)
        lost.append(town.home.number("SELECT lost_renders FROM job WHERE id = ?", asked.job_id))
    assert lost == [0, 1, 1, 1]  # the second loss of the last one was its end
    assert bot.server_deaths == [BEFORE_REQUEST, DRAWING, STREAMING, STREAMING, DRAWING]
    assert (await ben.job(asked))["error"]["code"] == "server_died"
    require_right(await town.end(bot))


async def test_a_video_plays_after_a_death_in_its_middle(town: Town, picture: Picture, ffmpeg: Path) -> None:
    """With real pictures and the camera engine: what was being drawn when the bot was killed is a whole video."""
    anna = town["anna"]
    bot = await town.bear(is_scripted=False)
    asked = await anna.ask("push in", picture.png, steps="", frames="97", width="512", height="320")
    await anna.until(asked, "running", "rendered", "delivered")
    bot.kill()
    await bot.ended()
    bot = await town.bear(is_scripted=False)
    await anna.until(asked, "delivered")
    video = town.home.data / f"videos/{asked.job_id}.mp4"
    lines = subprocess.run(read_back_command(ffmpeg, video), capture_output=True, check=True).stdout.splitlines()
    assert sum(not line.startswith(b"#") for line in lines) == 97
    require_right(await town.end(bot))
