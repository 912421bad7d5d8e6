"""Interaction: what one action of a person started, and everything the bot answered to it."""

from dataclasses import dataclass, field
from typing import Any

from .message import Message
from .people import User
from .places import Channel

Json = dict[str, Any]

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
TOKEN_LIFETIME_S = 15 * 60


@dataclass(eq=False, repr=False)
class Interaction:
    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    created_s: float
    sent_at_s: float
    attachment_limit_bytes: int
    only_user_installed: bool
    payload: Json = field(default_factory=dict, repr=False)
    source: Message | None = None
    opened_by: "Interaction | None" = None
    # What the bot made of it.
    answered_after_s: float | None = None
    response_type: int | None = None
    original: Message | None = None
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    followups: list[Message] = field(default_factory=list)
    failed: bool = False
    knocks: int = 0

    def __repr__(self) -> str:
        return f"<Interaction of {self.user.name}, kind {self.kind}, answered after {self.answered_after_s} s>"

    @property
    def is_answered(self) -> bool:
        return self.response_type is not None

    def is_expired(self, now_s: float) -> bool:
        return now_s - self.created_s >= TOKEN_LIFETIME_S
