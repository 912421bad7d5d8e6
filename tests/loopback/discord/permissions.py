"""Discord's permission bits, by name, as far as a bot that sends videos meets them."""

from collections.abc import Iterable

ADMINISTRATOR = 1 << 3
BITS = {
    "CREATE_INSTANT_INVITE": 1 << 0,
    "ADMINISTRATOR": ADMINISTRATOR,
    "MANAGE_CHANNELS": 1 << 4,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_EXTERNAL_EMOJIS": 1 << 18,
    "MANAGE_ROLES": 1 << 28,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
    "MODERATE_MEMBERS": 1 << 40,
    "USE_EXTERNAL_APPS": 1 << 50,
}
ALL = sum(BITS.values())
ORDINARY = ALL & ~sum(
    BITS[name]
    for name in (
        "ADMINISTRATOR",
        "MANAGE_CHANNELS",
        "MANAGE_GUILD",
        "MANAGE_MESSAGES",
        "MANAGE_ROLES",
        "MODERATE_MEMBERS",
    )
)
OUTSIDE_ITS_GUILDS = sum(
    BITS[name] for name in ("EMBED_LINKS", "ATTACH_FILES", "MENTION_EVERYONE", "USE_EXTERNAL_EMOJIS")
)


def bits(permissions: int | str | Iterable[str]) -> int:
    """Permissions as one number, from a number, a name or names."""
    if isinstance(permissions, int):
        return permissions
    names = (permissions,) if isinstance(permissions, str) else permissions
    return sum(BITS[name.upper()] for name in set(names))


def holds(granted: int, name: str) -> bool:
    return bool(granted & (BITS[name] | ADMINISTRATOR))
