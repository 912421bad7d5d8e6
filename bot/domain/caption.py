"""Options written into the text itself, as in a caption: ``the dog yawns --seconds 4 --negative "blurry, dark"``."""

import re

from bot.domain.option import Option
from bot.domain.options import OPTIONS, unknown_option
from generation.errors import ErrorCode, RequestRejected

_OPTIONS_BY_NAME = {option.name: option for option in OPTIONS}

#: Two hyphens, or what phones and keyboards make of them, directly before a name; then = or : or space, if anything.
_FLAG = re.compile(
    r"(?<!\S)(?P<dashes>--|-*[–—―][-–—―]*)(?P<name>[^\W\d_][\w-]*)(?P<gap>\s*[=:]\s*|\s+|$)?",
)
#: From each opening quotation mark to those that may close it; phones and languages set them in many ways.
_QUOTES = {
    '"': '"”“',
    "“": '”“"',
    "”": '”"',
    "„": '“”"',
    "«": "»",
    "»": "«",
    "'": "'’",
    "‘": "’'",
    "’": "’'",
    "「": "」",
}


def read_caption(text: str) -> tuple[str, dict[str, str]]:
    """Return the prompt and the options as typed, for ``read_options``.

    A flag is ``--name value`` or ``--name=value``; a value with spaces stands in quotation marks, but a text without
    them goes on to the next flag or the line's end. Dashes that a phone made of ``--`` count before the name of an
    option only: every other dash or hyphen belongs to the prompt, which stays as written.

    Raises RequestRejected for a flag that is no option, has no value, stands there twice, or whose quotation mark is
    not closed.
    """
    values: dict[str, str] = {}
    prompt = ""
    place = 0
    while flag := _next_flag(text, place):
        option = _OPTIONS_BY_NAME[_name(flag)]
        if option.name in values:
            raise RequestRejected(ErrorCode.OPTION_GIVEN_TWICE, field=option.name)
        prompt += text[place : flag.start()].rstrip()
        values[option.name], place = _read_value(option, text, flag)
    return (prompt + text[place:]).strip(), values


def take_switch(text: str, name: str) -> tuple[str, bool]:
    """Return a text without the flag ``--name``, which takes no value, and whether it stood there.

    As with options, dashes that a phone made of hyphens count, here also within the name; to be taken out before
    ``read_caption``, to which it would be an unknown option.
    """
    pattern = "[-‐‑–—―_ ]?".join(map(re.escape, name.split("-")))
    switch = re.compile(rf"\s*(?<!\S)(?:--|-*[–—―][-–—―]*){pattern}[,.;]?(?!\S)", re.IGNORECASE)
    rest, count = switch.subn("", text)
    return rest.strip() if count else text, count > 0


def _next_flag(text: str, start: int) -> re.Match[str] | None:
    for flag in _FLAG.finditer(text, start):
        is_known = _name(flag) in _OPTIONS_BY_NAME
        if flag["dashes"] == "--":
            if not is_known:
                raise unknown_option(flag["name"])
            return flag
        # "he waits —seconds, no more": with a typed dash, what goes on otherwise is a word of the prompt.
        if is_known and flag["gap"] is not None:
            return flag
    return None


def _name(flag: re.Match[str]) -> str:
    return flag["name"].lower()


def _read_value(option: Option, text: str, flag: re.Match[str]) -> tuple[str, int]:
    """Return the value that stands after a flag, and where it ends."""
    start = flag.end()
    if flag["gap"] and (closing := _QUOTES.get(text[start : start + 1])):
        found = re.compile(rf"[{closing}][,.;]?(?!\S)").search(text, start + 1)
        if found is None:
            raise RequestRejected(ErrorCode.QUOTE_NOT_CLOSED, field=option.name)
        return text[start + 1 : found.start()], found.end()
    rest = text[start:] if flag["gap"] else ""
    parts = rest.splitlines() if option.kind == "text" else rest.split(maxsplit=1)
    value = parts[0] if parts else ""
    following = _next_flag(value, 0)
    if following is not None:
        value = value[: following.start()]
    end = start + len(value)
    if option.kind != "text":
        value = value.rstrip(",;.")  # "--seconds 4." ends a sentence
    if not value.strip():
        raise RequestRejected(ErrorCode.OPTION_WITHOUT_VALUE, field=option.name)
    return value.strip(), end
