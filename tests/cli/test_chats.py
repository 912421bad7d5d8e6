"""Which platforms the settings ask for, and what they are started with."""

from pathlib import Path

import pytest

from bot.adapters.telegram.options import CLOUD_URL, Webhook
from bot.app.chats import TELEGRAM_WEBHOOK_PATH, make_chats, telegram_options
from config.settings import load_settings

TOKEN = "123456789:" + "Aa0-_" * 7
SECRET = "A-word_that-nobody-knows"


def environ(home: Path, **values: str) -> dict[str, str]:
    variables = {f"ANIMATE_TELEGRAM__{name.upper()}": value for name, value in values.items()}
    return {"HOME": str(home), "ANIMATE_ADMINS": "telegram:42,discord:7,telegram:43", **variables}


async def test_without_a_token_there_is_no_chat(tmp_path: Path) -> None:
    """Settings without a token start no platform and open no webhook."""
    chats = make_chats(load_settings({"HOME": str(tmp_path)}))
    assert not chats
    assert dict(chats.webhooks) == {}


async def test_telegram_by_polling(tmp_path: Path) -> None:
    """With its token Telegram is a channel, which asks by itself."""
    chats = make_chats(load_settings(environ(tmp_path, token=TOKEN)))
    assert set(chats.deliveries) == {"telegram"}
    assert dict(chats.webhooks) == {}


async def test_telegram_by_webhook(tmp_path: Path) -> None:
    """With a webhook the page has its address, where the adapter takes posts."""
    settings = environ(tmp_path, token=TOKEN, webhook_url="https://x.org/telegram/webhook", webhook_secret=SECRET)
    chats = make_chats(load_settings(settings))
    assert set(chats.webhooks) == {TELEGRAM_WEBHOOK_PATH}
    assert await chats.webhooks[TELEGRAM_WEBHOOK_PATH]({}, b"{}") == 503


@pytest.mark.parametrize("is_own", [False, True])
def test_the_settings_reach_the_adapter(tmp_path: Path, is_own: bool) -> None:
    """What the operator sets is what the adapter is started with; admins of other platforms are none on Telegram."""
    own = {
        "base_url": "http://127.0.0.1:8081",
        "local_mode": "true",
        "proxy": "http://127.0.0.1:3128",
        "webhook_url": "https://x.org/telegram/webhook",
        "webhook_secret": SECRET,
        "admin_chat": "-100",
        "ask_for_prompt": "true",
        "album": "ends",
    }
    options = telegram_options(load_settings(environ(tmp_path, token=TOKEN, **(own if is_own else {}))), TOKEN)
    assert (options.token, options.admins) == (TOKEN, frozenset({42, 43}))
    assert options.base_url == (own["base_url"] if is_own else CLOUD_URL)
    assert options.proxy == (own["proxy"] if is_own else "")
    assert options.webhook == (Webhook("https://x.org/telegram/webhook", SECRET) if is_own else None)
    assert options.admin_chat == (-100 if is_own else None)
    assert [options.local_mode, options.asks_for_prompt, options.album_is_ends] == [is_own] * 3
    assert TOKEN not in repr(options)
    assert SECRET not in repr(options)
