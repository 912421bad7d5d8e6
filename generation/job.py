"""One render inside the render server: the engine's frames into the encoder, its progress out as lines."""

import asyncio
import io
import logging
import time
import uuid
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from generation.encode import EncodedVideo, Mp4Encoder
from generation.engines.engine import Engine, Phase, Progress, RenderWatch
from generation.errors import ErrorCode, GenerationError, RenderCancelled, RenderRefused
from generation.request import ImageToVideoRequest
from generation.wire import Still

if TYPE_CHECKING:
    from generation.engines.engine import Frames

log = logging.getLogger(__name__)

_STILL_SIDE_PX = 384
_STILL_QUALITY = 70
_ANNOUNCE_LIMIT_S = 1.0


class RenderFolder(Protocol):
    """Where a render keeps its unfinished file, and with what it encodes."""

    @property
    def work_dir(self) -> Path: ...

    @property
    def ffmpeg(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a render came to."""

    encoded: EncodedVideo
    render_seconds: float


class RenderJob:
    """A render from its admission to its file. Made and asked on the event loop; renders on the engine's thread."""

    def __init__(self, engine: Engine, request: ImageToVideoRequest, max_bytes: int, folder: RenderFolder) -> None:
        self.request = request
        self.beats = 0  # grows with each sign of life from the engine
        self._engine, self._max_bytes, self._folder = engine, max_bytes, folder
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[JobResult] = self._loop.create_future()
        self.done.add_done_callback(_mark_seen)
        self._file = folder.work_dir / f"{uuid.uuid4().hex}.mp4"
        self.entered: asyncio.Future[None] = self._loop.create_future()  # the engine's thread has come to it
        self.announced = Event()  # and the client was told so
        self._stop = Event()
        self._left_engine = Event()
        self._progress: Progress | None = None
        self._still: Still | None = None

    @property
    def is_cancelled(self) -> bool:
        return self._stop.is_set()

    @property
    def is_in_engine(self) -> bool:
        """Whether the engine's thread is at work on this render."""
        return self.entered.done() and not self._left_engine.is_set()

    def start(self, engine_thread: Executor) -> None:
        """Queue the render; ``done`` gets its result, a GenerationError, or is cancelled."""
        self._task = self._loop.create_task(self._render_and_encode(engine_thread))

    def cancel(self) -> None:
        """Ask the engine to stop at its next step; ``done`` ends at once."""
        self._stop.set()
        self.announced.set()
        self.done.cancel()

    def fail(self, error: GenerationError) -> None:
        """End the render with an error, whatever the engine still does."""
        self._stop.set()
        self.announced.set()
        if not self.done.done():
            self.done.set_exception(error)

    def take_line(self, *, prefer_still: bool) -> Progress | Still | None:
        """Return what is new since the last call, only the latest of each kind, no history."""
        progress, still = self._progress, self._still
        if still is not None and (prefer_still or progress is None):
            self._still = None
            return still
        self._progress = None
        return progress

    def close(self) -> None:
        """Remove the MP4 of a render that is over; one that still runs removes its own."""
        if self._task.done():
            self._file.unlink(missing_ok=True)

    async def _render_and_encode(self, engine_thread: Executor) -> None:
        started = time.monotonic()
        try:
            encoder = await self._loop.run_in_executor(engine_thread, self._render)
            self._note(Progress(Phase.ENCODE, 0, 1))
            encoded = await asyncio.to_thread(encoder.finish)
        except RenderCancelled:
            self.done.cancel()
        except GenerationError as error:
            self.fail(error)
        except MemoryError:
            self.fail(RenderRefused(ErrorCode.OUT_OF_MEMORY))
        except Exception as fault:  # an engine is third-party code at large: the server must outlive its bugs
            log.exception("the engine raised %s", type(fault).__name__)
            self.fail(RenderRefused(ErrorCode.ENGINE_FAULT, detail=type(fault).__name__))
        else:
            if self.done.done():  # cancelled or failed meanwhile: nobody will fetch the file
                self._file.unlink(missing_ok=True)
            else:
                self.done.set_result(JobResult(encoded, time.monotonic() - started))

    def _render(self) -> Mp4Encoder:
        """On the engine's thread: draw all frames into the encoder, and give it back with ffmpeg still at work."""
        self._loop.call_soon_threadsafe(self._enter)
        # A render that kills its process must have been seen to begin: as one that never began it would come back for
        # ever. So the engine waits, about a millisecond, until that line is out.
        self.announced.wait(_ANNOUNCE_LIMIT_S)
        try:
            watch = RenderWatch(self._report, self._report_still, self._stop)
            watch.check()
            encoder = Mp4Encoder(self._folder.ffmpeg, self.request.shape, self._max_bytes, self._file)
            try:
                for frames in self._engine.render(self.request, watch):
                    watch.check()
                    encoder.write(frames)
                    self._report_beat()
            except BaseException:
                encoder.abort()
                raise
            return encoder
        finally:
            self._left_engine.set()

    def _report(self, progress: Progress) -> None:
        self._loop.call_soon_threadsafe(self._note, progress)

    def _report_still(self, frames: "Frames") -> None:
        still = Still(_small_jpeg(frames))
        self._loop.call_soon_threadsafe(self._note_still, still)

    def _report_beat(self) -> None:
        self._loop.call_soon_threadsafe(self._beat)

    def _enter(self) -> None:
        self.entered.set_result(None)
        self._beat()

    def _note(self, progress: Progress) -> None:
        self._progress = progress
        self._beat()

    def _note_still(self, still: Still) -> None:
        self._still = still
        self._beat()

    def _beat(self) -> None:
        self.beats += 1


def _small_jpeg(frames: "Frames") -> bytes:
    from PIL import Image

    image = Image.fromarray(frames[0])
    image.thumbnail((_STILL_SIDE_PX, _STILL_SIDE_PX))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_STILL_QUALITY)
    return out.getvalue()


def _mark_seen(done: "asyncio.Future[JobResult]") -> None:
    """Take note of an error that nobody may come for: whoever asked can be gone by now."""
    if not done.cancelled():
        done.exception()
