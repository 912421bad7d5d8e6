"""Call: one request the bot made, as it came in and how it was answered."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FilePart:
    filename: str
    data: bytes


@dataclass(eq=False, repr=False, slots=True)
class Call:
    method: str
    path: str
    template: str
    at_s: float
    params: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    json: Any = None
    files: dict[int, FilePart] = field(default_factory=dict)
    authorization: str | None = None
    status: int | None = None
    error_code: int | None = None
    answer: Any = None
    lost: bool = False

    def __repr__(self) -> str:
        return f"<{self.method} {self.template or self.path} -> {self.status}>"

    def matches(self, method: str, fragment: str) -> bool:
        return method in ("*", self.method) and (fragment in self.template or fragment in self.path)

    @property
    def body(self) -> Json:
        """The body, where it is an object."""
        return self.json if isinstance(self.json, dict) else {}

    def id_of(self, name: str) -> int:
        """A snowflake of the path; 0 where it is none, which no object has."""
        value = self.params[name]
        return int(value) if value.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    json: Any = None


class BadBody(Exception):
    """The body is not what its Content-Type says."""


async def read_body(request: web.Request, call: Call) -> None:
    """Read JSON, or payload_json and files[n], into the call. BadBody when it is neither."""
    if request.content_type.startswith("multipart/"):
        await _read_parts(request, call)
        return
    data = await request.read()
    if data:
        call.json = _parsed(data)


async def _read_parts(request: web.Request, call: Call) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise BadBody("a multipart body inside a multipart body")
        data = bytes(await part.read())
        index = re.fullmatch(r"files\[(\d+)\]", part.name or "")
        if part.name == "payload_json":
            call.json = _parsed(data)
        elif index:
            call.files[int(index[1])] = FilePart(part.filename or "unknown", data)
        else:
            raise BadBody(f"a part called {part.name!r}")


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise BadBody(str(error)) from None
