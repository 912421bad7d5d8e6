"""Reads the form of a new job as it arrives: two pictures at most, each within its limit, and texts.

Not Starlette's own form: that spools files to disk, takes any encoding for a text, and keeps repeated fields.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from bot.domain.refusals import RefusalCode, Refused
from generation.errors import ErrorCode, PictureRejected, RequestRejected

PICTURE, END_PICTURE = "picture", "end_picture"

_SLICE_BYTES = 8 * 1024  # parsed in one go; a body made to be slow to parse takes some milliseconds for it
_PIECE_BYTES = 256 * 1024
_MAX_PARTS = 64
_MAX_NAME_BYTES = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """The parts of a form: files by their field's name, and texts."""

    pictures: dict[str, bytes]
    texts: dict[str, str]


async def read_upload(
    content_type: str,
    chunks: AsyncIterator[bytes],
    *,
    text_fields: Collection[str],
    max_picture_bytes: int,
    max_text_bytes: int,
) -> Upload:
    """Return the form in ``chunks``; the event loop is free in between.

    A file under a name that is neither a picture's nor one of ``text_fields`` comes back as a text of that name, for
    whoever knows the names to refuse.

    Raises Refused MALFORMED_REQUEST, RequestRejected for a field that comes twice, and PictureRejected at the first
    byte beyond a limit.
    """
    kind, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise _malformed("multipart/form-data is needed")
    form = _Form(text_fields, max_picture_bytes, max_text_bytes)
    try:
        parser = MultipartParser(boundary, form.callbacks)  # type: ignore[arg-type]
        async for chunk in chunks:
            for start in range(0, len(chunk), _SLICE_BYTES):
                parser.write(chunk[start : start + _SLICE_BYTES])
                await asyncio.sleep(0)
    except FormParserError:
        raise _malformed("multipart") from None
    if not form.is_complete:
        raise _malformed("it ends too early")
    # In a thread, because joining this much takes milliseconds; it lets go of the interpreter meanwhile.
    pictures = {name: await asyncio.to_thread(b"".join, pieces) for name, pieces in form.files.items()}
    return Upload(pictures, form.texts)


class _Form:
    """What the parser tells, put together."""

    def __init__(self, text_fields: Collection[str], max_picture_bytes: int, max_text_bytes: int) -> None:
        self.files: dict[str, list[bytes]] = {}
        self.texts: dict[str, str] = {}
        self.is_complete = False
        self.callbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._read_header_name,
            "on_header_value": self._read_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open_part,
            "on_part_data": self._read_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        self._text_fields = text_fields
        self._max_picture_bytes, self._left_text_bytes = max_picture_bytes, max_text_bytes
        self._names: set[str] = set()
        self._header_name, self._header_value = bytearray(), bytearray()
        self._disposition = b""
        self._name = ""
        self._is_file = False
        self._data = bytearray()
        self._file_bytes = 0

    def _begin_part(self) -> None:
        self._disposition = b""
        self._data = bytearray()

    def _read_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _read_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name, self._header_value = bytearray(), bytearray()

    def _open_part(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        name = parameters.get(b"name", b"")
        if not name or len(name) > _MAX_NAME_BYTES:
            raise _malformed("a field has no name")
        self._name = _text("a name", name)
        if self._name in self._names:
            raise RequestRejected(ErrorCode.OPTION_GIVEN_TWICE, field=self._name)
        self._names.add(self._name)
        if len(self._names) > _MAX_PARTS:
            raise _malformed("too many fields")
        self._is_file = b"filename" in parameters
        if self._name in (PICTURE, END_PICTURE):
            if self._is_file:
                self.files[self._name], self._file_bytes = [], 0
        elif self._is_file:
            if self._name in self._text_fields:
                raise _malformed(f"{self._name} is no file")
            self.texts[self._name] = "file"
            self._name = ""

    def _read_data(self, data: bytes, start: int, end: int) -> None:
        size_bytes = end - start
        if self._is_file and self._name:
            self._file_bytes += size_bytes
            if self._file_bytes > self._max_picture_bytes:
                raise PictureRejected(
                    ErrorCode.PICTURE_TOO_MANY_BYTES,
                    field=self._name,
                    bytes=self._file_bytes,
                    max_bytes=self._max_picture_bytes,
                )
            # The parser may call for a single byte: pieces of a fixed size keep the memory that of the file.
            self._data += data[start:end]
            if len(self._data) >= _PIECE_BYTES:
                self._end_piece()
            return
        self._left_text_bytes -= size_bytes
        if self._left_text_bytes < 0:
            raise _malformed("the fields are too long")
        self._data += data[start:end]

    def _end_piece(self) -> None:
        self.files[self._name].append(bytes(self._data))
        self._data = bytearray()

    def _end_part(self) -> None:
        if self._is_file:
            if self._name:
                self._end_piece()
        elif self._name in (PICTURE, END_PICTURE):
            if self._data:
                raise _malformed(f"{self._name} must be a file")
        else:
            self.texts[self._name] = _text(self._name, bytes(self._data))

    def _end(self) -> None:
        self.is_complete = True


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _malformed(f"{name} is not UTF-8") from None


def _malformed(detail: str) -> Refused:
    return Refused(RefusalCode.MALFORMED_REQUEST, detail=detail)
