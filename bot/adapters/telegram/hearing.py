"""Hearing: a request that ends with a refusal is tried as a whole again while nobody can be told of it."""

from collections.abc import Awaitable, Callable

import structlog

from bot.adapters.telegram.answers import Unheard
from bot.adapters.telegram.pauses import Pauses

log = structlog.get_logger(__name__)

_MOST_TRIES = 10  # some minutes


async def until_heard(attempt: Callable[[], Awaitable[bool]], pause_s: float) -> bool:
    """Return what an attempt returns, made again where it raises Unheard; True where that goes on for too long."""
    pauses = Pauses(pause_s)
    while True:
        try:
            return await attempt()
        except Unheard as lost:
            if pauses.failures >= _MOST_TRIES:
                log.warning("nobody could be told of a refusal", reason=repr(lost.__cause__))
                return True
            await pauses.wait()
