"""ScriptedRenderer: a render client that does what the prompt says, in this process and at once."""

import asyncio
from pathlib import Path

from generation.client import NO_LISTENER, RenderListener
from generation.engines.engine import Capabilities, Phase, Progress
from generation.errors import EncodeFailed, EngineUnavailable, ErrorCode, RenderBusy, RenderLost, RenderRefused
from generation.request import ImageToVideoRequest, RenderedVideo

MP4 = b"\x00\x00\x00\x18ftypisom, and then a video"
JPEG = b"\xff\xd8\xff a poster"


class ScriptedRenderer:
    """Renders as the prompt's first word says; any other word: a video at once.

    hold (until ``release``) · half (holds with half of the steps done) · still (shows a preview, then holds) ·
    linger (holds when the whole file is there) ·
    lost · lost-once · busy-once · refuse · encode · encode-once · unavailable-once · bug
    """

    def __init__(self) -> None:
        self.seen: list[ImageToVideoRequest] = []  # every request that began, in order
        self.limits: list[int] = []  # the most bytes that each of them might have
        self.starts = 0
        self.cannot_start: EngineUnavailable | None = None
        self.running = 0
        self.most_at_once = 0
        self._tries: dict[int, int] = {}  # by seed
        self._released = asyncio.Event()
        self._began = asyncio.Condition()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("scripted", "camera", uses_ai=False, motion_strength=True, end_picture=True)

    async def start(self) -> None:
        self.starts += 1
        if self.cannot_start is not None:
            raise self.cannot_start

    def release(self) -> None:
        """Let everything go on that holds, now and later."""
        self._released.set()

    async def began(self, count: int) -> None:
        """Wait until so many renders have begun since the start."""
        async with self._began:
            await self._began.wait_for(lambda: len(self.seen) >= count)

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        word = request.prompt.split(" ")[0]
        tries = self._tries[request.seed] = self._tries.get(request.seed, 0) + 1
        if word == "busy-once" and tries == 1:
            raise RenderBusy(ErrorCode.SERVER_BUSY)
        if word == "unavailable-once" and tries == 1:
            raise EngineUnavailable(ErrorCode.NO_GPU)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            async with self._began:
                self.seen.append(request)
                self.limits.append(max_bytes)
                self._began.notify_all()
            return await self._draw(word, tries, request, out, listener)
        finally:
            self.running -= 1

    async def _draw(
        self, word: str, tries: int, request: ImageToVideoRequest, out: Path, listener: RenderListener
    ) -> RenderedVideo:
        listener.on_progress(Progress(Phase.BEGIN, 0, 1))
        listener.on_progress(Progress(Phase.DRAW, 5 if word == "half" else 1, 10))
        if word == "still":
            listener.on_still(JPEG)
        if word in ("hold", "half", "still"):
            await self._released.wait()
        match word:
            case "refuse":
                raise RenderRefused(ErrorCode.OUT_OF_MEMORY)
            case "encode":
                raise EncodeFailed(ErrorCode.ENCODED_FILE_TOO_LARGE, bytes=2, max_bytes=1)
            case "bug":
                raise ZeroDivisionError("a bug in the client")
            case "lost":
                raise RenderLost(ErrorCode.SERVER_DIED, exit_code=-9)
            case "lost-once" if tries == 1:
                raise RenderLost(ErrorCode.SERVER_DIED, exit_code=-9)
            case "encode-once" if tries == 1:
                raise EncodeFailed(ErrorCode.ENCODER_DIED, exit_code=-9, detail="killed")
        part = out.with_name(f".{out.name}.part")
        part.write_bytes(MP4)
        part.replace(out)
        if word == "linger":
            await self._released.wait()
        shape = request.shape
        return RenderedVideo(
            path=out,
            width_px=shape.width_px,
            height_px=shape.height_px,
            frames=shape.frames,
            fps=shape.fps,
            size_bytes=len(MP4),
            sha256="0" * 64,
            seed=request.seed,
            engine="scripted",
            model="camera",
            used_ai=False,
            render_seconds=2.0,
            poster_jpeg=JPEG,
        )
