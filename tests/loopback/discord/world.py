"""World: everything Discord knows, and the events it sends when something in it changes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from tests.loopback.changes import Changes

from . import guild_payloads, payloads
from .files import Cdn, Upload
from .interaction import Interaction
from .message import Message
from .people import Member, Role, User
from .permissions import ORDINARY, OUTSIDE_ITS_GUILDS
from .places import DM_CHANNEL, GROUP_DM_CHANNEL, Channel, Guild
from .snowflakes import Snowflakes

Json = dict[str, Any]


@dataclass(eq=False)
class Command:
    """A command as it was registered, for all places or for one guild."""

    data: Json
    guild_id: int | None


class World:
    def __init__(self, clock: Callable[[], float], changes: Changes) -> None:
        self.clock = clock
        self.changes = changes
        self._snowflakes = Snowflakes(clock)
        self.next_id = self._snowflakes.next
        self.cdn = Cdn(clock, self.next_id)
        self.bot = User(self.next_id(), "animate", is_bot=True)
        self.application_id = self.bot.id
        self.token = f"loopback.{token_hex(8)}"
        self.old_tokens: set[str] = set()
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[Command] = []
        self.gateway_url = ""
        self.recommended_shards = 1
        # Set by the gateway: name of the event, data, guild or None. Says how many sessions got it.
        self.send: Callable[[str, Json, Guild | None], int] = lambda _name, _data, _guild: 0

    # --- making things

    def new_guild(self, name: str, owner: User, *, tier: int, bot_installed: bool, locale: str) -> Guild:
        guild = Guild(
            self.next_id(), name, owner, self.tell, self.new_channel, self._new_role, tier, bot_installed, locale
        )
        guild.roles.append(Role(guild.id, "@everyone", ORDINARY))
        guild.members[owner.id] = Member(owner, is_owner=True)
        self.guilds[guild.id] = guild
        if bot_installed:
            self.tell("bot_added", guild)
        return guild

    def new_channel(self, guild: Guild | None, name: str, **settings: Any) -> Channel:
        channel = Channel(self.next_id(), name, tell=self.tell, guild=guild, **settings)
        channel.tell_message = lambda author, content, uploads: self.post(channel, author, content, uploads)
        self.channels[channel.id] = channel
        return channel

    def dm_with(self, user: User) -> Channel:
        for channel in self.channels.values():
            if channel.kind == DM_CHANNEL and channel.has_bot and channel.people == [user]:
                return channel
        return self.new_channel(None, "", kind=DM_CHANNEL, people=[user])

    def private_channel(self, people: list[User]) -> Channel:
        kind = DM_CHANNEL if len(people) == 2 else GROUP_DM_CHANNEL
        return self.new_channel(None, "", kind=kind, people=people, has_bot=False)

    def _new_role(self, name: str, permissions: int) -> Role:
        return Role(self.next_id(), name, permissions)

    # --- messages

    def post(self, channel: Channel, author: User, content: str, uploads: tuple[Upload, ...]) -> Message:
        """A person's message."""
        message = Message(self.next_id(), channel, author, self.clock(), content)
        message.attachments = [self.cdn.store(one, f"attachments/{channel.id}") for one in uploads]
        message.pings = re.findall(r"<@!?(\d+)>", content)
        self.add_message(message)
        return message

    def add_message(self, message: Message) -> None:
        message.on_delete = self.delete_message
        message.note_revision(self.clock())
        message.channel.all_messages[message.id] = message
        self._send_message("MESSAGE_CREATE", message)

    def message_changed(self, message: Message) -> None:
        message.note_revision(self.clock())
        self._send_message("MESSAGE_UPDATE", message)

    def delete_message(self, message: Message) -> None:
        message.deleted = True
        channel = message.channel
        data = {"id": str(message.id), "channel_id": str(channel.id)}
        if channel.guild:
            data["guild_id"] = str(channel.guild.id)
        if not message.is_ephemeral:
            self.tell_bot("MESSAGE_DELETE", data, channel)
        self.changes.notify()

    def _send_message(self, event: str, message: Message) -> None:
        if not message.is_ephemeral:
            data = payloads.message(self, message)
            if message.channel.guild:
                data["guild_id"] = str(message.channel.guild.id)
            self.tell_bot(event, data, message.channel)
        self.changes.notify()

    # --- permissions

    def bot_permissions(self, channel: Channel) -> int:
        if channel.guild is None or not channel.guild.bot_installed:
            return OUTSIDE_ITS_GUILDS if channel.guild or not channel.has_bot else ORDINARY
        return channel.guild.bot_permissions & ~(channel.parent or channel).denied_to_bot

    def member_permissions(self, channel: Channel, user: User) -> int:
        if channel.guild is None:
            return ORDINARY
        member = channel.guild.members[user.id]
        return member.permissions(channel.guild.everyone, (channel.parent or channel).denied_to_members)

    # --- events

    def tell(self, what: str, about: Any) -> None:
        """Translate a change of places into the event a bot gets."""
        if what == "bot_added":
            self.send("GUILD_CREATE", guild_payloads.guild(self, about), about)
        elif what == "bot_removed":
            self.send("GUILD_DELETE", {"id": str(about.id)}, about)
        elif what == "role_made":
            guild, role = about
            data = {"guild_id": str(guild.id), "role": role.to_json(len(guild.roles))}
            if guild.bot_installed:
                self.send("GUILD_ROLE_CREATE", data, guild)
        else:
            verb = {"channel_made": "CREATE", "channel_changed": "UPDATE", "channel_deleted": "DELETE"}[what]
            event = f"{'THREAD' if about.is_thread else 'CHANNEL'}_{verb}"
            self.tell_bot(event, payloads.channel(self, about), about)
        self.changes.notify()

    def tell_bot(self, event: str, data: Json, channel: Channel) -> None:
        """Send an event about a channel, if the bot is in it."""
        if channel.guild.bot_installed if channel.guild else channel.has_bot:
            self.send(event, data, channel.guild)
