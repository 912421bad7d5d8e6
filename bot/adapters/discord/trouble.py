"""What Discord's errors mean for a job, in the few words that the adapter acts on."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.service.delivery import TooLarge, TryLater

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_UNKNOWN_MESSAGE = 10008
_TOKEN_OVER = frozenset({10015, 50027})  # unknown webhook, invalid webhook token
#: unknown channel, guild, user; no access, not in this channel type; no permission; archived thread; verification;
#: no reply without the right to read what is replied to.
_NO_ACCESS = frozenset({10003, 10004, 10013, 50001, 50008, 50013, 50024, 50083, 50109, 160002, 160005})
_NO_DIRECT_MESSAGES = frozenset({50007, 50033, 50278, 340015})  # closed, nobody, no server in common, not reachable
_TOO_LARGE = frozenset({40005, 50045})
#: What every place takes (developers/reference, "Uploading Files"): what a file is brought to that was too large.
SMALLEST_LIMIT_BYTES = 10 * 2**20
_BLOCKED = frozenset({20009, 200000, 200001})  # explicit content, AutoMod
#: Come again: slow mode, too fast (also of opening direct messages, which comes as a 403), spam suspected, old edits.
_LATER = frozenset({20016, 20026, 20028, 20029, 30046, 40003, 40062})
_ALREADY_ANSWERED = 40060
_SESSION_CLOSED = "Session is closed"  # what aiohttp's RuntimeError says


class NoWay(Exception):
    """There is no access by this way, and there will be none: another one must be tried."""


class MessageGone(Exception):
    """The message was deleted."""


class ContentBlocked(Exception):
    """The server's filter refuses the text or the file."""


class TokenRevoked(Exception):
    """The bot's own token counts no more: nothing can be done without the operator."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the library raises into NoWay, MessageGone, ContentBlocked, TokenRevoked, TooLarge or TryLater.

    What remains is a bug of ours: a request that Discord does not understand.
    """
    try:
        yield
    except discord.RateLimited as error:
        raise TryLater(error.retry_after) from error
    except discord.HTTPException as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise TryLater(may_have_arrived=True) from error
    except RuntimeError as error:
        if str(error) != _SESSION_CLOSED:
            raise
        raise TryLater(may_have_arrived=True) from error  # a new login comes, and an earlier try may have arrived


def is_already_answered(error: discord.HTTPException) -> bool:
    """Whether an interaction was answered before: our own answer arrived, and its confirmation did not."""
    return error.code == _ALREADY_ANSWERED


def _meaning(error: discord.HTTPException) -> Exception | None:
    if error.code == _UNKNOWN_MESSAGE:
        return MessageGone()
    if error.status == 429 or error.code in _LATER:
        return TryLater(_retry_after_s(error))
    if error.code in _TOKEN_OVER or error.code in _NO_ACCESS or error.code in _NO_DIRECT_MESSAGES:
        return NoWay(f"{error.code}: {error.text}")
    if error.status == 413 or error.code in _TOO_LARGE:
        return TooLarge(SMALLEST_LIMIT_BYTES)
    if error.code in _BLOCKED:
        return ContentBlocked(f"{error.code}: {error.text}")
    if error.status >= 500:
        return TryLater(may_have_arrived=True)
    if not _is_of_discord(error):
        return TryLater(_retry_after_s(error))
    if error.status == 401:
        return TokenRevoked()
    return NoWay(f"{error.code}: {error.text}") if error.status in (403, 404) else None


def _is_of_discord(error: discord.HTTPException) -> bool:
    """Whether Discord itself says no: what stands in between (a proxy, a ban by address) does not speak JSON."""
    return error.response.headers.get("Content-Type", "").startswith("application/json")


def _retry_after_s(error: discord.HTTPException) -> float | None:
    header = error.response.headers.get("Retry-After", "")
    try:
        return float(header)
    except ValueError:
        return None
