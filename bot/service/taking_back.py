"""Taking back: the message of a job that was hidden goes where it was shown, as far as its platform lets it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from bot.domain.job import Job
from bot.service.delivery import Channel

log = structlog.get_logger(__name__)

_LIMIT_S = 20.0  # an admin waits for it


@dataclass(frozen=True, slots=True)
class TakingBack:
    """Removes messages through the channels that they came by."""

    channels: Mapping[str, Channel]

    async def take_back(self, job: Job) -> None:
        """Have the message of a job that is over removed; what cannot be removed is logged."""
        channel = self.channels.get(job.origin.channel)
        if channel is None:
            log.info("the channel is switched off: its message stays", job=job.id, channel=job.origin.channel)
            return
        try:
            async with asyncio.timeout(_LIMIT_S):
                await channel.take_back(job)
        except TimeoutError:
            log.warning("the message could not be removed in time", job=job.id, channel=channel.name)
        except Exception:  # a bug of the adapter's: what was hidden here stays hidden, and the admin's command goes on
            log.exception("the message could not be removed", job=job.id, channel=channel.name)
