"""What an admin command gives back, in short lines that a chat can show, whatever a platform's marks are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from bot.domain.credits import credits_text

T = TypeVar("T")

_MAX_VALUE_CHARACTERS = 400
_MAX_PROMPT_CHARACTERS = 80
_MAX_COMMAND_CHARACTERS, _MAX_OUTCOME_CHARACTERS = 200, 120
_MAX_REASON_CHARACTERS = 200
_PEOPLE = frozenset({"requester", "who", "by"})
_INSTANTS = frozenset({"at", "created_at"})


class Marks(Protocol[T]):
    """How a platform shows things: as text with its own marks, or as whatever else its messages are made of."""

    def text(self, text: str, max_characters: int) -> T:
        """Return what somebody wrote, made safe to show and shortened."""
        ...

    def person(self, person: str) -> T:
        """Return a person, known by platform and id."""
        ...

    def instant(self, unix_s: float) -> T: ...

    def code(self, text: str) -> T:
        """Return something to be copied, as a job's id."""
        ...

    def room(self, room: str) -> T: ...

    def role(self, role: str) -> T: ...

    def strong(self, text: str) -> T: ...

    def line(self, *parts: str | T) -> T:
        """Return parts put together; those that are plain strings are our own words."""
        ...

    def size(self, line: T) -> int:
        """Return how much of a message a line takes, as the platform counts."""
        ...


def lines_of(data: object, marks: Marks[T]) -> Iterator[T]:
    """Return what a command gives back beside its sentence, each fact in a line."""
    match data:
        case Mapping():
            for name, value in data.items():
                yield from _field(str(name), value, marks)
        case list() | tuple():
            for item in data:
                yield _entry(item, marks)


def fitting(lines: Sequence[T], max_size: int, marks: Marks[T]) -> list[T]:
    """Return as many lines as fit, and how many more there are."""
    kept: list[T] = []
    left = max_size - len("and 99999 more")
    for line in lines:
        left -= marks.size(line) + 1
        if left < 0:
            return [*kept, marks.line(f"and {len(lines) - len(kept)} more")]
        kept.append(line)
    return kept


def _field(name: str, value: Any, marks: Marks[T]) -> Iterator[T]:
    if value in (None, "", [], {}) or name == "place":  # the sentence names the place
        return
    match name, value:
        case "rooms", list():
            yield marks.line("only in: ", *_joined([marks.room(str(room)) for room in value], " "))
        case "tiers", Mapping():
            for role, limit in value.items():
                yield marks.line(marks.role(str(role)), ": ", _facts(limit, marks))
        case _, list():
            yield from lines_of(value, marks)
        case _, Mapping():
            yield marks.line(_word(name, marks), ": ", _facts(value, marks))
        case _:
            yield marks.line(_word(name, marks), ": ", _value(name, value, marks))


def _entry(item: Any, marks: Marks[T]) -> T:
    """Return one thing of a list in one line; what is longest stands last."""
    match item:
        case {"prompt": prompt}:
            state = str(item["state"]) if item["ahead"] is None else f"{item['state']}, {item['ahead']} before it"
            who, what = marks.person(item["requester"]), marks.text(prompt, _MAX_PROMPT_CHARACTERS)
            return marks.line(marks.code(item["id"]), f" {state}, ", who, ": ", what)
        case {"outcome": outcome}:
            given = "".join(f" {name}={value}" for name, value in item["arguments"].items())
            what = marks.text(f"{item['command']}{given}", _MAX_COMMAND_CHARACTERS)
            when, who = marks.instant(item["at"]), marks.person(item["who"])
            return marks.line(when, " ", who, " ", what, ": ", marks.text(outcome, _MAX_OUTCOME_CHARACTERS))
        case {"reason": reason, "job": job}:
            number, who = marks.strong(str(item["id"])), marks.person(item["by"])
            about = marks.line(number, " job ", marks.code(job), " by ", who, " ", marks.instant(item["at"]))
            return marks.line(about, ": ", marks.text(reason, _MAX_REASON_CHARACTERS))
        case Mapping():
            return _facts(item, marks)
        case _:
            return marks.text(str(item), _MAX_VALUE_CHARACTERS)


def _facts(facts: Mapping[str, Any], marks: Marks[T]) -> T:
    known = [
        marks.line(_word(name, marks), " ", _value(name, value, marks))
        for name, value in facts.items()
        if value is not None
    ]
    return marks.line(*_joined(known, ", ")) if known else marks.line("none")


def _word(name: str, marks: Marks[T]) -> T:
    return marks.text(name.removesuffix("_mcr").replace("_", " "), _MAX_VALUE_CHARACTERS)


def _value(name: str, value: Any, marks: Marks[T]) -> T:
    if name in _PEOPLE:
        return marks.person(str(value))
    if name in _INSTANTS:
        return marks.instant(value)
    if name.endswith("_mcr"):
        return marks.line(credits_text(value))
    if isinstance(value, bool):
        return marks.line("yes" if value else "no")
    if isinstance(value, float):
        return marks.line(f"{value:.10g}")
    return marks.text(str(value), _MAX_VALUE_CHARACTERS)


def _joined(parts: Sequence[T], between: str) -> Iterator[str | T]:
    for number, part in enumerate(parts):
        if number:
            yield between
        yield part
