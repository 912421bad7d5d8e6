"""Files that arrive in the wrong moment belong to nobody, and are gone."""

from pathlib import Path

from bot.domain.job import JobState
from generation.client import NO_LISTENER, RenderListener
from generation.picture import Picture
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.house import open_house
from tests.loopback.scripted_renderer import ScriptedRenderer


class _LateRenderer(ScriptedRenderer):
    """Has the whole file in its place, and has not come back yet: the client makes the folder's entry durable then."""

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        video = await super().render(request, out=out, max_bytes=max_bytes, listener=listener)
        await self._released.wait()
        return video


async def test_a_video_that_arrives_with_its_cancel_is_deleted(picture: Picture, tmp_path: Path) -> None:
    """Of a job that is cancelled while the last byte of its video arrives no file is kept."""
    renderer = _LateRenderer()
    async with open_house(tmp_path, picture, renderer=renderer) as house:
        job = (await house.ask("anna")).job
        await renderer.began(1)
        await house.services.jobs.cancel(house.person("anna"), job.id)
        await house.until(job.id, JobState.CANCELLED)
        await house.ask("anna", "next")  # the lane takes it when it is done with the first one
        await renderer.began(2)
        assert not house.files.video(job.id).exists()
