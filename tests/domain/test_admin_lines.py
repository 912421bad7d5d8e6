"""What admin commands give back stands in short lines, with whatever marks a platform has."""

from typing import Any

import pytest

from bot.domain.admin_lines import fitting, lines_of


class NamedMarks:
    """Shows which mark was used for what."""

    def text(self, text: str, max_characters: int) -> str:
        return text[:max_characters]

    def person(self, person: str) -> str:
        return f"person({person})"

    def instant(self, unix_s: float) -> str:
        return f"instant({unix_s:g})"

    def code(self, text: str) -> str:
        return f"code({text})"

    def room(self, room: str) -> str:
        return f"room({room})"

    def role(self, role: str) -> str:
        return f"role({role})"

    def strong(self, text: str) -> str:
        return f"strong({text})"

    def line(self, *parts: str) -> str:
        return "".join(parts)

    def size(self, line: str) -> int:
        return len(line)


MARKS = NamedMarks()
WAITING = {"id": "a1", "state": "queued", "ahead": 3, "requester": "web:1", "prompt": "the boats"}
RUNNING = {"id": "a2", "state": "running", "ahead": None, "requester": "web:2", "prompt": "the sea"}
TRIED = {"at": 7.0, "who": "web:1", "command": "ban", "arguments": {"person": "web:2"}, "outcome": "done"}
REPORTED = {"id": 4, "job": "a1", "by": "web:3", "at": 9.0, "reason": "not nice"}


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (None, []),
        ("a sentence", []),
        ([WAITING], ["code(a1) queued, 3 before it, person(web:1): the boats"]),
        ([RUNNING], ["code(a2) running, person(web:2): the sea"]),
        ([TRIED], ["instant(7) person(web:1) ban person=web:2: done"]),
        ([REPORTED], ["strong(4) job code(a1) by person(web:3) instant(9): not nice"]),
        ({"jobs": [WAITING, RUNNING]}, [*lines_of([WAITING, RUNNING], MARKS)]),
        ({"rooms": ["5", "6"]}, ["only in: room(5) room(6)"]),
        ({"tiers": {"7": {"cap_mcr": 1_500, "per_day_mcr": None}}}, ["role(7): cap 1.5"]),
        ({"tiers": {"7": {"cap_mcr": None}}}, ["role(7): none"]),
        ({"pool": {"cap_mcr": 2_000, "is_shared": True}}, ["pool: cap 2, is shared yes"]),
        ({"requester": "web:1", "created_at": 5.0}, ["requester: person(web:1)", "created at: instant(5)"]),
        ({"left_mcr": 1_500, "is_banned": False, "share": 0.25}, ["left: 1.5", "is banned: no", "share: 0.25"]),
        ({"waiting": 0}, ["waiting: 0"]),
        ({"place": "discord:1", "reason": "", "notes": [], "note": None}, []),
        (["one", "two"], ["one", "two"]),
    ],
)
def test_each_fact_has_its_line(data: Any, lines: list[str]) -> None:
    """Jobs, tries, reports and plain facts read as they are; what is empty, and the place itself, is left out."""
    assert list(lines_of(data, MARKS)) == lines


def test_what_people_wrote_goes_through_the_platforms_marks() -> None:
    """No prompt, reason or outcome gets into a line but through the mark that makes it safe and short."""
    data = [{**one, key: "x" * 10_000} for one, key in ((WAITING, "prompt"), (TRIED, "outcome"), (REPORTED, "reason"))]
    assert all(len(line) < 300 for line in lines_of([*data, "x" * 10_000], MARKS) if line.strip("x"))
    assert max(len(line) for line in lines_of(["x" * 10_000], MARKS)) <= 400


@pytest.mark.parametrize(
    ("count", "max_size", "kept"), [(3, 100, 3), (0, 100, 0), (9, 64, 4), (2, 10, 0), (10, 10 * 11 + 14, 10)]
)
def test_lines_that_do_not_fit_are_counted(count: int, max_size: int, kept: int) -> None:
    """As many lines as fit are shown, and then how many more there are."""
    lines = ["x" * 10] * count
    found = fitting(lines, max_size, MARKS)
    assert found == [*lines[:kept], *([f"and {count - kept} more"] if count > kept else [])]
    assert count == kept or len("\n".join(found)) <= max(max_size, 14)
