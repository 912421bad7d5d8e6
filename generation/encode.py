"""Frames → an H.264 MP4 of at most so many bytes, encoded while the frames still arrive.

ffmpeg is a child of its own: a crash or a leak in it does not touch the engine, it needs no GIL, and it can be killed.
The frames go to it over a pipe from a thread with a short queue, so that the engine draws the next ones meanwhile.
A file counts only once it has been decoded back to exactly the frames that went in.
"""

import hashlib
import io
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from generation.errors import EncodeFailed, ErrorCode
from generation.ffmpeg import encode_command, read_back_command, shrink_command
from generation.rate import SHARE_OF_LIMIT, SMALLER, bits_per_s
from generation.request import VideoShape

if TYPE_CHECKING:
    from generation.engines.engine import Frames

_QUEUED_FRAMES = 64
_POSTER_QUALITY = 85


@dataclass(frozen=True, slots=True)
class EncodedVideo:
    """An MP4 that was decoded back and found whole."""

    path: Path
    width_px: int
    height_px: int
    size_bytes: int
    sha256: str
    poster_jpeg: bytes  # the first frame


class Mp4Encoder:
    """Takes the frames of one video as they come and ends in one EncodedVideo or no file at all.

    ``write`` is called by one thread, ``finish`` or ``abort`` once by any.
    """

    def __init__(self, ffmpeg: Path, shape: VideoShape, max_bytes: int, target: Path) -> None:
        self._ffmpeg, self._shape, self._max_bytes, self._target = ffmpeg, shape, max_bytes, target
        self._chunks: queue.Queue[Frames | None] = queue.Queue()
        self._room = threading.Semaphore(_QUEUED_FRAMES)
        self._frames_taken = 0
        self._poster_jpeg = b""
        self._broken = threading.Event()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed in _end
        self._process = subprocess.Popen(
            encode_command(ffmpeg, shape, self._rate(SHARE_OF_LIMIT), target),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )
        self._writer = threading.Thread(target=self._write_chunks, name="ffmpeg-writer", daemon=True)
        self._writer.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def write(self, frames: "Frames") -> None:
        """Queue (n, H, W, 3) uint8 frames; waits while ffmpeg is 64 frames behind.

        Raises EncodeFailed once ffmpeg has died, so that the engine does not draw for nobody.
        """
        if not self._poster_jpeg:
            self._poster_jpeg = _jpeg(frames)
        for start in range(0, len(frames), _QUEUED_FRAMES):
            chunk = frames[start : start + _QUEUED_FRAMES]
            for _ in chunk:
                self._room.acquire()
            if self._broken.is_set():
                raise self._failure()
            self._frames_taken += len(chunk)
            self._chunks.put(chunk)

    def finish(self) -> EncodedVideo:
        """Return the verified file, encoded once more at 3/4 or 1/2 of the sides if it came out too large.

        Raises EncodeFailed, and leaves no file, where ffmpeg died or the file is not what went in.
        """
        self._chunks.put(None)
        self._writer.join()
        exit_code = self._process.wait()
        try:
            if exit_code != 0 or self._broken.is_set():
                raise self._failure()
            width_px, height_px = self._shape.width_px, self._shape.height_px
            if self._target.stat().st_size > self._max_bytes:
                width_px, height_px = self._shrink()
            self._require_whole(width_px, height_px)
        except BaseException:
            self._target.unlink(missing_ok=True)
            raise
        finally:
            self._errors.close()
        content = self._target.read_bytes()
        return EncodedVideo(
            path=self._target,
            width_px=width_px,
            height_px=height_px,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            poster_jpeg=self._poster_jpeg,
        )

    def abort(self) -> None:
        """Kill ffmpeg and leave no file."""
        self._process.kill()
        self._chunks.put(None)
        self._writer.join()
        self._process.wait()
        self._errors.close()
        self._target.unlink(missing_ok=True)

    def _write_chunks(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        while (chunk := self._chunks.get()) is not None:
            if not self._broken.is_set():
                try:
                    stdin.write(chunk.data if chunk.flags.c_contiguous else chunk.tobytes())
                except BrokenPipeError:  # ffmpeg is gone: keep on emptying the queue, or the engine waits for ever
                    self._broken.set()
            self._room.release(len(chunk))
        try:
            stdin.close()
        except BrokenPipeError:
            self._broken.set()

    def _shrink(self) -> tuple[int, int]:
        """Encode a file that is too large once more, smaller, and return its width and height in pixels."""
        # Made from that file: keeping all frames for this rare case would cost hundreds of MB a job.
        large = self._target.with_suffix(".large.mp4")
        self._target.rename(large)
        try:
            for scale in SMALLER:
                width_px, height_px = int(self._shape.width_px * scale), int(self._shape.height_px * scale)
                rate = self._rate(SHARE_OF_LIMIT * scale)
                self._run(shrink_command(self._ffmpeg, large, width_px, height_px, rate, self._target))
                size_bytes = self._target.stat().st_size
                if size_bytes <= self._max_bytes:
                    return width_px, height_px
        finally:
            large.unlink()
        raise EncodeFailed(ErrorCode.ENCODED_FILE_TOO_LARGE, bytes=size_bytes, max_bytes=self._max_bytes)

    def _require_whole(self, width_px: int, height_px: int) -> None:
        lines = self._run(read_back_command(self._ffmpeg, self._target)).splitlines()
        found_frames = sum(not line.startswith("#") for line in lines)
        found_size = next((line.split(": ")[1] for line in lines if line.startswith("#dimensions")), "none")
        expected_size = f"{width_px}x{height_px}"
        if (found_frames, found_size, self._frames_taken) != (self._shape.frames, expected_size, self._shape.frames):
            raise EncodeFailed(
                ErrorCode.ENCODED_FILE_WRONG,
                expected_frames=self._shape.frames,
                found_frames=found_frames,
                detail=f"{found_size} for {expected_size}, {self._frames_taken} frames given",
            )

    def _run(self, command: Sequence[str]) -> str:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise EncodeFailed(ErrorCode.ENCODER_DIED, exit_code=done.returncode, detail=done.stderr[-500:])
        return done.stdout

    def _failure(self) -> EncodeFailed:
        exit_code = self._process.wait()
        self._errors.seek(0)
        detail = self._errors.read()[-500:].decode(errors="replace").strip()
        return EncodeFailed(ErrorCode.ENCODER_DIED, exit_code=exit_code, detail=detail)

    def _rate(self, share_of_limit: float) -> int:
        return bits_per_s(self._max_bytes, self._shape.seconds, share_of_limit)


def _jpeg(frames: "Frames") -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(frames[0]).save(out, "JPEG", quality=_POSTER_QUALITY)
    return out.getvalue()
