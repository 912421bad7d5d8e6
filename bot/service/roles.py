"""Who is an admin: by id, as the settings say, asked anew at every call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Roles:
    """The admins, as ``platform:user``."""

    admins: frozenset[str]

    def is_admin(self, requester_id: str) -> bool:
        return requester_id in self.admins
