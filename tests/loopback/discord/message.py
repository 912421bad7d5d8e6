"""Message: one message as everyone who may see it sees it now; it changes while a test looks at it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import components as tree
from .components import Button, Json, Select
from .files import StoredFile, sanitised
from .people import User

SUPPRESS_EMBEDS, EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 1 << 2, 1 << 6, 1 << 7, 1 << 12, 1 << 15


@dataclass(frozen=True, slots=True)
class Revision:
    """How a message read from a moment on."""

    at_s: float
    text: str
    filenames: tuple[str, ...]
    buttons: tuple[str, ...]


@dataclass(eq=False, repr=False)
class Message:
    id: int
    channel: Any  # a Channel; not imported, because channels hold messages
    author: User
    created_s: float
    content: str = ""
    components: list[Json] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    flags: int = 0
    attachments: list[StoredFile] = field(default_factory=list)
    nonce: str | None = None
    reference: Json | None = None
    pings: list[str] = field(default_factory=list)
    interaction: Any = None  # the Interaction that made it
    recipient: User | None = None  # who alone sees it, if it is ephemeral
    revisions: list[Revision] = field(default_factory=list)
    deleted: bool = False
    on_delete: Callable[["Message"], None] = field(default=lambda _message: None, repr=False)

    @property
    def text(self) -> str:
        """Content and all text components, in reading order."""
        shown_in_embeds = [str(one[key]) for one in self.embeds for key in ("title", "description") if one.get(key)]
        return "\n".join(part for part in (self.content, *tree.texts(self.components), *shown_in_embeds) if part)

    @property
    def buttons(self) -> list[Button]:
        return tree.buttons(self.components)

    @property
    def labels(self) -> list[str]:
        """The labels of the buttons that can be pressed."""
        return [button.label for button in self.buttons if not button.disabled]

    @property
    def selects(self) -> list[Select]:
        return tree.selects(self.components)

    @property
    def shown(self) -> list[StoredFile]:
        """The files a person sees: with components of version 2, only those that a component names."""
        return [stored for stored in self.attachments if not self.is_v2 or self.is_referenced(stored)]

    @property
    def videos(self) -> list[StoredFile]:
        return [stored for stored in self.shown if stored.is_video]

    @property
    def images(self) -> list[StoredFile]:
        return [stored for stored in self.shown if stored.is_image]

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def is_loading(self) -> bool:
        """Whether it only says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def is_v2(self) -> bool:
        return bool(self.flags & COMPONENTS_V2)

    @property
    def edits(self) -> list[float]:
        """The times of its edits, by the injected clock."""
        return [revision.at_s for revision in self.revisions[1:]]

    def is_referenced(self, stored: StoredFile) -> bool:
        return any(self._names(stored, name) for name in tree.referenced_names(self.components))

    def file_named(self, name: str) -> StoredFile | None:
        return next((stored for stored in reversed(self.attachments) if self._names(stored, name)), None)

    def __repr__(self) -> str:
        files = [stored.filename for stored in self.shown]
        return f"<Message of {self.author.name}: {self.text!r} {files} {[button.label for button in self.buttons]}>"

    def delete(self) -> None:
        """Somebody who may deletes it."""
        self.on_delete(self)

    def note_revision(self, at_s: float) -> None:
        self.revisions.append(
            Revision(at_s, self.text, tuple(stored.filename for stored in self.shown), tuple(self.labels))
        )

    def copy_of_components(self) -> list[Json]:
        return copy.deepcopy(self.components)

    @staticmethod
    def _names(stored: StoredFile, name: str) -> bool:
        return name in (stored.asked_filename, stored.filename) or sanitised(name) == stored.filename
