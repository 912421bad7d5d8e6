"""Files: what a person uploads, what a message holds, and the addresses under which they can be fetched for a day."""

import io
import mimetypes
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from PIL import Image

LINK_LIFETIME_S = 24 * 3600
DEFAULT_LIMIT_BYTES = 10 * 1024 * 1024
LIMIT_BYTES_BY_TIER = {0: DEFAULT_LIMIT_BYTES, 1: DEFAULT_LIMIT_BYTES, 2: 50 * 1024 * 1024, 3: 100 * 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in somebody's hand. What it claims about itself may be wrong, as it may be on Discord."""

    filename: str
    data: bytes
    content_type: str | None = None
    claimed_size_bytes: int | None = None
    description: str | None = None


@dataclass(eq=False, repr=False, slots=True)
class StoredFile:
    """A file that Discord keeps."""

    id: int
    filename: str
    asked_filename: str
    data: bytes
    content_type: str | None
    size_bytes: int
    description: str | None
    folder: str
    is_spoiler: bool
    width: int | None
    height: int | None

    def __repr__(self) -> str:
        return f"<{self.filename}, {len(self.data)} bytes>"

    @property
    def is_video(self) -> bool:
        return (self.content_type or "").startswith("video/")

    @property
    def is_image(self) -> bool:
        return (self.content_type or "").startswith("image/")


class Cdn:
    """Keeps files and signs their addresses."""

    def __init__(self, clock: Callable[[], float], next_id: Callable[[], int]) -> None:
        self._clock = clock
        self._next_id = next_id
        self.origin = ""
        self._files: dict[int, StoredFile] = {}

    def store(self, upload: Upload, folder: str) -> StoredFile:
        width, height = _size_of(upload.data)
        name = sanitised(upload.filename)
        stored = StoredFile(
            id=self._next_id(),
            filename=name,
            asked_filename=upload.filename,
            data=upload.data,
            content_type=upload.content_type or mimetypes.guess_type(name)[0],
            size_bytes=len(upload.data) if upload.claimed_size_bytes is None else upload.claimed_size_bytes,
            description=upload.description,
            folder=folder,
            is_spoiler=name.startswith("SPOILER_"),
            width=width,
            height=height,
        )
        self._files[stored.id] = stored
        return stored

    def url(self, stored: StoredFile) -> str:
        """An address that works from now on for a day, as each answer of the API carries a fresh one."""
        expires = f"{int(self._clock()) + LINK_LIFETIME_S:x}"
        return (
            f"{self.origin}/cdn/{stored.folder}/{stored.id}/{stored.filename}?ex={expires}&hm={_seal(stored, expires)}&"
        )

    def fetch(self, file_id: int, expires: str, seal: str) -> StoredFile | None:
        """The file, if its address is genuine and not too old."""
        stored = self._files.get(file_id)
        if stored is None or seal != _seal(stored, expires) or int(expires, 16) < self._clock():
            return None
        return stored

    def to_json(self, stored: StoredFile, *, ephemeral: bool = False) -> dict[str, Any]:
        url = self.url(stored)
        body: dict[str, Any] = {
            "id": str(stored.id),
            "filename": stored.filename,
            "size": stored.size_bytes,
            "url": url,
            "proxy_url": url,
        }
        if stored.content_type is not None:
            body["content_type"] = stored.content_type
        if stored.description is not None:
            body["description"] = stored.description
        if stored.width is not None:
            body |= {"width": stored.width, "height": stored.height}
        if ephemeral:
            body["ephemeral"] = True
        return body


def sanitised(filename: str) -> str:
    """The name under which Discord keeps a file: spaces and signs become underscores."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", filename).lstrip(".") or "unknown"


def _seal(stored: StoredFile, expires: str) -> str:
    return sha256(f"{stored.id}:{expires}".encode()).hexdigest()


def _size_of(data: bytes) -> tuple[int | None, int | None]:
    try:
        # A crafted picture is a story's business, not a reason for a warning here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                return picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None, None
