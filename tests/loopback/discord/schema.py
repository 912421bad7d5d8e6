"""Schema: whether each body is what Discord's published OpenAPI document asks for."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .call import Call

Json = dict[str, Any]

DOCUMENT = Path(__file__).parents[4] / "shared" / "specs" / "discord-openapi.json"
_URI = "urn:loopback:discord"

# Where the document is stricter than the service: (place in components/schemas, what holds instead, why).
_LENIENCES: list[tuple[str, Json, str]] = [
    (
        "SnowflakeType",
        {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$"},
        "files[n] is named by n, which discord.py writes as a number, as the guide to uploads does",
    ),
]


@dataclass(eq=False)
class Schema:
    """Collects bodies and judges them later, because judging costs more than answering."""

    prefix: str = ""
    _pending: list[tuple[str, str, Any]] = field(default_factory=list)
    _violations: list[str] = field(default_factory=list)

    @property
    def is_available(self) -> bool:
        return DOCUMENT.exists()

    def collect(self, call: Call) -> None:
        if call.json is not None and self.is_available:
            # The body is kept as text: the action may change the object.
            self._pending.append((call.method, call.template, json.dumps(call.json)))

    @property
    def violations(self) -> list[str]:
        """Everything wrong so far, one line each."""
        pending, self._pending = self._pending, []
        judged: dict[tuple[str, str, str], list[str]] = {}
        for body in pending:
            if body not in judged:
                judged[body] = _judge(*body)
            self._violations += judged[body]
        return self._violations


def _judge(method: str, template: str, text: str) -> list[str]:
    validator = body_validator(method.lower(), template)
    if validator is None:
        return [f"{method} {template}: the document knows no body here"]
    error = next(validator.iter_errors(json.loads(text)), None)
    if error is None:
        return []
    return [f"{method} {template}: {_readable(_deepest(error))}"]


def _deepest(error: ValidationError) -> ValidationError:
    """Of a union that fails, the branch that the value came nearest to."""
    while error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for child in error.context:
            branches.setdefault(child.schema_path[0] if child.schema_path else None, []).append(child)
        meant = [errors for errors in branches.values() if not any(_names_another_kind(one) for one in errors)]
        candidates = [one for errors in (meant or list(branches.values())) for one in errors]
        error = max(candidates, key=lambda one: len(one.absolute_path))
    return error


def _names_another_kind(error: ValidationError) -> bool:
    return (error.validator == "type" and error.validator_value == "null") or (
        error.validator in ("enum", "const") and len(error.path) > 0 and error.path[-1] == "type"
    )


def _readable(error: ValidationError) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "body"
    return f"{place}: {error.message[:300]}"


@lru_cache(maxsize=64)
def body_validator(method: str, template: str) -> Draft202012Validator | None:
    """What judges the body of an operation, or None where the document has none."""
    operation = _document()["paths"].get(template, {}).get(method, {})
    if "application/json" not in operation.get("requestBody", {}).get("content", {}):
        return None
    return _validator("paths", template, method, "requestBody", "content", "application/json", "schema")


@lru_cache(maxsize=128)
def answer_validator(method: str, template: str, status: int) -> Draft202012Validator | None:
    """What judges an answer, or None where the document says nothing about it."""
    operation = _document()["paths"].get(template, {}).get(method, {})
    if "application/json" not in operation.get("responses", {}).get(str(status), {}).get("content", {}):
        return None
    return _validator("paths", template, method, "responses", str(status), "content", "application/json", "schema")


def _validator(*place: str) -> Draft202012Validator:
    pointer = "/".join(quote(part.replace("~", "~0").replace("/", "~1"), safe="~@") for part in place)
    return Draft202012Validator({"$ref": f"{_URI}#/{pointer}"}, registry=_registry())


@lru_cache(maxsize=1)
def _registry() -> "Registry[Any]":
    registry: Registry[Any] = Registry()
    resource: Resource[Any] = DRAFT202012.create_resource(_document())
    with_document: Registry[Any] = registry.with_resource(_URI, resource)
    return with_document


@lru_cache(maxsize=1)
def _document() -> Json:
    document: Json = json.loads(DOCUMENT.read_text())
    for name, instead, _why in _LENIENCES:
        document["components"]["schemas"][name] = instead
    return document
