"""One thing that a person may set: how it is shown, and how what they typed for it is read."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from generation.errors import ErrorCode, RequestRejected
from generation.request import MAX_PROMPT_CHARACTERS, require_text

_MAX_NUMBER_CHARACTERS = 40  # more digits than any number here needs; Python refuses to read thousands of them
_MAX_ECHO_CHARACTERS = 40
#: NFC makes one character of at most four, so that a longer text stays too long.
_MAX_RAW_CHARACTERS = 4 * MAX_PROMPT_CHARACTERS

#: Digits of any script: whoever types ١٢ means 12. No exponents, no 0x, no thousands.
_NUMBER = re.compile(r"([+-]?)(\d*)(?:[.,٫](\d+))?")
_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029")
_WORD_GAPS = re.compile(r"[\s_‐-―−-]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of an option, and how it is called."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Option:
    """One option by its name: slash options, caption flags, modal and web form are drawn from it.

    ``lowest`` and ``highest`` are what a form offers; what a value must be is decided by ``generation.request``. An
    option of the kind "choice" that has them takes a number between them as well.
    """

    name: str
    kind: Literal["choice", "number", "integer", "text"]
    label: str
    help: str  # one sentence; Discord shows at most 100 characters
    advanced: bool = True
    choices: tuple[Choice, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    step: int | None = None  # allowed are lowest, lowest + step ...; None: any
    max_length: int | None = None  # in characters, of a text

    def read(self, typed: str) -> str:
        """Return the one way to write what was typed, empty where nothing was: ``"4,50"`` is ``"4.5"``.

        Raises RequestRejected with at most 40 characters of what was typed.
        """
        if self.kind == "text":
            return clean_text(typed)  # how long it may be is the request's rule
        require_text(self.name, typed[:MAX_PROMPT_CHARACTERS])  # a control character would come back in the answer
        value = typed.strip()
        if not value:
            return ""
        if self.kind == "choice":
            return self._choice(value)
        number = _plain_number(value)
        if number is None:
            raise self._refusal(ErrorCode.NOT_A_NUMBER, value)
        if self.kind == "integer" and not number.removeprefix("-").isdecimal():
            raise self._refusal(ErrorCode.NOT_A_WHOLE_NUMBER, value)
        return number

    def _choice(self, value: str) -> str:
        name = _WORD_GAPS.sub("-", value[:_MAX_NUMBER_CHARACTERS].casefold())
        known = [choice.value for choice in self.choices]
        if name in known:
            return name
        number = _plain_number(value) if self.highest is not None else None
        if number is not None:
            return number
        numbers = [] if self.highest is None else [f"{self.lowest:g} to {self.highest:g}"]
        raise self._refusal(ErrorCode.NOT_A_CHOICE, value, choices=", ".join(known + numbers))

    def _refusal(self, code: ErrorCode, value: str, **more: str) -> RequestRejected:
        return RequestRejected(code, field=self.name, value=echo(value), **more)


def clean_text(typed: str) -> str:
    """Return a text in NFC, with a line feed for every line end and nothing around it."""
    text = _LINE_ENDS.sub("\n", typed).strip()
    if len(text) <= _MAX_RAW_CHARACTERS:
        text = unicodedata.normalize("NFC", text)
    return text


def echo(value: str) -> str:
    """Return what was typed so that an answer can repeat it: in one line, visible, at most 40 characters."""
    start = value.strip()[: _MAX_ECHO_CHARACTERS + 1]
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in start)
    return shown if len(shown) <= _MAX_ECHO_CHARACTERS else shown[: _MAX_ECHO_CHARACTERS - 1] + "…"


def _plain_number(text: str) -> str | None:
    """Return a number in ASCII digits, without needless zeros; None for what is none."""
    found = _NUMBER.fullmatch(text) if len(text) <= _MAX_NUMBER_CHARACTERS else None
    if found is None:
        return None
    sign, whole, fraction = found.groups("")
    if not whole and not fraction:
        return None
    whole, fraction = (_ascii_digits(part) for part in (whole, fraction))
    number = whole.lstrip("0") or "0"
    if fraction.strip("0"):
        number += "." + fraction.rstrip("0")
    return f"-{number}" if sign == "-" and number != "0" else number


def _ascii_digits(digits: str) -> str:
    return "".join(str(unicodedata.decimal(digit)) for digit in digits)
