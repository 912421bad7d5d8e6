"""The main job, from bytes that somebody sent to a video on disk, without queue and quota."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.domain.options import VideoOptions
from generation.client import NO_LISTENER, RenderListener
from generation.engines.engine import Capabilities
from generation.models import Model
from generation.picture import Picture
from generation.request import ImageToVideoRequest, RenderedVideo


class Decoder(Protocol):
    """Makes clean pictures of untrusted bytes."""

    async def decode(self, data: bytes) -> Picture: ...


class Renderer(Protocol):
    """Makes a video of a request: a local render server, or one elsewhere."""

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo: ...


@dataclass(frozen=True, slots=True)
class Animator:
    """Decodes, finds the exact request for its model, and renders."""

    decoder: Decoder
    renderer: Renderer
    model: Model
    capabilities: Capabilities
    max_video_bytes: int

    async def animate(
        self,
        picture: bytes,
        options: VideoOptions,
        *,
        out: Path,
        end_picture: bytes | None = None,
        listener: RenderListener = NO_LISTENER,
        on_request: Callable[[ImageToVideoRequest], None] = lambda request: None,
    ) -> RenderedVideo:
        """Return the video at ``out``; ``on_request`` is told the exact request before the render begins.

        Raises PictureRejected, RequestRejected, or what the renderer ends with; then there is no file.
        """
        options.check(self.model, self.capabilities, has_end_picture=end_picture is not None)
        start = await self.decoder.decode(picture)
        end = None if end_picture is None else await self.decoder.decode(end_picture)
        request = options.to_request(self.model, self.capabilities, start, end)
        on_request(request)
        return await self.renderer.render(request, out=out, max_bytes=self.max_video_bytes, listener=listener)
