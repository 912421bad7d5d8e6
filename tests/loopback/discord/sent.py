"""Sent: what a person sees of one action: whether the bot reacted, with what, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.loopback.changes import PATIENCE_S, Changes

from . import components as tree
from .interaction import Interaction
from .message import Message

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Modal:
    """A form that is open on a person's screen."""

    interaction: Interaction
    data: Json

    @property
    def title(self) -> str:
        return str(self.data["title"])

    @property
    def custom_id(self) -> str:
        return str(self.data["custom_id"])

    @property
    def fields(self) -> dict[str, Json]:
        """The inputs by the text of their label, in order."""
        found: dict[str, Json] = {}
        for part in self.data["components"]:
            if part["type"] == tree.LABEL:
                found[part["label"]] = part["component"]
            for inner in part.get("components") or []:
                found[inner.get("label") or inner["custom_id"]] = inner
        return found

    @property
    def text(self) -> str:
        return "\n".join(tree.texts(self.data["components"]))


@dataclass(frozen=True, slots=True)
class Sent:
    """One action of a person; its properties change as the bot answers."""

    interaction: Interaction
    changes: Changes

    @property
    def acknowledged_after_s(self) -> float | None:
        """Real seconds until the first response; None while there is none."""
        return self.interaction.answered_after_s

    @property
    def failed(self) -> bool:
        """Whether the person reads "The application did not respond"."""
        return self.interaction.failed

    @property
    def response(self) -> Message | None:
        """The message that answers, also while it says that the bot is thinking; perhaps the one that was pressed."""
        return self.interaction.original

    @property
    def followups(self) -> list[Message]:
        return self.interaction.followups

    @property
    def modal(self) -> Modal | None:
        data = self.interaction.modal
        return None if data is None else Modal(self.interaction, data)

    @property
    def choices(self) -> list[Choice]:
        return [Choice(one["name"], one["value"]) for one in self.interaction.choices]

    async def answered(self, *, limit_s: float = PATIENCE_S) -> "Sent":
        """Wait for the first response, or for its absence."""
        await self.changes.until(
            lambda: self.interaction.is_answered or self.failed, limit_s=limit_s, about="an answer to an interaction"
        )
        return self

    async def until(self, predicate: Callable[[Message], Any], *, limit_s: float = PATIENCE_S) -> Message:
        """Wait until the response is such a message, and give it."""

        def found() -> Message | None:
            message = self.response
            return message if message is not None and not message.is_loading and predicate(message) else None

        message = await self.changes.until(found, limit_s=limit_s, about=f"the response, now {self._state()}")
        assert message is not None
        return message

    def _state(self) -> str:
        if self.response is None:
            return "absent (the interaction failed)" if self.failed else "absent"
        return "the bot is thinking" if self.response.is_loading else repr(self.response.text)
