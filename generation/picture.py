"""From untrusted bytes to a clean picture: the bytes are decoded in a limited child process, never in this one.

All that comes back from the child is a size and raw pixels; the PNG that is kept is made here from those pixels, so
neither metadata nor appended bytes nor a decoder taken over by its input gets any farther.
"""

import asyncio
import io
import json
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from generation.errors import ErrorCode, PictureRejected
from generation.picture_child import Answer, Child, ExecutedChild, PictureLimits
from generation.picture_fork import ForkedChild, StemLost
from generation.picture_png import png_of_rgb
from generation.picture_stems import Stems

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["PICTURE_FORMATS", "Picture", "PictureDecoder", "PictureLimits"]

log = logging.getLogger(__name__)

#: The formats that a person may send, as they call them.
PICTURE_FORMATS = "JPEG, PNG, WebP, AVIF, GIF, HEIC"

_DECODER_PROGRAM = Path(__file__).with_name("picture_decoder.py")
_PICTURES_OF_A_STEM = 500
_RGB_BYTES = 3  # a pixel
_JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean, upright sRGB picture: PNG bytes of our own making, at most 2 MP, without metadata."""

    png: bytes
    width_px: int
    height_px: int

    @classmethod
    def from_rgb(cls, rgb: bytes, width_px: int, height_px: int) -> "Picture":
        """Return the picture of ``rgb``: rows from the top, three bytes a pixel, sRGB, 0..255."""
        return cls(png_of_rgb(rgb, width_px, height_px), width_px, height_px)

    def pixels(self) -> "npt.NDArray[np.uint8]":
        """Return the picture as (H, W, 3) uint8, values 0..255, RGB."""
        import numpy as np
        from PIL import Image

        with Image.open(io.BytesIO(self.png), formats=["PNG"]) as image:
            return np.array(image.convert("RGB"))


class PictureDecoder:
    """Decodes untrusted bytes, each in a child process of its own, at most ``max_children`` at a time.

    ``program`` is what a child runs: generation/picture_decoder.py, whose docstring says how it speaks. Where the
    system can do it, the children are forks of a stem, a process that has loaded the decoder's libraries and is
    replaced after ``pictures_of_a_stem``; 0 means a new process by exec for every picture, as on other systems.
    """

    def __init__(
        self,
        limits: PictureLimits,
        max_children: int = 2,
        program: Path = _DECODER_PROGRAM,
        pictures_of_a_stem: int = _PICTURES_OF_A_STEM,
    ) -> None:
        self._limits = limits
        self._program = program
        self._stems = Stems(program, limits, pictures_of_a_stem)
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the stem. A picture under way is decoded without it, and one that comes later starts another."""
        stem = self._stems.retire()
        if stem is not None:
            await asyncio.to_thread(stem.end)

    async def _ask_child(self, data: bytes) -> Answer:
        stem = self._stems.lend()
        if stem is not None:
            try:
                return await self._answer_of(ForkedChild(stem), data)
            except StemLost as error:
                stem.is_lost = True
                log.warning("a picture lost the stem of its decoder, and gets a decoder without: %s", error)
            finally:
                if self._stems.take_back(stem):
                    await asyncio.get_running_loop().run_in_executor(self._threads, stem.end)
        return await self._answer_of(ExecutedChild(self._program, self._limits), data)

    async def _answer_of(self, child: Child, data: bytes) -> Answer:
        answered = asyncio.get_running_loop().run_in_executor(self._threads, child.ask, data)
        try:
            done, _ = await asyncio.wait({answered}, timeout=self._limits.max_wall_s)
            if not done:
                raise PictureRejected(ErrorCode.PICTURE_TOO_COSTLY)
            return answered.result()
        finally:
            child.kill()
            await asyncio.wait({answered})  # until it is reaped and its pipes are closed: milliseconds after the kill
            answered.exception()  # asked for in any case, or asyncio complains where a kill or a cancel came before it

    def _max_pixels(self, data: bytes) -> int:
        return self._limits.max_jpeg_pixels if data.startswith(_JPEG_START) else self._limits.max_pixels

    def _size(self, answer: Answer, max_pixels: int) -> tuple[int, int]:
        """Return the sides of the picture that the answer holds; raises PictureRejected where it holds none.

        Nothing in the answer is believed: whoever made the picture may have written it.
        """
        if len(answer.rgb) > self._limits.max_rgb_bytes:
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


def _death(answer: Answer) -> Exception:
    """Return the error for a child that did not come to its end."""
    match -answer.exit_code:
        case signal.SIGXCPU | signal.SIGKILL | signal.SIGABRT:
            # The CPU limit; the kernel short of memory; C++ code that may have no more memory (libheif).
            return PictureRejected(ErrorCode.PICTURE_TOO_COSTLY)
        case killed_by if killed_by > 0:
            return PictureRejected(ErrorCode.PICTURE_BROKEN)
        case _:
            return RuntimeError(f"picture decoder: exit code {answer.exit_code}: {answer.complaint}")
