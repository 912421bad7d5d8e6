"""Components as the API shows them: with the defaults written out, and real addresses for the files they name."""

from typing import Any

from . import components as tree
from .components import CONTAINER, FILE, GALLERY, REFERENCE, SELECTS, SEPARATOR, THUMBNAIL
from .files import Cdn
from .message import Message

Json = dict[str, Any]

_DEFAULTS: dict[int, Json] = {
    FILE: {"name": None, "size": None, "spoiler": False},
    THUMBNAIL: {"description": None, "spoiler": False},
    SEPARATOR: {"spacing": 1, "divider": True},
    CONTAINER: {"accent_color": None, "spoiler": False},
    **{kind: {"min_values": 1, "max_values": 1, "disabled": False} for kind in SELECTS},
}
_ITEM_DEFAULTS: Json = {"description": None, "spoiler": False}


def resolved(cdn: Cdn, message: Message) -> list[Json]:
    """The components of a message for an answer; the message itself is not touched."""
    components = message.copy_of_components()
    for component in tree.walk(components):
        for name, value in _DEFAULTS.get(component["type"], {}).items():
            component.setdefault(name, value)
        for item in component["items"] if component["type"] == GALLERY else []:
            item |= {name: value for name, value in _ITEM_DEFAULTS.items() if item.get(name) is None}
        if component["type"] == FILE:
            stored = message.file_named(component["file"]["url"].removeprefix(REFERENCE))
            if stored is not None:
                component |= {"name": stored.filename, "size": stored.size_bytes}
    for item in tree.media(components):
        _resolve(cdn, message, item)
    return components


def _resolve(cdn: Cdn, message: Message, item: Json) -> None:
    url = item["url"]
    stored = message.file_named(url.removeprefix(REFERENCE)) if url.startswith(REFERENCE) else None
    if stored is None:
        item |= {"id": str(message.id), "proxy_url": url}
        return
    address = cdn.url(stored)
    item |= {
        "id": str(stored.id),
        "url": address,
        "proxy_url": address,
        "width": stored.width,
        "height": stored.height,
        "content_type": stored.content_type,
        "attachment_id": str(stored.id),
    }
