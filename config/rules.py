"""What pydantic found wrong, as problems that name the setting, where its value stands and the rule."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from config.errors import Problem
from config.redaction import Redactor
from config.sources import Reading

_MAX_SHOWN_CHARACTERS = 80

#: By pydantic's error type; what is not here is said in pydantic's own words, which hold no value either.
_SENTENCES = {
    "literal_error": "must be {expected}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_type": "must be text",
    "path_type": "must be a path",
    "too_short": "must have at least {min_length} characters",
    "missing": "has no value",
}


def broken_rules(
    error: ValidationError, chosen: Mapping[str, Reading], secret_keys: Collection[str]
) -> Iterator[Problem]:
    """Yield a problem for each value that breaks a rule; shows the value, unless it is or looks like a secret."""
    redact = Redactor(str(reading.value) for key, reading in chosen.items() if key in secret_keys)
    for detail in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in detail["loc"])
        sentence = _SENTENCES.get(detail["type"])
        rule = detail["msg"] if sentence is None else sentence.format(**detail.get("ctx", {}))
        if key not in chosen:
            yield Problem(key, "", rule)
            continue
        reading = chosen[key]
        shown = "" if key in secret_keys else f"; it is {_shown(reading.value, redact)}"
        yield Problem(key, str(reading.origin), rule + shown)


def _shown(value: object, redact: Redactor) -> str:
    text = redact(repr(str(value) if isinstance(value, Path) else value))
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else text[:_MAX_SHOWN_CHARACTERS] + "…"
