"""Spec: whether parameters and objects are what the Bot API's description, as data, says of them."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from .call import Call

Json = dict[str, Any]

DOCUMENT = Path(__file__).parents[4] / "shared" / "specs" / "telegram-bot-api.json"

_ARRAY = "Array of "
_SCALARS: dict[str, type | tuple[type, ...]] = {"Integer": int, "Float": (int, float), "String": str, "Boolean": bool}


def is_available() -> bool:
    return DOCUMENT.exists()


def problems_of_call(call: Call) -> list[str]:
    """What is wrong with the names and types of a call's parameters; nothing where the document is missing."""
    if not is_available():
        return []
    method = _document()["methods"].get(call.method)
    if method is None:
        return ["the Bot API has no such method"]
    fields = {one["name"]: one for one in method.get("fields", [])}
    given = set(call.raw) | {name for name in call.files if name in fields}
    problems = [f"{name}: no such parameter" for name in given - set(fields)]
    problems += [f"{name}: required" for name, one in fields.items() if one["required"] and name not in given]
    for name, value in call.raw.items():
        if name in fields:
            problems += _problems_of_parameter(name, value, fields[name]["types"])
    return problems + _problems_of_files(call, fields)


def problems_of(value: Any, types: list[str], where: str) -> list[str]:
    """What is wrong with a value that should be of one of these types: ["Message"], ["Array of Update"]."""
    all_problems = [_problems_of_one(value, kind, where) for kind in types]
    return min(all_problems, key=len)


def return_types(method: str) -> list[str]:
    types: list[str] = _document()["methods"][method]["returns"]
    return types


def _problems_of_parameter(name: str, value: Any, types: list[str]) -> list[str]:
    # A form has only texts; a file that is named by a text is a String to the document.
    if not isinstance(value, str) or "String" in types:
        return problems_of(value, types, name)
    try:
        meant = json.loads(value)
    except ValueError:
        return [f"{name}: neither JSON nor one of {types}: {value[:100]!r}"]
    return problems_of(meant, types, name)


def _problems_of_files(call: Call, fields: Json) -> list[str]:
    attached = set(_attachments(call.parameters))
    problems = [f"attach://{name} is not attached" for name in attached - set(call.files)]
    meant = {name for name, one in fields.items() if "InputFile" in one["types"]}
    return problems + [
        f"the file {name} is attached, but nothing names it" for name in set(call.files) - attached - meant
    ]


def _attachments(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value.removeprefix("attach://")] if value.startswith("attach://") else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [name for one in inner for name in _attachments(one)]


def _problems_of_one(value: Any, kind: str, where: str) -> list[str]:
    if kind.startswith(_ARRAY):
        if not isinstance(value, list):
            return [f"{where}: no array: {value!r:.100}"]
        inside = kind.removeprefix(_ARRAY)
        return [line for index, one in enumerate(value) for line in _problems_of_one(one, inside, f"{where}[{index}]")]
    if kind in _SCALARS:
        is_right = isinstance(value, _SCALARS[kind]) and (kind == "Boolean" or not isinstance(value, bool))
        return [] if is_right else [f"{where}: no {kind}: {value!r:.100}"]
    if kind == "InputFile":
        return [f"{where}: a file belongs into a part of its own"]
    return _problems_of_object(value, kind, where)


def _problems_of_object(value: Any, kind: str, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: no {kind}: {value!r:.100}"]
    described = _document()["types"][kind]
    if "subtypes" in described:
        return min((_problems_of_object(value, one, where) for one in described["subtypes"]), key=len)
    fields = {one["name"]: one for one in described.get("fields", [])}
    problems = [f"{where}.{name}: no such field of {kind}" for name in set(value) - set(fields)]
    problems += [f"{where}.{name}: required" for name, one in fields.items() if one["required"] and name not in value]
    for name, inner in value.items():
        if name in fields:
            problems += _wrong_constant(fields[name], inner, f"{where}.{name}")
            problems += problems_of(inner, fields[name]["types"], f"{where}.{name}")
    return problems


def _wrong_constant(field: Json, value: Any, where: str) -> list[str]:
    """Types that differ by one field say of it: "must be video", or: always "creator"."""
    description = str(field["description"])
    for before, quotes in ((", must be ", ""), (", always ", '"“”')):
        if before in description and field["name"] in ("type", "status", "source"):
            constant = description.split(before)[1].split(".")[0].strip().strip(quotes or None)
            if value != constant:
                # Weighs more than any other problem, so that a union is judged by the type that was meant.
                return [f"{where}: {value!r}, not {constant!r}"] * 20
    return []


@lru_cache(maxsize=1)
def _document() -> Json:
    document: Json = json.loads(DOCUMENT.read_text())
    return document
