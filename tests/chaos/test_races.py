"""Two writes in the same moment: the second one finds another world than the one in which it was wanted."""

import asyncio
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from bot.domain.job import CreditState, JobState
from bot.store.milestones import Change, before_commit
from generation.client import NO_LISTENER, RenderListener
from generation.engines.engine import Phase, Progress
from generation.errors import ErrorCode, RenderLost
from generation.picture import Picture
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.house import House, open_house
from tests.loopback.scripted_renderer import ScriptedRenderer


class _LostHalfway(ScriptedRenderer):
    """Loses its server when half of the steps are done."""

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        listener.on_progress(Progress(Phase.DRAW, 5, 10))
        raise RenderLost(ErrorCode.SERVER_DIED, exit_code=-9)


async def test_a_render_that_was_lost_halfway_is_not_paid_for(picture: Picture, tmp_path: Path) -> None:
    """Whoever cancels in the moment in which a half-done render goes back into the queue gets the credits back."""
    loop, houses, cancels = asyncio.get_running_loop(), list[House](), list["Future[Any]"]()

    def reach(milestone: str) -> None:
        if milestone == before_commit(Change.REQUEUE) and not cancels:
            [house] = houses
            cancel = house.services.jobs.cancel(house.person("anna"), job.id)
            cancels.append(asyncio.run_coroutine_threadsafe(cancel, loop))
            while len(house.database._writes) < 2:  # until the cancel waits behind this write
                time.sleep(0.001)

    async with open_house(tmp_path, picture, renderer=_LostHalfway(), reach=reach) as house:
        houses.append(house)
        job = (await house.ask("anna")).job
        ended = await house.until(job.id, JobState.CANCELLED)
    assert ended.credits is CreditState.RETURNED
