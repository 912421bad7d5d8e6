"""Updates: what is still to be told to the bot, until it has confirmed it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]

_FIRST_NUMBER = 100_000_001
# What is sent only to a bot that asks for it by name.
_UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(eq=False)
class Waiting:
    update: Json
    #: Sent again on purpose: confirming what came before it does not forget it unread.
    is_repeated: bool = False
    is_served: bool = False

    @property
    def number(self) -> int:
        return int(self.update["update_id"])


@dataclass(eq=False)
class Updates:
    #: Every update that there ever was, once.
    all: list[Json] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    allowed: Sequence[str] = ()
    _next: int = _FIRST_NUMBER

    def add(self, kind: str, body: Json) -> Json | None:
        """A new update; None where the bot does not want this kind."""
        if kind not in self.allowed if self.allowed else kind in _UNASKED:
            return None
        update = {"update_id": self._next, kind: body}
        self._next += 1
        self.all.append(update)
        self.waiting.append(Waiting(update))
        return update

    def repeat(self, update: Json) -> None:
        """Send one whatever was confirmed, whether it was ever sent or not."""
        self.waiting.append(Waiting(update, is_repeated=True))

    def shuffle(self, random: Random) -> None:
        """What waits comes out of order."""
        random.shuffle(self.waiting)

    def confirm(self, offset: int) -> None:
        """Forget what getUpdates says was received: everything below the offset; a negative one keeps so many."""
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.waiting = [
                one for one in self.waiting if one.number >= offset or (one.is_repeated and not one.is_served)
            ]

    def serve(self, limit: int) -> list[Json]:
        """The next updates; they stay until they are confirmed."""
        served = self.waiting[:limit]
        for one in served:
            one.is_served = True
        return [one.update for one in served]

    def done(self, one: Waiting) -> None:
        """Forget one that a webhook has taken."""
        if one in self.waiting:
            self.waiting.remove(one)

    def drop(self) -> None:
        self.waiting.clear()
