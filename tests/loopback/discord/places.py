"""Guilds and channels. What changes in them is told to the bot, as far as Discord would."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .files import DEFAULT_LIMIT_BYTES, LIMIT_BYTES_BY_TIER
from .message import Message
from .people import Member, Role, User
from .permissions import ORDINARY, bits

Json = dict[str, Any]
Tell = Callable[[str, Any], None]

TEXT_CHANNEL, DM_CHANNEL, GROUP_DM_CHANNEL, THREAD = 0, 1, 3, 11


@dataclass(eq=False, repr=False)
class Channel:
    """A channel of a guild, a direct message, or a group of people without the bot."""

    id: int
    name: str
    kind: int
    tell: Tell = field(repr=False)
    guild: "Guild | None" = None
    people: list[User] = field(default_factory=list)
    parent: "Channel | None" = None
    nsfw: bool = False
    denied_to_bot: int = 0
    denied_to_members: int = 0
    has_bot: bool = True
    automod_blocks: bool = False
    deleted: bool = False
    all_messages: dict[int, Message] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"<Channel {self.name or [user.name for user in self.people]}>"

    @property
    def messages(self) -> list[Message]:
        """What everyone in the channel sees, oldest first."""
        return [one for one in self.all_messages.values() if not one.deleted and not one.is_ephemeral]

    @property
    def is_thread(self) -> bool:
        return self.kind == THREAD

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def upload_limit_bytes(self) -> int:
        return LIMIT_BYTES_BY_TIER[self.guild.tier] if self.guild else DEFAULT_LIMIT_BYTES

    def deny(self, *permissions: str, to: str = "bot") -> None:
        """Take permissions from the "bot" or from all "members" in this channel."""
        if to == "bot":
            self.denied_to_bot |= bits(permissions)
        else:
            self.denied_to_members |= bits(permissions)
        self.tell("channel_changed", self)

    def allow(self, *permissions: str, to: str = "bot") -> None:
        """Give back what was denied."""
        if to == "bot":
            self.denied_to_bot &= ~bits(permissions)
        else:
            self.denied_to_members &= ~bits(permissions)
        self.tell("channel_changed", self)

    def thread(self, name: str) -> "Channel":
        """A new public thread in this channel; what is denied is denied in the channel."""
        assert self.guild is not None
        assert not self.is_thread
        return self.guild.channel(name, kind=THREAD, nsfw=self.nsfw, parent=self)

    def delete(self) -> None:
        self.deleted = True
        self.tell("channel_deleted", self)

    def message(self, author: User, content: str = "", *uploads: Any) -> Message:
        """A person writes here; uploads are Upload objects."""
        message: Message = self.tell_message(author, content, uploads)
        return message

    # Set by the world, because making a message needs ids, the clock and the CDN.
    tell_message: Callable[..., Any] = field(default=lambda *_args: None, repr=False)


@dataclass(eq=False, repr=False)
class Guild:
    id: int
    name: str
    owner: User
    tell: Tell = field(repr=False)
    make_channel: Callable[..., Channel] = field(repr=False)
    make_role: Callable[[str, int], Role] = field(repr=False)
    tier: int = 0
    bot_installed: bool = True
    locale: str = "en-US"
    roles: list[Role] = field(default_factory=list)
    members: dict[int, Member] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)
    bot_permissions: int = ORDINARY

    def __repr__(self) -> str:
        return f"<Guild {self.name}>"

    @property
    def everyone(self) -> Role:
        return self.roles[0]

    def channel(
        self, name: str, *, nsfw: bool = False, kind: int = TEXT_CHANNEL, parent: Channel | None = None
    ) -> Channel:
        """A new channel."""
        channel = self.make_channel(self, name, nsfw=nsfw, kind=kind, parent=parent)
        self.channels.append(channel)
        self.tell("channel_made", channel)
        return channel

    def role(self, name: str, permissions: int | str | Iterable[str] = 0) -> Role:
        """The role of this name; a new one if there is none."""
        for role in self.roles:
            if role.name == name:
                return role
        role = self.make_role(name, bits(permissions))
        self.roles.append(role)
        self.tell("role_made", (self, role))
        return role

    def join(self, user: User, roles: Iterable[str | Role] = (), permissions: int | str | Iterable[str] = 0) -> Member:
        """A user becomes a member, or a member gets other roles; permissions come on top of those of all."""
        member = Member(
            user,
            [self.role(one) if isinstance(one, str) else one for one in roles],
            bits(permissions),
            user is self.owner,
        )
        self.members[user.id] = member
        return member

    def leave(self, user: User) -> None:
        del self.members[user.id]

    def kick_bot(self) -> None:
        self.bot_installed = False
        self.tell("bot_removed", self)

    def add_bot(self) -> None:
        self.bot_installed = True
        self.tell("bot_added", self)
