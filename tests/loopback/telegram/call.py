"""Call: one request the bot made, as it came in and how it was answered."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

Json = dict[str, Any]

# Form fields that are text whatever they look like; every other field is JSON where it can be read as JSON.
_TEXTS = frozenset(
    {
        "callback_query_id",
        "caption",
        "custom_emoji_id",
        "description",
        "document",
        "file_id",
        "name",
        "photo",
        "secret_token",
        "short_description",
        "text",
        "url",
        "video",
    }
)


@dataclass(frozen=True, slots=True)
class FilePart:
    """One uploaded file of a request."""

    filename: str
    data: bytes


@dataclass(eq=False, repr=False, slots=True)
class Call:
    method: str
    at_s: float
    #: As they came: texts from a form, values from a JSON body.
    raw: Json = field(default_factory=dict)
    parameters: Json = field(default_factory=dict)
    files: dict[str, FilePart] = field(default_factory=dict)
    status: int | None = None
    answer: Any = None
    lost: bool = False

    def __repr__(self) -> str:
        shown = {name: str(value)[:60] for name, value in self.parameters.items()}
        return f"<{self.method} {shown} -> {self.status}>"

    @property
    def chat_id(self) -> int:
        """The chat that it is about; 0 where it is about none."""
        value = self.parameters.get("chat_id", 0)
        return value if isinstance(value, int) else 0

    @property
    def description(self) -> str:
        """The reason, where it was refused."""
        return str(self.answer.get("description", "")) if isinstance(self.answer, dict) else ""

    def text(self, name: str) -> str:
        return str(self.parameters.get(name, ""))

    def number(self, name: str) -> int:
        """A whole number; 0 where there is none, which names nothing."""
        value = self.parameters.get(name, 0)
        return value if isinstance(value, int) else 0

    def flag(self, name: str) -> bool:
        return self.parameters.get(name) is True

    def object(self, name: str) -> Json:
        value = self.parameters.get(name)
        return value if isinstance(value, dict) else {}

    def list(self, name: str) -> list[Any]:
        value = self.parameters.get(name)
        return value if isinstance(value, list) else []


class BadBody(Exception):
    """The body is not what its Content-Type says."""


async def read_body(request: web.Request, call: Call) -> None:
    """Read query string, form, JSON or multipart body into the call. BadBody when it is none of them."""
    call.raw.update(request.query)
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise BadBody("a multipart body inside a multipart body")
            data = bytes(await part.read())
            if part.filename is None:
                call.raw[part.name or ""] = data.decode()
            else:
                call.files[part.name or ""] = FilePart(part.filename, data)
    elif request.content_type == "application/json":
        call.raw.update(_object_in(await request.text()))
    else:
        call.raw.update({name: str(value) for name, value in (await request.post()).items()})
    call.parameters = {name: _meant(name, value) for name, value in call.raw.items()}


def _object_in(text: str) -> Json:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise BadBody(str(error)) from None
    if not isinstance(body, dict):
        raise BadBody("a JSON body that is no object")
    return body


def _meant(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name in _TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
