"""The delivery side of the web channel."""

from bot.adapters.web.access import CHANNEL_NAME
from bot.domain.job import Job
from bot.service.delivery import Answer


class WebChannel:
    """A page is told by its stream and fetches the video by itself: nothing is left to bring."""

    name = CHANNEL_NAME

    async def deliver(self, answer: Answer) -> None:
        """Return at once: the job is delivered as soon as it can be fetched."""

    async def take_back(self, job: Job) -> None:
        """Return at once: a page shows what there is, and of a hidden job nothing is left."""
