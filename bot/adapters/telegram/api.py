"""The bot's line to a Bot API server: how it is opened, and how updates come in as they were sent."""

import json
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlencode

from telegram.ext import ExtBot

from bot.adapters.telegram.limiter import ChatLimiter, Send
from bot.adapters.telegram.options import CLOUD_URL
from bot.adapters.telegram.request import ApiRequest
from bot.adapters.telegram.trouble import TokenRevoked, plain_errors

#: Deliveries, pictures on their way, answers to a hundred people and the question for updates: all of them at once are
#: fewer, so that none waits for a connection.
_CONNECTIONS = 128
#: So much longer than Telegram holds a question open a bot waits for the answer.
_POLL_MARGIN_S = 15.0


def make_bot(
    token: str, limiter: ChatLimiter, *, base_url: str = CLOUD_URL, local_mode: bool = False, proxy: str = ""
) -> ExtBot[Send]:
    """Return a bot that has no connection yet: ``log_in`` opens it, its ``shutdown`` closes it."""
    server = base_url.rstrip("/")
    request = ApiRequest(_CONNECTIONS, proxy)
    return ExtBot(
        token,
        base_url=f"{server}/bot",
        base_file_url=f"{server}/file/bot",
        request=request,
        get_updates_request=request,
        local_mode=local_mode,
        rate_limiter=limiter,
    )


async def log_in(bot: ExtBot[Send]) -> None:
    """Open a bot's connections and ask who it is; may be repeated. Raises TokenRevoked and TryLater."""
    try:
        with plain_errors():
            await bot.initialize()
    except TokenRevoked:
        raise TokenRevoked from None  # the library's sentence holds the token


async def raw_updates(
    bot: ExtBot[Send], *, offset: int | None, timeout_s: float, allowed: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the next updates as they were sent, and wait up to so many seconds for the first.

    They are not read here, because one that the library cannot read must not stop those beside it. Raises what
    ``plain_errors`` raises, and ``telegram.error.Conflict`` where another process asks with the same token.
    """
    asked = {"timeout": int(timeout_s), "allowed_updates": json.dumps(list(allowed))}
    if offset is not None:
        asked["offset"] = offset
    with plain_errors():
        found = await bot.request.post(
            f"{bot.base_url}/getUpdates?{urlencode(asked)}", read_timeout=timeout_s + _POLL_MARGIN_S
        )
    return cast("list[dict[str, Any]]", found)
