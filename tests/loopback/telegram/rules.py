"""Rules: the limits of the Bot API that its description has in words only."""

import io
import re
from collections.abc import Iterator
from typing import Any

from PIL import Image, UnidentifiedImageError

from .call import Call
from .hearing import units
from .sending import MAX_CAPTION_UNITS, MAX_TEXT_UNITS

Json = dict[str, Any]

_MAX_THUMBNAIL_BYTES = 200_000
_MAX_THUMBNAIL_PX = 320
_MAX_ROW, _MAX_BUTTONS = 8, 100
_MAX_DATA_BYTES, _MAX_COPIED, _MAX_PLACEHOLDER = 64, 256, 64
_MAX_COMMANDS, _MAX_DESCRIPTION = 100, 256
_MAX_ALERT, _MAX_ABOUT, _MAX_SHORT_ABOUT = 200, 512, 120
_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)
_BUTTON_DOES = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def problems_of_call(call: Call) -> list[str]:
    """Everything in a call that breaks a limit, one line each."""
    return [
        *_parse_modes(call.parameters),
        *_texts(call),
        *_keyboard(call.object("reply_markup")),
        *_commands(call),
        *_thumbnails(call),
        *_lengths(call),
    ]


def _parse_modes(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.endswith("parse_mode"):
                yield f"{name}: text goes out with entities, never with a parse mode"
            yield from _parse_modes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parse_modes(inner)


def _texts(call: Call) -> Iterator[str]:
    if call.method in ("sendMessage", "editMessageText"):
        length = units(call.text("text"))
        if not 1 <= length <= MAX_TEXT_UNITS:
            yield f"text: {length} UTF-16 units, not 1 to {MAX_TEXT_UNITS}"
        yield from _entities(call.text("text"), call.list("entities"), "entities")
    for source in (call.parameters, call.object("media")):
        caption = str(source.get("caption", ""))
        if units(caption) > MAX_CAPTION_UNITS:
            yield f"caption: {units(caption)} UTF-16 units, not up to {MAX_CAPTION_UNITS}"
        yield from _entities(caption, source.get("caption_entities") or [], "caption_entities")


def _entities(text: str, entities: list[Json], where: str) -> Iterator[str]:
    encoded = text.encode("utf-16-le", errors="surrogatepass")
    for index, entity in enumerate(entities):
        start, length = entity.get("offset", 0), entity.get("length", 0)
        if start < 0 or length < 1 or start + length > len(encoded) // 2:
            yield f"{where}[{index}]: {start}+{length} is not inside the text of {len(encoded) // 2} units"
        elif any(_splits_a_pair(encoded, border) for border in (start, start + length)):
            yield f"{where}[{index}]: {start}+{length} splits a character"


def _splits_a_pair(encoded: bytes, border: int) -> bool:
    unit = int.from_bytes(encoded[2 * border : 2 * border + 2], "little")
    return 0xDC00 <= unit <= 0xDFFF


def _keyboard(markup: Json) -> Iterator[str]:
    rows = markup.get("inline_keyboard") or []
    if sum(len(row) for row in rows) > _MAX_BUTTONS:
        yield f"inline_keyboard: more than {_MAX_BUTTONS} buttons"
    for row in rows:
        if not 1 <= len(row) <= _MAX_ROW:
            yield f"inline_keyboard: a row of {len(row)} buttons, not 1 to {_MAX_ROW}"
        for button in row:
            yield from _button(button)
    if len(str(markup.get("input_field_placeholder", ""))) > _MAX_PLACEHOLDER:
        yield f"input_field_placeholder: more than {_MAX_PLACEHOLDER} characters"


def _button(button: Json) -> Iterator[str]:
    label = button.get("text", "")
    if not label:
        yield "inline_keyboard: a button without a text"
    does = [name for name in _BUTTON_DOES if name in button]
    if len(does) != 1:
        yield f"inline_keyboard: the button {label!r} does {does}, not exactly one thing"
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= _MAX_DATA_BYTES:
        yield f"inline_keyboard: the data of {label!r} is not 1 to {_MAX_DATA_BYTES} bytes"
    if "copy_text" in button and not 1 <= len(button["copy_text"].get("text", "")) <= _MAX_COPIED:
        yield f"inline_keyboard: {label!r} does not copy 1 to {_MAX_COPIED} characters"
    if button.get("style", "primary") not in ("primary", "success", "danger"):
        yield f"inline_keyboard: {label!r} has the style {button['style']!r}"


def _commands(call: Call) -> Iterator[str]:
    commands = call.list("commands")
    if len(commands) > _MAX_COMMANDS:
        yield f"commands: more than {_MAX_COMMANDS}"
    for command in commands:
        name, about = str(command.get("command", "")), str(command.get("description", ""))
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            yield f"commands: {name!r} is not 1 to 32 of a-z, 0-9 and _"
        if not 1 <= len(about) <= _MAX_DESCRIPTION:
            yield f"commands: the description of {name!r} is not 1 to {_MAX_DESCRIPTION} characters"


def _thumbnails(call: Call) -> Iterator[str]:
    for source in (call.parameters, call.object("media")):
        name = str(source.get("thumbnail", "thumbnail")).removeprefix("attach://")
        if name not in call.files:
            continue
        data = call.files[name].data
        if len(data) > _MAX_THUMBNAIL_BYTES:
            yield f"thumbnail: {len(data)} bytes, not up to {_MAX_THUMBNAIL_BYTES}"
        try:
            with Image.open(io.BytesIO(data)) as image:
                if image.format != "JPEG" or max(image.size) > _MAX_THUMBNAIL_PX:
                    yield f"thumbnail: a {image.format} of {image.size}, not a JPEG within {_MAX_THUMBNAIL_PX} px"
        except (UnidentifiedImageError, OSError):
            yield "thumbnail: no picture"


def _lengths(call: Call) -> Iterator[str]:
    match call.method:
        case "answerCallbackQuery" if len(call.text("text")) > _MAX_ALERT:
            yield f"text: more than {_MAX_ALERT} characters"
        case "sendChatAction" if call.text("action") not in _ACTIONS:
            yield f"action: {call.text('action')!r} is none"
        case "setMyDescription" if len(call.text("description")) > _MAX_ABOUT:
            yield f"description: more than {_MAX_ABOUT} characters"
        case "setMyShortDescription" if len(call.text("short_description")) > _MAX_SHORT_ABOUT:
            yield f"short_description: more than {_MAX_SHORT_ABOUT} characters"
        case "setWebhook" if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", call.text("secret_token")):
            yield "secret_token: not 1 to 256 of A-Z, a-z, 0-9, _ and -"
        case "deleteMessages" if not 1 <= len(call.list("message_ids")) <= 100:
            yield "message_ids: not 1 to 100"
