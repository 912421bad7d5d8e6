"""What holds in one place, a server or a group: where one may ask there, and with how many credits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.domain.credits import Limit


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """The rules of a place; without any, everything is as the operator's settings say."""

    rooms: frozenset[str] = frozenset()  # ids of the chat channels in which one may ask; none: in all
    tiers: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))  # by id of a role: a person's
    pool: Limit | None = None  # of all who ask in this place together
    age_restricted_only: bool = False

    @property
    def is_empty(self) -> bool:
        return self == NO_RULES

    def tier(self, roles: Collection[str]) -> Limit | None:
        """Return the best of what these roles give, cap and pace each; None where they give nothing."""
        limits = [self.tiers[role] for role in roles if role in self.tiers]
        if not limits:
            return None
        return Limit(max(limit.cap_mcr for limit in limits), max(limit.per_day_mcr for limit in limits))


NO_RULES = PlaceRules()
