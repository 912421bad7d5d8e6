"""The desk: what handlers work with, and the way from a wish to an accepted job with its status message."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.downloads import Downloads
from bot.adapters.telegram.options import TelegramOptions
from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.posts import Posts
from bot.domain.job import Origin, Requester
from bot.service.clock import Clock
from bot.service.services import Services
from bot.service.status_messages import StatusMessages
from bot.service.views import JobView

Make = Callable[[Origin], Awaitable[JobView]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands, buttons and wishes work with."""

    services: Services
    posts: Posts
    statuses: StatusMessages[Address]
    downloads: Downloads
    clock: Clock
    options: TelegramOptions

    async def take(self, at: Address, requester: Requester, place: str, make: Make) -> JobView:
        """Have a job made whose answers go to ``at``, and return it; its status message is on its way.

        The message is sent by whoever draws it: a job that ends at the same moment then finds it, or finds none.
        Raises what ``make`` raises.
        """
        view = await make(Origin(CHANNEL_NAME, place, str(at), self.options.max_video_bytes))
        # Of a job that was accepted before, the row knows where its message is.
        self.statuses.follow(view, Address.read(view.job.origin.address))
        return view
