"""What an admin command is: a name, its arguments, and a function; every channel offers them from this list."""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.roles import Caller

ArgumentKind = Literal["job", "person", "text", "number", "choice", "room", "role", "place"]
#: Who may call: the bot's admins only, or for their own place also those who manage one.
Scope = Literal["bot", "place"]

_MAX_ID_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command; its value comes as text."""

    name: str
    kind: ArgumentKind
    help: str
    required: bool = True
    choices: tuple[str, ...] = ()
    lowest: float = -1e9  # of a number
    highest: float = 1e9


@dataclass(frozen=True, slots=True)
class AdminAnswer:
    """What a command gives back: a sentence for a chat, and data that is ready for JSON."""

    message: str
    data: object = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command, its arguments checked."""

    caller: Caller
    command: str
    texts: Mapping[str, str]
    limited_to: str = ""  # of whoever manages a place and is no admin, or is heard there: nothing else exists for them

    @property
    def who(self) -> Requester:
        return self.caller.requester

    @property
    def place(self) -> str:
        """The place that is meant where none is named: the managed one, or where the caller asks from."""
        return self.caller.manages or self.caller.place

    def text(self, name: str, default: str = "") -> str:
        return self.texts.get(name, default)

    def number(self, name: str, default: float = 0.0) -> float:
        return float(self.texts[name]) if name in self.texts else default

    def person(self, name: str = "person") -> Requester:
        platform, _, user = self.texts[name].partition(":")
        return Requester(platform, user)


@dataclass(frozen=True, slots=True)
class AdminCommand:
    """A command that admins may call, and where its scope is a place also those who manage one."""

    name: str
    help: str
    run: Callable[[Call], Awaitable[AdminAnswer]]
    arguments: tuple[Argument, ...] = ()
    danger: bool = False  # a channel asks again before it calls
    scope: Scope = "bot"

    def read(self, caller: Caller, texts: Mapping[str, str], limited_to: str = "") -> Call:
        """Return the call. Raises Refused, naming the argument, for one that is unknown, missing or wrong."""
        names = [argument.name for argument in self.arguments]
        for name in texts:
            if name not in names:
                nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
                raise Refused(
                    RefusalCode.UNKNOWN_ARGUMENT,
                    command=self.name,
                    argument=name[:40],
                    nearest=nearest[0] if nearest else "",
                )
        given = {name: text.strip() for name, text in texts.items() if text.strip()}
        for argument in self.arguments:
            if argument.required and argument.name not in given:
                raise Refused(RefusalCode.MISSING_ARGUMENT, command=self.name, argument=argument.name)
            if argument.name in given:
                self._check(argument, given[argument.name])
        return Call(caller, self.name, given, limited_to)

    def _check(self, argument: Argument, value: str) -> None:
        wanted = ""
        match argument.kind:
            case "number" if not _is_number(value):
                wanted = "a number"
            case "number" if not argument.lowest <= float(value) <= argument.highest:
                wanted = f"from {argument.lowest:g} to {argument.highest:g}"
            case "person" | "place" if not _is_platform_id(value):
                wanted = "platform and id, like discord:123"
            case "room" | "role" if not _is_id(value):
                wanted = "an id, like 123"
            case "choice" if value not in argument.choices:
                wanted = " or ".join(argument.choices)
        if wanted:
            raise Refused(
                RefusalCode.BAD_ARGUMENT,
                command=self.name,
                argument=argument.name,
                value=value[:40],
                wanted=wanted,
            )


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) <= 1e9
    except ValueError:
        return False


def _is_platform_id(text: str) -> bool:
    platform, _, own_id = text.partition(":")
    return platform.isalpha() and _is_id(own_id.replace(",", "")) and len(text) <= _MAX_ID_CHARACTERS


def _is_id(text: str) -> bool:
    return bool(text) and text.isprintable() and not set(" ,") & set(text) and len(text) <= _MAX_ID_CHARACTERS
