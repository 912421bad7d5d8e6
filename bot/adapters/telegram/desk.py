"""The desk: what handlers work with, and the way from a wish to an accepted job with its status message."""

from collections.abc import Awaitable, Callable, Mapping
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

    async def revise(self, requester: Requester, key: str, prompt: str, options: Mapping[str, str]) -> JobView | None:
        """Have the waiting job of a key made with other words, in the message that it has; None: there is no such job.

        Raises what ``Intake.revise`` raises.
        """
        services = self.services
        revision = await services.intake.revise(requester, key, prompt, options)
        view = revision.view
        if view is not None and revision.replaced is not None:
            shown, noted = self.statuses.rename(revision.replaced, view), Address.of(view.job)
            # Its sending may have been answered after the new row was made: that was noted in the old one.
            if shown.message and shown.message != noted.message and shown.chat == noted.chat:
                await services.jobs.set_address(view.job.id, str(shown))
        return view
