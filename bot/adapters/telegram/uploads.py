"""What goes up with a video: files that are read while they are sent, and small pictures of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog
from telegram import InputFile

from generation.thumbnail import thumbnail_jpeg

log = structlog.get_logger(__name__)

_THUMBNAIL_SIDE_PX = 320  # the most that Telegram takes


@dataclass(frozen=True, slots=True)
class Clip:
    """A video as it is to be shown. Telegram asks for shape and length: of larger files it does not find them out."""

    video: Path
    poster: Path | None
    width_px: int
    height_px: int
    seconds: float
    name: str

    @property
    def whole_seconds(self) -> int:
        """The length as Telegram takes it; never nothing, which players show as "0:00"."""
        return max(round(self.seconds), 1)


@dataclass(frozen=True, slots=True)
class OpenClip:
    """A clip whose files are open until they have been sent."""

    clip: Clip
    _video: BinaryIO
    _poster: bytes
    _thumbnail: bytes

    def video(self, *, attach: bool) -> InputFile:
        """Return the video as a part of a request; ``attach``: something else in it says where it belongs."""
        return _streamed(self._video, self.clip.name, attach=attach)

    def cover(self, *, attach: bool) -> InputFile | None:
        """Return the picture that is shown before the video plays."""
        return InputFile(self._poster, "cover.jpg", attach=attach) if self._poster else None

    def thumbnail(self) -> InputFile | None:
        """Return the small picture, which stands where there is no room or no time for the cover."""
        return InputFile(self._thumbnail, "thumbnail.jpg", attach=True) if self._thumbnail else None


@asynccontextmanager
async def opened(clip: Clip) -> AsyncIterator[OpenClip]:
    """Open a clip's files for as long as it is being sent. Raises FileNotFoundError where the video is gone."""
    poster, thumbnail = await asyncio.to_thread(_pictures, clip.poster)
    with _open(clip.video) as video:
        yield OpenClip(clip, video, poster, thumbnail)


@asynccontextmanager
async def opened_file(name: str, content: Path | bytes) -> AsyncIterator[InputFile]:
    """Open a file that is to be sent under a name. Raises FileNotFoundError."""
    if isinstance(content, bytes):
        yield InputFile(content, name)
        return
    with _open(content) as handle:
        yield _streamed(handle, name, attach=False)


def _open(path: Path) -> BinaryIO:
    # On the loop: opening takes microseconds, and a thread would leave the file open where its caller is cancelled.
    return path.open("rb")


def _pictures(poster: Path | None) -> tuple[bytes, bytes]:
    """The poster as it is, and a small one; empty where there is none."""
    if poster is None:
        return b"", b""
    try:
        return poster.read_bytes(), thumbnail_jpeg(poster, _THUMBNAIL_SIDE_PX)
    except OSError as error:  # Pillow's own too: a video without its cover is still a video
        log.warning("the video goes out without a cover", reason=repr(error))
        return b"", b""


def _streamed(handle: BinaryIO, name: str, *, attach: bool) -> InputFile:
    # Read in small pieces while it is sent, and from its beginning with each try.
    return InputFile(handle, name, attach=attach, read_file_handle=False)
