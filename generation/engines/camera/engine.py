"""The camera engine: a picture and camera words become frames, on the CPU, without any model."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from generation.engines.camera.draw import Drawing, Pixels, cross_fade, prepare
from generation.engines.camera.path import plan_path
from generation.engines.camera.view import View
from generation.engines.camera.words import read_moves
from generation.engines.engine import Capabilities, Phase, RenderWatch
from generation.framing import frame_picture
from generation.request import MAX_FRAME_PIXELS, ImageToVideoRequest

if TYPE_CHECKING:
    from generation.engines.engine import Frames

_CHUNK_FRAMES = 8
_CHUNKS_AHEAD = 2  # drawn while the reader is busy with the one before, so that no core waits
_STILL_EVERY_FRAMES = 24
_FADE_SHARE = 0.5  # of the clip: the end picture comes up in its last half
_MAX_THREADS = 4  # more do not help: the reader, an encoder, needs its share


class CameraEngine:
    """Moves a virtual camera over the start picture; stands in where no GPU or no weights are found."""

    def __init__(self, *, max_frame_pixels: int = MAX_FRAME_PIXELS, threads: int | None = None) -> None:
        self.capabilities = Capabilities(
            engine="camera",
            model="camera",
            uses_ai=False,
            motion_strength=True,
            end_picture=True,
            max_frame_pixels=max_frame_pixels,
        )
        self._threads = threads or min(os.cpu_count() or 1, _MAX_THREADS)

    def load(self) -> None:
        """Nothing to load."""

    def render(self, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
        """Yield the frames in chunks of 8, (n, H, W, 3) uint8; the same request gives the same frames, bit by bit.

        Raises RequestRejected at once for what is beyond ``capabilities``, RenderCancelled within a chunk of
        ``watch.stop``.
        """
        self.capabilities.require(request)
        return self._frames(request, watch)

    def _frames(self, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
        frames = request.shape.frames
        watch.step(Phase.DRAW, 0, frames)
        threads = ThreadPoolExecutor(self._threads, thread_name_prefix="camera")
        try:
            clip = _Clip(request, threads)
            starts = deque(range(0, frames, _CHUNK_FRAMES))
            ahead: deque[tuple[int, Frames, list[Future[None]]]] = deque()
            while starts or ahead:
                while starts and len(ahead) < _CHUNKS_AHEAD:
                    start = starts.popleft()
                    chunk = np.empty((min(_CHUNK_FRAMES, frames - start), *clip.frame_shape), np.uint8)
                    drawn = [threads.submit(clip.draw, start + n, chunk[n]) for n in range(len(chunk))]
                    ahead.append((start, chunk, drawn))
                start, chunk, drawn = ahead.popleft()
                for future in drawn:
                    future.result()
                watch.step(Phase.DRAW, start + len(chunk), frames)
                if start % _STILL_EVERY_FRAMES == 0:
                    watch.on_still(chunk[:1])
                yield chunk
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


class _Clip:
    """Everything that the frames of one request have in common."""

    def __init__(self, request: ImageToVideoRequest, threads: ThreadPoolExecutor) -> None:
        shape = request.shape
        self.frame_shape = (shape.height_px, shape.width_px, 3)
        self._frames = shape.frames
        picture = request.start_picture
        scale = min(picture.width_px / shape.width_px, picture.height_px / shape.height_px)
        poses = plan_path(
            read_moves(request.prompt),
            shape,
            seed=request.seed,
            motion_strength=request.motion_strength,
            room=(picture.width_px / shape.width_px / scale - 1, picture.height_px / shape.height_px / scale - 1),
        )
        view = View.fit((shape.width_px, shape.height_px), (picture.width_px, picture.height_px), poses)
        self._drawing: Drawing = prepare(picture.pixels(), view, threads)
        end = request.end_picture
        self._end: Pixels | None = None if end is None else frame_picture(end, shape)

    def draw(self, index: int, into: Pixels) -> None:
        frame = self._drawing.frame(index)
        into[...] = frame if self._end is None else cross_fade(frame, self._end, self._end_share(index))

    def _end_share(self, index: int) -> float:
        progress = (index / (self._frames - 1) - (1 - _FADE_SHARE)) / _FADE_SHARE
        progress = min(max(progress, 0.0), 1.0)
        return progress * progress * (3 - 2 * progress)
