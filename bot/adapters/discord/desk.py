"""The desk: takes a wish from an interaction to an accepted job and its status message, or to one clear no."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.adapters.discord.acknowledgement import acknowledge
from bot.adapters.discord.address import Address
from bot.adapters.discord.card_painter import StatusCards
from bot.adapters.discord.downloads import Downloads
from bot.adapters.discord.people import Interaction, circumstances_of, origin_of, requester_of
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.refusing import refusing
from bot.domain.job import Origin, Requester
from bot.service.clock import Clock
from bot.service.services import Services
from bot.service.views import Circumstances, JobView


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, from where, and the key under which this very interaction gives one job only."""

    requester: Requester
    origin: Origin
    circumstances: Circumstances
    key: str


Make = Callable[[Asking], Awaitable[JobView]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands, buttons and forms work with."""

    services: Services
    cards: StatusCards
    posts: Posts
    downloads: Downloads
    clock: Clock
    admin_roles: frozenset[str]

    async def take(self, interaction: Interaction, make: Make, *, is_private: bool = False) -> None:
        """Acknowledge, have the job made, and show it; a refusal is seen by whoever asked only."""
        message = await acknowledge(interaction, ephemeral=is_private)
        if message is None:
            return
        origin = origin_of(interaction, message, self.clock, is_private=is_private)
        asking = Asking(requester_of(interaction), origin, circumstances_of(interaction), str(interaction.id))
        async with refusing(interaction, is_private=is_private):
            view = await make(asking)
            self.cards.follow(view, Address.read(view.job.origin.address))
