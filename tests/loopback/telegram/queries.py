"""Queries: presses of buttons, and what the person who pressed is shown."""

from dataclasses import dataclass
from typing import Any

from tests.loopback.changes import PATIENCE_S, Changes

from .message import Message
from .users import User

Json = dict[str, Any]

# How long the bot has for an answer, by the injected clock.
LIFETIME_S = 60.0


@dataclass(eq=False)
class Query:
    id: str
    user: User
    message: Message
    data: str
    asked_s: float
    answer: Json | None = None
    is_expired: bool = False

    def can_be_answered(self, now_s: float) -> bool:
        return self.answer is None and not self.is_expired and now_s - self.asked_s < LIFETIME_S


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press; its properties change when the bot answers."""

    query: Query
    changes: Changes

    @property
    def is_answered(self) -> bool:
        """Whether the button stopped turning."""
        return self.query.answer is not None

    @property
    def text(self) -> str:
        """What popped up."""
        return str((self.query.answer or {}).get("text", ""))

    @property
    def is_alert(self) -> bool:
        """Whether it is a window with an OK and no line that fades."""
        return (self.query.answer or {}).get("show_alert") is True

    @property
    def url(self) -> str:
        """The address that was opened."""
        return str((self.query.answer or {}).get("url", ""))

    def expires(self) -> None:
        """From now on the bot is too late."""
        self.query.is_expired = True

    async def answered(self, *, limit_s: float = PATIENCE_S) -> "Pressed":
        """Wait for the bot's answer."""
        about = f"an answer to the press of {self.query.data!r}"
        await self.changes.until(lambda: self.is_answered, limit_s=limit_s, about=about)
        return self
