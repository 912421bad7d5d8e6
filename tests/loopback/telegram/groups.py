"""Groups: members, rights, topics, and the step from a group to a supergroup."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .chats import Channel, Room
from .errors import CHAT_NOT_FOUND, GROUP_DELETED, ApiError, migrated
from .message import Content, Message
from .users import User

if TYPE_CHECKING:
    from .person import Person

Json = dict[str, Any]

GENERAL = 1


@dataclass(eq=False)
class Topic:
    """A topic of a forum; General is number 1, and its messages carry no thread."""

    chat: "Group"
    id: int
    name: str
    is_closed: bool = False
    is_deleted: bool = False

    @property
    def thread(self) -> int:
        """What its messages carry as message_thread_id; 0 for none."""
        return 0 if self.id == GENERAL else self.id

    @property
    def messages(self) -> list[Message]:
        return [one for one in self.chat.messages if one.thread == self.thread]

    @property
    def of_bot(self) -> list[Message]:
        return [one for one in self.messages if one.sender is self.chat.world.me]

    def close(self) -> None:
        self.is_closed = True
        self.chat.announces({"forum_topic_closed": {}}, thread=self.thread)

    def reopen(self) -> None:
        self.is_closed = False
        self.chat.announces({"forum_topic_reopened": {}}, thread=self.thread)

    def delete(self) -> None:
        """It goes with everything in it; no bot is told."""
        self.is_deleted = True
        for message in self.messages:
            message.deleted = True
        self.chat.world.changes.notify()


@dataclass(eq=False, repr=False)
class Group(Room):
    """A basic group, a supergroup or a forum, by its kind."""

    owner: "Person" = field(kw_only=True)
    is_forum: bool = False
    linked: Channel | None = None
    #: "creator", "administrator", "member", "left" or "kicked" by user id.
    members: dict[int, str] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    topics: dict[int, Topic] = field(default_factory=dict)
    migrated_to: int | None = None
    #: After the step to a supergroup, edits of what stayed behind are told where it went, as sends are.
    tells_edits: bool = True
    #: Who of all bots wrote last; None while none has.
    last_bot: User | None = None

    def __post_init__(self) -> None:
        self.members[self.owner.id] = "creator"
        if self.is_forum:
            self.topics[GENERAL] = Topic(self, GENERAL, "General")

    @property
    def general(self) -> Topic:
        return self.topics[GENERAL]

    def topic(self, name: str) -> Topic:
        """A new topic."""
        assert self.is_forum, "only a forum has topics"
        created = {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}}
        message = self.world.write(self, self.owner, Content(service=created))
        message.thread = message.id
        self.topics[message.id] = Topic(self, message.id, name)
        return self.topics[message.id]

    def join(self, person: User, *, admin: bool = False) -> None:
        """Take somebody in, or change what they are; nobody is told."""
        self.members[person.id] = "administrator" if admin else "member"

    def leave(self, person: User) -> None:
        self.members[person.id] = "left"

    def is_admin(self, user: User) -> bool:
        return self.members.get(user.id) in ("creator", "administrator")

    def forbids(self, right: str) -> None:
        """Take a right from everybody who is no administrator: "send_videos", "send_messages", "send_documents"."""
        assert right.startswith("send_"), right
        self.forbidden.add(right)

    def allows(self, right: str) -> None:
        self.forbidden.discard(right)

    def refuses(self, kind: str) -> bool:
        right = "send_messages" if kind == "text_messages" else f"send_{kind}"
        return not self.bot_is_admin and bool({right, "send_messages"} & self.forbidden)

    def refusal(self) -> ApiError | None:
        if self.migrated_to is not None:
            return migrated(self.migrated_to)
        if self.is_deleted:
            return GROUP_DELETED if self.kind == "group" else CHAT_NOT_FOUND
        return super().refusal()

    def migrates(self, *, tells_edits: bool = True) -> "Group":
        """Become a supergroup: a new chat with the same people and without the old messages."""
        assert self.kind == "group", "only a basic group can"
        assert self.migrated_to is None, "only once"
        new = self.world.new_group(self.title, self.owner, kind="supergroup", bot_status=self.bot_status)
        new.members.update(self.members)
        new.forbidden.update(self.forbidden)
        self.announces({"migrate_to_chat_id": new.id})
        self.migrated_to, self.tells_edits = new.id, tells_edits
        new.announces({"migrate_from_chat_id": self.id})
        return new

    def another_bot_speaks(self, text: str = "Hello") -> Message:
        """Another bot writes; no bot hears it, and commands to nobody are that bot's from now on."""
        rival = User(self.world.next_user_id(), "Rival", "rival_bot", is_bot=True)
        return self.world.write(self, rival, Content(text))

    def announces(self, service: Json, *, thread: int = 0) -> Message:
        """Write a service message, which every bot hears."""
        message = self.world.write(self, self.owner, Content(service=service), thread=thread)
        self.world.tell_message(message)
        return message

    def to_json(self) -> Json:
        return super().to_json() | ({"is_forum": True} if self.is_forum else {})
