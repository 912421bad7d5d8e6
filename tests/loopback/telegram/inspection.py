"""Inspection: whether each call is what the Bot API's published description asks for, and keeps its limits."""

from dataclasses import dataclass, field

from . import rules, spec
from .call import Call


@dataclass(eq=False)
class Inspection:
    #: Everything wrong so far, one line each.
    violations: list[str] = field(default_factory=list)

    def inspect(self, call: Call) -> None:
        for problem in [*spec.problems_of_call(call), *rules.problems_of_call(call)]:
            self.note(call, problem)

    def note(self, call: Call, problem: str) -> None:
        self.violations.append(f"{call.method}: {problem}")
