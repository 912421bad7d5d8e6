"""The settings of Telegram: what each takes, and which belong together."""

from pathlib import Path

import pytest

from config.sections import TelegramSettings
from config.settings import load_settings
from tests.config.reading import problems, write_toml

SECRET = "A-word_that-nobody-knows"
URL = "https://bot.example.org/telegram/webhook"


def telegram(home: Path, **values: str) -> TelegramSettings:
    return load_settings(environ(home, **values)).telegram


def environ(home: Path, **values: str) -> dict[str, str]:
    variables = {f"ANIMATE_TELEGRAM__{name.upper()}": value for name, value in values.items()}
    return {"HOME": str(home), **variables}


def test_nothing_needs_to_be_set(home: Path) -> None:
    """Without a word in the settings the bot polls Telegram's own server, and each picture is a video."""
    fresh = telegram(home)
    assert (fresh.token, fresh.base_url, fresh.webhook_url, fresh.proxy, fresh.admin_chat) == (None,) * 5
    assert (fresh.album, fresh.ask_for_prompt, fresh.local_mode) == ("each", False, False)


def test_the_admin_chat_is_a_number_of_either_sign(home: Path) -> None:
    """A group's number is below zero; it may stand as a text or as a number."""
    for in_file in (-1001234567890, " -1001234567890 "):
        file = write_toml(home / "it.toml", {"telegram.admin_chat": in_file})
        assert load_settings({"HOME": str(home), "ANIMATE_CONFIG": str(file)}).telegram.admin_chat == -1001234567890
    assert telegram(home, admin_chat="42").admin_chat == 42


def test_a_server_of_ones_own(home: Path) -> None:
    """Its address stands without a slash at the end, and local mode goes with it."""
    own = telegram(home, base_url="http://127.0.0.1:8081/", local_mode="true")
    assert (own.base_url, own.local_mode) == ("http://127.0.0.1:8081", True)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://127.0.0.1:8000/telegram/webhook",
        "http://localhost/telegram/webhook",
        "http://[::1]:80/telegram/webhook",
    ],
)
def test_a_webhook(home: Path, url: str) -> None:
    """It is an https address, or one on this machine, and has its secret."""
    set_up = telegram(home, webhook_url=url, webhook_secret=SECRET)
    assert set_up.webhook_url == url
    assert set_up.webhook_secret is not None
    assert set_up.webhook_secret.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("values", "key", "rule"),
    [
        ({"admin_chat": "@admins"}, "admin_chat", "must be a chat's ID, which is a number"),
        ({"admin_chat": "0"}, "admin_chat", "must be a chat's ID"),
        ({"album": "one"}, "album", "must be 'each' or 'ends'; it is 'one'"),
        ({"ask_for_prompt": "perhaps"}, "ask_for_prompt", "must be true or false"),
        ({"base_url": "127.0.0.1:8081"}, "base_url", "must be an address such as http://127.0.0.1:8081"),
        ({"base_url": "http://x/?a=b"}, "base_url", "must be an address such as http://127.0.0.1:8081"),
        ({"base_url": "http://x:port"}, "base_url", "must be an address such as http://127.0.0.1:8081"),
        ({"local_mode": "true"}, "local_mode", "needs telegram.base_url"),
        ({"webhook_url": "http://bot.example.org/x"}, "webhook_url", "must be an https address"),
        (
            {"webhook_url": "https://bot.example.org/hook", "webhook_secret": SECRET},
            "webhook_url",
            "ends in /telegram/",
        ),
        ({"webhook_url": "https:///x"}, "webhook_url", "must be an https address"),
        ({"webhook_url": "https://a b/x"}, "webhook_url", "must be an https address"),
        ({"webhook_url": URL}, "webhook_secret", "must be set where telegram.webhook_url is, and only there"),
        ({"webhook_secret": SECRET}, "webhook_secret", "must be set where telegram.webhook_url is, and only there"),
        ({"webhook_url": URL, "webhook_secret": "short"}, "webhook_secret", "must have at least 16 characters"),
        ({"webhook_url": URL, "webhook_secret": "x" * 257}, "webhook_secret", "must be at most 256 letters"),
        ({"webhook_url": URL, "webhook_secret": f"{SECRET}!"}, "webhook_secret", "must be at most 256 letters"),
        ({"proxy": "127.0.0.1:8888"}, "proxy", "must be an address such as http://127.0.0.1:3128"),
        ({"proxy": "ftp://ann:pw-of-ann@x"}, "proxy", "must be an address such as http://127.0.0.1:3128"),
    ],
)
def test_what_is_wrong_is_told_with_its_rule(home: Path, values: dict[str, str], key: str, rule: str) -> None:
    """The message names the setting and the rule, and shows no secret."""
    message = problems(environ(home, **values))
    assert f"telegram.{key}" in message
    assert rule in message
    for name in ("webhook_secret", "proxy"):
        assert values.get(name, "not given") not in message


def test_secrets_are_known_as_such(home: Path) -> None:
    """The webhook's word and a proxy, which may hold a password, are masked wherever they might be shown."""
    proxy = "http://ann:pw-of-ann@127.0.0.1:3128"
    settings = load_settings(environ(home, webhook_url=URL, webhook_secret=SECRET, proxy=proxy))
    assert settings.secrets() == (SECRET, proxy)
    assert not [secret for secret in settings.secrets() if secret in f"{settings!r} {settings.model_dump_json()}"]
