"""Users, roles and members, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .permissions import ADMINISTRATOR, ALL


@dataclass(eq=False, repr=False)
class User:
    id: int
    name: str
    is_bot: bool = False
    locale: str = "en-US"
    dms_closed: bool = False
    has_installed: bool = False
    upload_limit_bytes: int = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.is_bot else self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "primary_guild": None,
            "bot": self.is_bot,
            "public_flags": 0,
            "flags": 0,
        }


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int = 0

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def to_json(self, position: int) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "name": self.name,
            "description": None,
            "permissions": str(self.permissions),
            "position": position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False)
class Member:
    user: User
    roles: list[Role] = field(default_factory=list)
    extra_permissions: int = 0
    is_owner: bool = False

    def permissions(self, everyone: Role, denied: int) -> int:
        granted = everyone.permissions | self.extra_permissions
        for role in self.roles:
            granted |= role.permissions
        if self.is_owner or granted & ADMINISTRATOR:
            return ALL
        return granted & ~denied

    def to_json(self) -> dict[str, Any]:
        return {
            "roles": role_ids(self.roles),
            "nick": None,
            "avatar": None,
            "banner": None,
            "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }


def role_ids(roles: Sequence[Role]) -> list[str]:
    return [str(role.id) for role in roles]
