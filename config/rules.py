"""What pydantic found wrong, as problems that name the setting, where its value stands and the rule."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from config.errors import Problem
from config.redaction import Redactor
from config.sources import Reading
from config.values import MIN_WEB_TOKEN_CHARACTERS

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
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list, or a text with commas",
    "path_type": "must be a path",
    "too_short": "must have at least {min_length} characters",
    "missing": "has no value",
}


def broken_rules(
    error: ValidationError, chosen: Mapping[str, Reading], secret_keys: Collection[str]
) -> Iterator[Problem]:
    """Yield a problem for each value that breaks a rule; shows the value, unless it is or looks like a secret."""
    redact = Redactor(
        text for key, reading in chosen.items() if key in secret_keys for text in _secret_texts(reading.value)
    )
    for detail in error.errors(include_url=False, include_input=False):
        key = _setting(detail["loc"], chosen)
        sentence = _SENTENCES.get(detail["type"])
        rule = detail["msg"] if sentence is None else sentence.format(**detail.get("ctx", {}))
        if key not in chosen:
            yield Problem(key, "", rule)
            continue
        reading = chosen[key]
        shown = "" if key in secret_keys else f"; it is {_shown(reading.value, redact)}"
        yield Problem(key, str(reading.origin), rule + shown)


def _setting(location: tuple[str | int, ...], chosen: Mapping[str, Reading]) -> str:
    """The dotted key at ``location``, or the one around it: an item of a list has no key of its own."""
    parts = [str(part) for part in location]
    keys = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((key for key in keys if key in chosen), keys[0])


def _secret_texts(value: object) -> Iterator[str]:
    """A secret as it stands and, where it is a list of names with tokens, each token: one may be pasted elsewhere."""
    text = str(value)
    yield text
    yield from (part for part in re.split(r"[\s,:'\"\[\]]+", text) if len(part) >= MIN_WEB_TOKEN_CHARACTERS)


def _shown(value: object, redact: Redactor) -> str:
    text = redact(repr(str(value) if isinstance(value, Path) else value))
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else text[:_MAX_SHOWN_CHARACTERS] + "…"
