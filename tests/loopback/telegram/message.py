"""Message: one message as everyone in its chat sees it now; it changes while a test looks at it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .files import StoredFile
from .users import User

if TYPE_CHECKING:
    from .chats import Chat

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entity:
    """A part of a text that is more than text; data is the entity as it was sent."""

    type: str
    text: str
    data: Json


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    data: str = ""
    url: str = ""
    copy_text: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Video:
    file: StoredFile
    width: int = 0
    height: int = 0
    duration: int = 0
    cover: StoredFile | None = None
    thumbnail: StoredFile | None = None
    supports_streaming: bool = False

    @property
    def data(self) -> bytes:
        return self.file.data

    @property
    def file_name(self) -> str:
        return self.file.name


@dataclass(frozen=True, slots=True)
class Document:
    file: StoredFile
    thumbnail: StoredFile | None = None

    @property
    def data(self) -> bytes:
        return self.file.data

    @property
    def file_name(self) -> str:
        return self.file.name

    @property
    def mime_type(self) -> str:
        return self.file.mime_type


@dataclass(frozen=True, slots=True)
class ForceReply:
    placeholder: str = ""
    selective: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says; where it has a file, the text is the caption."""

    text: str = ""
    entities: tuple[Json, ...] = ()
    photo: tuple[StoredFile, ...] = ()
    document: Document | None = None
    video: Video | None = None
    has_spoiler: bool = False
    #: The field of a service message: {"migrate_to_chat_id": -1001}.
    service: Json = field(default_factory=dict)

    @property
    def has_media(self) -> bool:
        return bool(self.photo) or self.document is not None or self.video is not None


@dataclass(frozen=True, slots=True)
class Revision:
    """How a message was from a moment on."""

    at_s: float
    content: Content
    labels: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its text or caption."""
        return self.content.text

    @property
    def has_video(self) -> bool:
        return self.content.video is not None


@dataclass(eq=False, repr=False)
class Message:
    chat: "Chat"
    id: int
    sender: User
    sent_s: float
    content: Content
    thread: int = 0
    reply_to: "Message | None" = None
    #: In whose name it was sent, where that is a group or a channel.
    sender_chat: "Chat | None" = None
    markup: Json = field(default_factory=dict)
    force_reply: ForceReply | None = None
    album: str = ""
    forwarded: "Message | None" = None
    reactions: list[str] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    deleted: bool = False
    #: The silent kind, of which no sound tells.
    is_silent: bool = False

    def __repr__(self) -> str:
        media = [kind for kind in ("photo", "video", "document") if getattr(self.content, kind)]
        return f"<Message {self.id} of {self.sender.name}: {self.content.text!r} {media} {self.labels}>"

    @property
    def text(self) -> str:
        """The text; nothing where it has a file."""
        return "" if self.content.has_media else self.content.text

    @property
    def caption(self) -> str:
        """The text beside a file; nothing where it has none."""
        return self.content.text if self.content.has_media else ""

    @property
    def shown(self) -> str:
        """The text or caption."""
        return self.content.text

    @property
    def entities(self) -> list[Entity]:
        """Those of the text or of the caption."""
        return [Entity(one["type"], cut(self.content.text, one), one) for one in self.content.entities]

    @property
    def photo(self) -> tuple[StoredFile, ...]:
        """Its sizes, smallest first."""
        return self.content.photo

    @property
    def video(self) -> Video | None:
        return self.content.video

    @property
    def document(self) -> Document | None:
        return self.content.document

    @property
    def rows(self) -> list[list[Button]]:
        """The buttons as they lie below the message."""
        return [[_button(one) for one in row] for row in self.markup.get("inline_keyboard", [])]

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label for button in self.buttons]

    @property
    def edits(self) -> list[float]:
        """The times of its edits, by the injected clock."""
        return [revision.at_s for revision in self.revisions[1:]]

    @property
    def is_service(self) -> bool:
        return bool(self.content.service)

    def button(self, label: str) -> Button:
        """The button that is shown with this label. AssertionError, with what there is, where none is."""
        found = next((one for one in self.buttons if one.label == label), None)
        assert not self.deleted, "the message is deleted"
        assert found is not None, f"no button {label!r}; shown: {self.labels}"
        return found

    def delete(self) -> None:
        """Somebody who may deletes it; a bot is not told."""
        self.deleted = True
        self.chat.world.changes.notify()

    def note_revision(self, at_s: float) -> None:
        self.revisions.append(Revision(at_s, self.content, tuple(self.labels)))


def cut(text: str, entity: Json) -> str:
    """The part of a text that an entity covers, counted in UTF-16 units."""
    units = text.encode("utf-16-le")
    start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
    return units[start:end].decode("utf-16-le", errors="replace")


def _button(data: Json) -> Button:
    copied = data.get("copy_text") or {}
    return Button(
        data["text"],
        data.get("callback_data", ""),
        data.get("url", ""),
        copied.get("text", ""),
        data.get("style", ""),
    )
