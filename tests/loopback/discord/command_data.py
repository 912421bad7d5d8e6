"""The data of a command as a person's app puts it together from the registered command, and what it does not allow."""

from dataclasses import dataclass, field
from typing import Any

from . import payloads
from .files import Upload
from .invoking import IN_GUILD, NotOffered, context_of
from .message import Message
from .people import Role, User
from .permissions import ADMINISTRATOR, holds
from .places import Channel
from .world import Command, World

Json = dict[str, Any]

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
CHAT_INPUT, ON_USER, ON_MESSAGE = 1, 2, 3


@dataclass(eq=False)
class Assembly:
    """Data under construction: what is named by an id lies in "resolved"."""

    world: World
    channel: Channel
    resolved: Json = field(default_factory=dict)

    def add(self, kind: str, entity_id: int, body: Json) -> str:
        self.resolved.setdefault(kind, {})[str(entity_id)] = body
        return str(entity_id)

    def upload(self, upload: Upload) -> str:
        stored = self.world.cdn.store(upload, f"ephemeral-attachments/{self.world.application_id}")
        return self.add("attachments", stored.id, self.world.cdn.to_json(stored, ephemeral=True))

    def user(self, user: User) -> str:
        guild = self.channel.guild
        if guild is not None and user.id in guild.members:
            member = payloads.member(self.world, self.channel, user)
            self.add("members", user.id, {name: value for name, value in member.items() if name != "user"})
        return self.add("users", user.id, user.to_json())

    def role(self, role: Role) -> str:
        return self.add("roles", role.id, role.to_json(1))

    def place(self, channel: Channel) -> str:
        return self.add("channels", channel.id, payloads.channel(self.world, channel) | {"permissions": "0"})

    def message(self, message: Message) -> str:
        return self.add("messages", message.id, payloads.message(self.world, message))


def find(world: World, user: User, channel: Channel, name: str, kind: int, *, user_install: bool) -> Command:
    """The command that this person's app shows here; NotOffered if it shows none."""
    guild_id = channel.guild.id if channel.guild else None
    named = [one for one in world.commands if one.data["name"] == name and one.data["type"] == kind]
    here = [one for one in named if one.guild_id == guild_id and guild_id is not None]
    here += [one for one in named if one.guild_id is None]
    if not here:
        raise NotOffered(f"no command {name!r}; registered: {[one.data['name'] for one in world.commands]}")
    _check_offered(world, user, channel, here[0].data, user_install=user_install or user.has_installed)
    return here[0]


def _check_offered(world: World, user: User, channel: Channel, data: Json, *, user_install: bool) -> None:
    context, guild = context_of(channel), channel.guild
    if data["contexts"] is not None and context not in data["contexts"]:
        raise NotOffered(f"/{data['name']} is not offered in context {context}, only in {data['contexts']}")
    if data["contexts"] is None and context != IN_GUILD and not data["dm_permission"]:
        raise NotOffered(f"/{data['name']} is not offered outside guilds")
    by_guild = (guild is None or guild.bot_installed) and 0 in data["integration_types"]
    if not by_guild and not (user_install and 1 in data["integration_types"]):
        raise NotOffered(f"/{data['name']} is not installed for {user.name} here: {data['integration_types']}")
    if data["nsfw"] and guild is not None and not channel.nsfw:
        raise NotOffered(f"/{data['name']} is for age-restricted channels")
    if guild is not None and not holds(world.member_permissions(channel, user), "USE_APPLICATION_COMMANDS"):
        raise NotOffered(f"{user.name} may not use commands in {channel.name}")
    needed = data["default_member_permissions"]
    if needed is not None and guild is not None:
        granted = world.member_permissions(channel, user)
        is_allowed = granted & int(needed) == int(needed) and int(needed) != 0
        if not (is_allowed or granted & ADMINISTRATOR):
            raise NotOffered(f"/{data['name']} is not shown to {user.name}, who lacks {needed}")


def chat_input(
    world: World, channel: Channel, command: Command, path: list[str], values: Json, focused: str | None = None
) -> Json:
    """The data of a typed command; NotOffered for values that the app would not accept."""
    assembly = Assembly(world, channel)
    declared, wrap = command.data.get("options") or [], []
    for name in path:
        inner = next((one for one in declared if one["name"] == name and one["type"] in (SUBCOMMAND, GROUP)), None)
        if inner is None:
            raise NotOffered(f"/{command.data['name']} has no {name!r}")
        wrap.append((name, inner["type"]))
        declared = inner.get("options") or []
    options = _options(assembly, declared, values, focused)
    for name, kind in reversed(wrap):
        options = [{"name": name, "type": kind, "options": options}]
    return _data(command, assembly) | {"options": options}


def on_message(world: World, channel: Channel, command: Command, message: Message) -> Json:
    assembly = Assembly(world, channel)
    return _data(command, assembly) | {"target_id": assembly.message(message)}


def on_user(world: World, channel: Channel, command: Command, user: User) -> Json:
    assembly = Assembly(world, channel)
    return _data(command, assembly) | {"target_id": assembly.user(user)}


def _data(command: Command, assembly: Assembly) -> Json:
    body: Json = {"id": command.data["id"], "name": command.data["name"], "type": command.data["type"]}
    if command.guild_id is not None:
        body["guild_id"] = str(command.guild_id)
    # Filled in while the options are read; the same object on purpose.
    return body | {"resolved": assembly.resolved}


def _options(assembly: Assembly, declared: list[Json], values: Json, focused: str | None) -> list[Json]:
    known = {option["name"]: option for option in declared}
    unknown = set(values) - set(known)
    if unknown:
        raise NotOffered(f"no option {sorted(unknown)}; there is {sorted(known)}")
    missing = [name for name, one in known.items() if one.get("required") and values.get(name) is None]
    if missing and focused is None:
        raise NotOffered(f"{missing} must be filled in")
    options = []
    for name, value in values.items():
        if value is None:
            continue
        option = {"name": name, "type": known[name]["type"]}
        option["value"] = value if name == focused else _value(assembly, known[name], value)
        if name == focused:
            option["focused"] = True
        options.append(option)
    return options


def _value(assembly: Assembly, option: Json, value: Any) -> Any:
    kind, name = option["type"], option["name"]
    expected: dict[int, type | tuple[type, ...]] = {
        STRING: str,
        INTEGER: int,
        BOOLEAN: bool,
        USER: User,
        CHANNEL: Channel,
        ROLE: Role,
        MENTIONABLE: (User, Role),
        NUMBER: (int, float),
        ATTACHMENT: Upload,
    }
    if not isinstance(value, expected[kind]) or (kind in (INTEGER, NUMBER) and isinstance(value, bool)):
        raise NotOffered(f"{name} cannot be {value!r}")
    if isinstance(value, Upload):
        return assembly.upload(value)
    if isinstance(value, User):
        return assembly.user(value)
    if isinstance(value, Role):
        return assembly.role(value)
    if isinstance(value, Channel):
        return assembly.place(value)
    _check_limits(option, value)
    return value


def _check_limits(option: Json, value: Any) -> None:
    name = option["name"]
    if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
        raise NotOffered(f"{name} offers {[choice['value'] for choice in option['choices']]}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    low, high = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    most = option.get(high, 6000 if isinstance(value, str) else None)
    if (option.get(low) is not None and size < option[low]) or (most is not None and size > most):
        raise NotOffered(f"{name}={value!r:.60} is outside {option.get(low)} to {most}")
