"""Texts in JSON bodies: only what UTF-8 can carry, and objects of them as people write them."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Body
from pydantic import AfterValidator, StrictFloat, StrictInt, StrictStr


def _require_utf8(text: str) -> str:
    text.encode()  # JSON can hold half a surrogate pair, a database cannot; UnicodeEncodeError is a ValueError
    return text


Text = Annotated[StrictStr, AfterValidator(_require_utf8)]

#: Names and values, ``{"seed": 7}`` as good as ``{"seed": "7"}``; null takes a value away.
Changes = Annotated[dict[Text, Text | StrictInt | StrictFloat | None] | None, Body(max_length=64)]


def texts_of(changes: Mapping[str, str | int | float | None] | None) -> dict[str, str | None]:
    """Return every value as the text that a person would have typed; nothing for no object at all."""
    return {name: None if value is None else str(value) for name, value in (changes or {}).items()}
