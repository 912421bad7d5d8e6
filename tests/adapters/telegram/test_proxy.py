"""A proxy for Telegram: each kind that the settings take can be used."""

import pytest

from bot.adapters.telegram.api import make_bot
from bot.adapters.telegram.limiter import ChatLimiter


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
async def test_every_kind_of_proxy_is_there(scheme: str) -> None:
    """A bot is made with any proxy that the settings take, and nothing is missing for it."""
    bot = make_bot("1:a-token", ChatLimiter(), base_url="http://127.0.0.1:1", proxy=f"{scheme}://127.0.0.1:1")
    await bot.shutdown()
