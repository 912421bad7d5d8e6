"""Checks of a machine and its settings: independent of one another, each with what to do where it is not good."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain import doctor_words
from bot.domain.doctor_words import Words


class State(StrEnum):
    """How a check went; only a failed one keeps the bot from its work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, how it is, and what to do where it is not good."""

    name: str
    state: State
    detail: str
    remedy: str = ""

    @classmethod
    def ok(cls, name: str, words: Words) -> "Check":
        return cls(name, State.OK, words.detail)

    @classmethod
    def warn(cls, name: str, words: Words) -> "Check":
        return cls(name, State.WARN, words.detail, words.remedy)

    @classmethod
    def fail(cls, name: str, words: Words) -> "Check":
        return cls(name, State.FAIL, words.detail, words.remedy)


#: Looks at one thing; may yield several checks of it.
CheckFunction = Callable[[], Iterable[Check]]


def examine(functions: Mapping[str, CheckFunction]) -> Iterator[Check]:
    """Yield the checks of every function, as they are made; one that breaks is a failed check of its name."""
    for name, function in functions.items():
        try:
            yield from function()
        except Exception as error:  # noqa: BLE001 (a check that breaks must not hide the others)
            yield Check.fail(name, doctor_words.check_broke(type(error).__name__, str(error)))
