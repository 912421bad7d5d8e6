"""What is wrong with the settings, all of it at once, in words for the operator."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: what, where it stands, and the rule that it breaks. Never holds a secret's value."""

    subject: str  # a setting, a variable, a file
    place: str  # where it stands; empty where the subject says it already
    rule: str

    def __str__(self) -> str:
        return f"{self.subject} ({self.place}): {self.rule}" if self.place else f"{self.subject}: {self.rule}"


class SettingsError(Exception):
    """The settings cannot be used as they are; the text is a line for each problem, meant for the operator."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        heading = "There is 1 problem" if count == 1 else f"There are {count} problems"
        return "\n".join([f"{heading} with the settings:", *(f"  {problem}" for problem in self.problems)])
