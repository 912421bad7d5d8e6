"""Files: what people and the bot uploaded, under the ids and paths by which it can be fetched."""

import io
import mimetypes
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from PIL import Image, UnidentifiedImageError

Json = dict[str, Any]

MAX_DOWNLOAD_BYTES = 20_000_000
MAX_UPLOAD_BYTES = 50_000_000
MAX_LOCAL_UPLOAD_BYTES = 2_000_000_000

# The longest sides of the sizes in which a photo is kept.
_PHOTO_SIDES_PX = (90, 320, 800, 1280)
# What is said of a photo that a test made of no picture.
_UNSEEN_PX = (320, 240)


@dataclass(eq=False, repr=False, slots=True)
class StoredFile:
    """A file that Telegram keeps."""

    file_id: str
    path: str
    data: bytes
    name: str
    mime_type: str
    width_px: int = 0
    height_px: int = 0
    #: What Telegram says of its size; only a test that lies sets another one.
    size_bytes: int = 0
    #: Telegram gives it out no more.
    is_gone: bool = False

    def __repr__(self) -> str:
        return f"<{self.name}, {len(self.data)} bytes>"

    def to_json(self) -> Json:
        """What every kind of file says of itself."""
        unique = sha256(self.data).hexdigest()[:16]
        return {"file_id": self.file_id, "file_unique_id": unique, "file_size": self.size_bytes}

    def to_photo_size(self) -> Json:
        return self.to_json() | {"width": self.width_px, "height": self.height_px}


@dataclass(eq=False)
class Files:
    _by_id: dict[str, StoredFile] = field(default_factory=dict)

    def store(
        self, data: bytes, folder: str, name: str = "", mime_type: str = "", *, size_bytes: int | None = None
    ) -> StoredFile:
        """Keep a file; its path is "photos/file_1.jpg", whatever it was called."""
        number = len(self._by_id) + 1
        mime_type = mime_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        suffix = name[name.rfind(".") :] if "." in name else mimetypes.guess_extension(mime_type) or ""
        width, height = picture_size(data) or (_UNSEEN_PX if folder == "photos" else (0, 0))
        stored = StoredFile(
            f"{folder[:1].upper()}gACAgIAAxkBAAI{number:08d}",
            f"{folder}/file_{number}{suffix}",
            data,
            name,
            mime_type,
            width,
            height,
            len(data) if size_bytes is None else size_bytes,
        )
        self._by_id[stored.file_id] = stored
        return stored

    def store_photo(self, data: bytes) -> tuple[StoredFile, ...]:
        """Keep a photo in its sizes, smallest first, each a JPEG; a JPEG that is small enough stays as it is."""
        return tuple(self.store(one, "photos", "photo.jpg", "image/jpeg") for one in _photo_sizes(data))

    def find(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def at_path(self, path: str) -> StoredFile | None:
        return next((stored for stored in self._by_id.values() if stored.path == path), None)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None for what is no picture."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


# Tests send the same picture over and over.
@lru_cache(maxsize=16)
def _photo_sizes(data: bytes) -> tuple[bytes, ...]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            kind, picture = image.format, image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        # Nothing that a phone would send; a test may want to know what the bot makes of it.
        return (data,)
    longest = max(picture.size)
    smaller = [_as_jpeg(picture, side) for side in _PHOTO_SIDES_PX if side < longest]
    if longest > _PHOTO_SIDES_PX[-1]:
        return tuple(smaller)
    return (*smaller, data if kind == "JPEG" else _as_jpeg(picture, longest))


def _as_jpeg(picture: Image.Image, longest_px: int) -> bytes:
    copy = picture.copy()
    copy.thumbnail((longest_px, longest_px))
    out = io.BytesIO()
    copy.save(out, "JPEG", quality=87)
    return out.getvalue()
