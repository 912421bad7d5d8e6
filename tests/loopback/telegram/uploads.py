"""Uploads: the files that a call brings or names, and what a message makes of them."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .call import Call
from .errors import BAD_FILE_ID, EMPTY_FILE, TOO_LARGE, bad_request
from .files import MAX_LOCAL_UPLOAD_BYTES, MAX_UPLOAD_BYTES, StoredFile, picture_size
from .message import Content, Document, Video
from .world import World

Json = dict[str, Any]

# Beyond this Telegram does not look into a video: without geometry it is a square of no length.
_LOOKS_INTO_BYTES = 10_000_000
_MAX_PHOTO_BYTES = 10_000_000


def max_upload_bytes(world: World) -> int:
    return MAX_UPLOAD_BYTES if world.local_folder is None else MAX_LOCAL_UPLOAD_BYTES


def video(world: World, call: Call, source: Json, key: str) -> Video:
    """The video that a call sends; source holds its fields, and key is the name of the file's."""
    stored = _file(world, call, source, key, "videos", "video.mp4")
    assert stored is not None
    return Video(
        stored,
        source.get("width", 0) or _unseen(stored),
        source.get("height", 0) or _unseen(stored),
        source.get("duration", 0),
        _file(world, call, source, "cover", "photos", "cover.jpg", is_needed=False),
        _file(world, call, source, "thumbnail", "thumbnails", "thumbnail.jpg", is_needed=False),
        source.get("supports_streaming") is True,
    )


def document(world: World, call: Call, source: Json, key: str) -> Document:
    stored = _file(world, call, source, key, "documents", "file")
    assert stored is not None
    return Document(stored, _file(world, call, source, "thumbnail", "thumbnails", "thumb.jpg", is_needed=False))


def photo(world: World, call: Call, source: Json, key: str) -> tuple[StoredFile, ...]:
    stored = _file(world, call, source, key, "photos", "photo.jpg")
    assert stored is not None
    if picture_size(stored.data) is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    sides = stored.width_px, stored.height_px
    if sum(sides) > 10_000 or max(sides) > 20 * min(sides):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    if len(stored.data) > _MAX_PHOTO_BYTES:
        raise TOO_LARGE
    return world.files.store_photo(stored.data)


def media(world: World, call: Call, source: Json) -> Content:
    """What an InputMedia makes of a message, without its caption."""
    match source.get("type"):
        case "video":
            return Content(video=video(world, call, source, "media"), has_spoiler=bool(source.get("has_spoiler")))
        case "document":
            return Content(document=document(world, call, source, "media"))
        case "photo":
            return Content(photo=photo(world, call, source, "media"), has_spoiler=bool(source.get("has_spoiler")))
    raise bad_request(f"can't parse InputMedia: type {source.get('type')!r} is not of this loopback")


def _unseen(stored: StoredFile) -> int:
    return 320 if len(stored.data) > _LOOKS_INTO_BYTES else 0


def _file(
    world: World, call: Call, source: Json, key: str, folder: str, name: str, *, is_needed: bool = True
) -> StoredFile | None:
    value = source.get(key)
    part = call.files.get(key if value is None else str(value).removeprefix("attach://"))
    if part is not None:
        return _kept(world, part.data, folder, part.filename)
    if value is None:
        if is_needed:
            raise bad_request(f"there is no {key} in the request")
        return None
    if str(value).startswith("file://") and world.local_folder is not None:
        path = Path(unquote(urlsplit(str(value)).path))
        return _kept(world, path.read_bytes(), folder, path.name)
    if str(value).startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    known = world.files.find(str(value))
    if known is None:
        raise BAD_FILE_ID
    return known


def _kept(world: World, data: bytes, folder: str, name: str) -> StoredFile:
    if not data:
        raise EMPTY_FILE
    if len(data) > max_upload_bytes(world):
        raise TOO_LARGE
    return world.files.store(data, folder, name)
