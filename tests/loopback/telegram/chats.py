"""Chats: the places where messages are, who is in them, and what keeps the bot out."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import BLOCKED, DEACTIVATED, NEVER_OPENED, ApiError, forbidden
from .message import Message
from .users import User

if TYPE_CHECKING:
    from .world import World

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """ "typing", "record_video": what the chat shows for a few seconds."""

    action: str
    thread: int
    at_s: float


@dataclass(eq=False, repr=False)
class Chat:
    world: "World"
    id: int
    kind: str
    title: str = ""
    all_messages: dict[int, Message] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    is_deleted: bool = False

    def __repr__(self) -> str:
        return f"<{self.kind} {self.title or self.id}>"

    @property
    def messages(self) -> list[Message]:
        """What is to be seen, oldest first, without service messages."""
        return [one for one in self.all_messages.values() if not one.deleted and not one.is_service]

    @property
    def of_bot(self) -> list[Message]:
        """The bot's own messages among them."""
        return [one for one in self.messages if one.sender is self.world.me]

    @property
    def bot_is_admin(self) -> bool:
        return False

    def refusal(self) -> ApiError | None:
        """Why the bot may not act here at all; None where it may."""
        return None

    def refuses(self, _kind: str) -> bool:
        """Whether the bot lacks the right to send "text_messages", "videos", "photos" or "documents"."""
        return False

    def to_json(self) -> Json:
        raise NotImplementedError

    def delete(self) -> None:
        """The chat is gone for everybody."""
        self.is_deleted = True
        self.world.changes.notify()


@dataclass(eq=False, repr=False)
class PrivateChat(Chat):
    person: User = field(kw_only=True)
    #: The person once pressed Start.
    is_open: bool = False
    is_blocked: bool = False

    def refusal(self) -> ApiError | None:
        if self.person.is_deactivated:
            return DEACTIVATED
        if self.is_blocked:
            return BLOCKED
        return None if self.is_open else NEVER_OPENED

    def to_json(self) -> Json:
        body = {"id": self.id, "type": "private", "first_name": self.person.name}
        return body | ({"username": self.person.username} if self.person.username else {})


@dataclass(eq=False, repr=False)
class Room(Chat):
    """Where more than two can be: a group or a channel."""

    username: str = ""
    #: "member", "administrator", "kicked" or "left": what the bot is here.
    bot_status: str = "member"

    @property
    def bot_is_admin(self) -> bool:
        return self.bot_status == "administrator"

    @property
    def has_bot(self) -> bool:
        return self.bot_status in ("member", "administrator")

    def refusal(self) -> ApiError | None:
        kind = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}[self.kind]
        if self.bot_status == "kicked":
            return forbidden(f"bot was kicked from the {kind}")
        return None if self.has_bot else forbidden(f"bot is not a member of the {kind}")

    def to_json(self) -> Json:
        body: Json = {"id": self.id, "type": self.kind, "title": self.title}
        return body | ({"username": self.username} if self.username else {})

    def kicks_bot(self) -> None:
        """Somebody throws the bot out; it is told."""
        self._change_bot("kicked")

    def adds_bot(self, *, admin: bool = False) -> None:
        """Somebody takes the bot in, as a member or as an administrator; it is told."""
        self._change_bot("administrator" if admin else "member")

    def _change_bot(self, status: str) -> None:
        before, self.bot_status = self.bot_status, status
        self.world.tell_membership(self, before, status)


@dataclass(eq=False, repr=False)
class Channel(Room):
    discussion: "Chat | None" = None

    def posts(self, text: str) -> Message:
        """An administrator posts a text; where there is a discussion group, it arrives there too."""
        return self.world.post(self, text, None)

    def posts_photo(self, data: bytes, caption: str = "") -> Message:
        return self.world.post(self, caption, data)
