"""From untrusted bytes to a clean picture: the bytes are decoded in a limited child process, never in this one.

All that comes back from the child is a size and raw pixels; the PNG that is kept is made here from those pixels, so
neither metadata nor appended bytes nor a decoder taken over by its input gets any farther.
"""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generation.errors import ErrorCode, PictureRejected

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: The formats that a person may send, as they call them.
PICTURE_FORMATS = "JPEG, PNG, WebP, AVIF, GIF, HEIC"

_DECODER_PROGRAM = Path(__file__).with_name("picture_decoder.py")
_MAX_HEADER_BYTES = 200
_MAX_COMPLAINT_BYTES = 4_096
_RGB_BYTES = 3  # a pixel
_JPEG_START = b"\xff\xd8\xff"
_PNG_ZLIB_LEVEL, _PNG_ZLIB_RLE = 1, 3  # for filtered photographs run lengths are as small as a full search, and faster


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean, upright sRGB picture: PNG bytes of our own making, at most 2 MP, without metadata."""

    png: bytes
    width_px: int
    height_px: int

    @classmethod
    def from_rgb(cls, rgb: bytes, width_px: int, height_px: int) -> "Picture":
        """Return the picture of ``rgb``: rows from the top, three bytes a pixel, sRGB, 0..255."""
        from PIL import Image

        png = io.BytesIO()
        image = Image.frombytes("RGB", (width_px, height_px), rgb)
        image.save(png, "PNG", compress_level=_PNG_ZLIB_LEVEL, compress_type=_PNG_ZLIB_RLE)
        return cls(png.getvalue(), width_px, height_px)

    def pixels(self) -> "npt.NDArray[np.uint8]":
        """Return the picture as (H, W, 3) uint8, values 0..255, RGB."""
        import numpy as np
        from PIL import Image

        with Image.open(io.BytesIO(self.png), formats=["PNG"]) as image:
            return np.array(image.convert("RGB"))


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may be, and what decoding it may cost."""

    max_bytes: int = 20_000_000  # Telegram's bots can fetch no more
    max_pixels: int = 50_000_000
    max_jpeg_pixels: int = 200_000_000  # a JPEG can be decoded at 1/8 of its sides
    min_side_px: int = 64
    max_side_px: int = 20_000
    max_ratio: float = 4.0  # of the longer side to the shorter
    max_output_pixels: int = 2_000_000  # a larger picture is scaled down: no video frame has more
    max_memory_bytes: int = 2**30  # of address space; 50 MP do not fit into half of it
    max_cpu_s: int = 5  # the costliest of 48 MP take 2.5 s
    max_wall_s: float = 10.0


class PictureDecoder:
    """Decodes untrusted bytes, each in a child process of its own, at most ``max_children`` at a time.

    ``program`` is what a child runs: generation/picture_decoder.py, whose docstring says how it speaks.
    """

    def __init__(self, limits: PictureLimits, max_children: int = 2, program: Path = _DECODER_PROGRAM) -> None:
        self._limits = limits
        self._program = program
        self._turns = asyncio.Semaphore(max_children)
        # Threads of its own: in the loop's pool a child would wait for whatever else runs there. They end with it.
        self._threads = ThreadPoolExecutor(max_children, thread_name_prefix="picture")

    async def decode(self, data: bytes) -> Picture:
        """Return the first picture in ``data``: upright, sRGB, on white where it was transparent, at most 2 MP.

        The event loop is free meanwhile. When the caller is cancelled the child is killed first.

        Raises PictureRejected, and RuntimeError where the decoder program itself does not work.
        """
        if len(data) > self._limits.max_bytes:
            raise PictureRejected(ErrorCode.PICTURE_TOO_MANY_BYTES, bytes=len(data), max_bytes=self._limits.max_bytes)
        async with self._turns:
            answer = await self._ask_child(data)
            width_px, height_px = self._size(answer, self._max_pixels(data))
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, Picture.from_rgb, answer.rgb, width_px, height_px
            )

    async def _ask_child(self, data: bytes) -> "_Answer":
        child = _Child(self._program, self._limits)
        answered = asyncio.get_running_loop().run_in_executor(self._threads, child.ask, data)
        try:
            done, _ = await asyncio.wait({answered}, timeout=self._limits.max_wall_s)
            if not done:
                raise PictureRejected(ErrorCode.PICTURE_TOO_COSTLY)
            return answered.result()
        finally:
            child.kill()
            await asyncio.wait({answered})  # until it is reaped and its pipes are closed: milliseconds after the kill

    def _max_pixels(self, data: bytes) -> int:
        return self._limits.max_jpeg_pixels if data.startswith(_JPEG_START) else self._limits.max_pixels

    def _size(self, answer: "_Answer", max_pixels: int) -> tuple[int, int]:
        """Return the sides of the picture that the answer holds; raises PictureRejected where it holds none.

        Nothing in the answer is believed: whoever made the picture may have written it.
        """
        if len(answer.rgb) > self._limits.max_output_pixels * _RGB_BYTES:
            raise PictureRejected(ErrorCode.PICTURE_BROKEN)
        if answer.exit_code != 0:
            raise _death(answer)
        try:
            header = json.loads(answer.header)
        except ValueError:
            header = None
        match header:
            case {"code": ErrorCode.PICTURE_UNKNOWN_FORMAT}:
                raise PictureRejected(ErrorCode.PICTURE_UNKNOWN_FORMAT, formats=PICTURE_FORMATS)
            case {"code": ErrorCode.PICTURE_TOO_COSTLY}:
                raise PictureRejected(ErrorCode.PICTURE_TOO_COSTLY)
            case {"code": str(code), "width_px": int(width_px), "height_px": int(height_px)}:
                raise self._wrong_size(code, width_px, height_px, max_pixels)
            case {"width_px": int(width_px), "height_px": int(height_px)} if min(width_px, height_px) > 0:
                if len(answer.rgb) == width_px * height_px * _RGB_BYTES:
                    return width_px, height_px
        raise PictureRejected(ErrorCode.PICTURE_BROKEN)

    def _wrong_size(self, code: str, width_px: int, height_px: int, max_pixels: int) -> PictureRejected:
        limits: dict[str, dict[str, float]] = {
            ErrorCode.PICTURE_TOO_SMALL: {"min_side_px": self._limits.min_side_px},
            ErrorCode.PICTURE_TOO_LARGE: {"max_pixels": max_pixels, "max_side_px": self._limits.max_side_px},
            ErrorCode.PICTURE_TOO_NARROW: {"max_ratio": self._limits.max_ratio},
        }
        if code not in limits:
            return PictureRejected(ErrorCode.PICTURE_BROKEN)
        return PictureRejected(ErrorCode(code), width_px=width_px, height_px=height_px, **limits[code])


@dataclass(frozen=True, slots=True)
class _Answer:
    """All that a child left behind, unchecked."""

    exit_code: int
    header: bytes
    rgb: bytes
    complaint: str  # the last line of its stderr


class _Child:
    """One run of the decoder program: ``ask`` blocks its thread, ``kill`` may come from another one at any time."""

    def __init__(self, program: Path, limits: PictureLimits) -> None:
        self._command = [sys.executable, "-I", "-B", str(program), json.dumps(asdict(limits))]
        self._max_rgb_bytes = limits.max_output_pixels * _RGB_BYTES
        self._is_unwanted = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, data: bytes) -> _Answer:
        with subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={},  # no token, no path
            process_group=0,  # Ctrl-C is for the parent, which decides what becomes of the child
        ) as process:
            self._process = process
            if self._is_unwanted.is_set():
                self.kill()
            # typeshed makes these optional; they exist because they were asked for above.
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            # The child reads everything before it writes, so writing first cannot lock the two; and a child that has
            # died breaks the pipe, but may have told why.
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(data)
            header = process.stdout.readline(_MAX_HEADER_BYTES)
            rgb = process.stdout.read(self._max_rgb_bytes + 1)
            if len(rgb) > self._max_rgb_bytes:
                self.kill()
            complaint = process.stderr.read(_MAX_COMPLAINT_BYTES).decode(errors="replace").strip()
        return _Answer(process.returncode, header, rgb, complaint.rpartition("\n")[2])

    def kill(self) -> None:
        """End the child, and what it may have started, or see to it that it ends once it has begun."""
        self._is_unwanted.set()
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may end by itself in this very moment
                os.killpg(process.pid, signal.SIGKILL)


def _death(answer: _Answer) -> Exception:
    """Return the error for a child that did not come to its end."""
    match -answer.exit_code:
        case signal.SIGXCPU | signal.SIGKILL | signal.SIGABRT:
            # The CPU limit; the kernel short of memory; C++ code that may have no more memory (libheif).
            return PictureRejected(ErrorCode.PICTURE_TOO_COSTLY)
        case killed_by if killed_by > 0:
            return PictureRejected(ErrorCode.PICTURE_BROKEN)
        case _:
            return RuntimeError(f"picture decoder: exit code {answer.exit_code}: {answer.complaint}")
