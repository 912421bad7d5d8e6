"""The kinds of values that settings have: which texts and numbers each of them takes, and what it makes of them."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

_DAY_S = 86_400

_DISCORD_ID = re.compile(r"[1-9][0-9]{0,19}")
_TELEGRAM_CHAT = re.compile(r"-?[1-9][0-9]{0,19}")

_WEBHOOK_PATH = "/telegram/webhook"  # where the page takes it
_WEBHOOK_WORD = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what Telegram takes (setWebhook, secret_token)

_HOST_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"{_HOST_LABEL}(?:\.{_HOST_LABEL})*")


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _refuse_switch(value: object) -> object:
    # pydantic takes true for 1.
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "must be a number")
    return value


def _refuse_number(value: object) -> object:
    # pydantic takes 1 for true; the text "1" is what a variable holds, and stays allowed.
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise PydanticCustomError("not_a_switch", "must be true or false")
    return value


def _require_thousandths(value: float) -> float:
    # Credits are counted in thousandths: a fourth decimal would be dropped without a word.
    if round(value, 3) != value:
        raise PydanticCustomError("too_fine", "must have at most 3 decimals")
    return value


def _require_one_word(value: SecretStr) -> SecretStr:
    if any(character.isspace() for character in value.get_secret_value()):
        raise PydanticCustomError("not_one_word", "must be one word, without spaces or line breaks")
    return value


def _require_ascii(value: SecretStr) -> SecretStr:
    # It travels in an HTTP header and is compared in constant time; both know only ASCII.
    if not value.get_secret_value().isascii() or not value.get_secret_value().isprintable():
        raise PydanticCustomError("not_ascii", "must have only letters a to z, digits and ASCII signs")
    return value


def require_discord_id(value: object) -> int:
    """Return a Discord ID, which may stand as text or as a number; refuses mentions and names."""
    if _DISCORD_ID.fullmatch(text := str(value).strip()):
        return int(text)
    raise PydanticCustomError("not_a_discord_id", "must be a Discord ID, which is a number")


def _require_telegram_chat(value: object) -> int:
    """Return a chat's ID, which may stand as text or as a number; groups have one below zero."""
    if not isinstance(value, bool) and _TELEGRAM_CHAT.fullmatch(text := str(value).strip()):
        return int(text)
    raise PydanticCustomError("not_a_telegram_chat", "must be a chat's ID, which is a number (a group's is below zero)")


def _require_server_url(value: str) -> str:
    """Return where a server is reached, without a slash at the end."""
    parts = _url_parts(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise PydanticCustomError("not_a_server_url", "must be an address such as http://127.0.0.1:8081")
    return value.rstrip("/")


def _require_webhook_url(value: str) -> str:
    """Return an address to which Telegram may post; it takes no other than https, but for a server on this machine."""
    parts = _url_parts(value)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname))
    if not is_safe or not parts.hostname or parts.fragment or not parts.path.endswith(_WEBHOOK_PATH):
        raise PydanticCustomError("not_a_webhook_url", "must be an https address that ends in /telegram/webhook")
    return value


def _require_proxy_url(value: SecretStr) -> SecretStr:
    parts = _url_parts(value.get_secret_value())
    if parts.scheme not in ("http", "https", "socks5", "socks5h") or not parts.hostname:
        raise PydanticCustomError("not_a_proxy", "must be an address such as http://127.0.0.1:3128")
    return value


def _require_webhook_word(value: SecretStr) -> SecretStr:
    if not _WEBHOOK_WORD.fullmatch(value.get_secret_value()):
        raise PydanticCustomError("not_a_webhook_word", "must be at most 256 letters a to z, digits, _ and -")
    return value


def _url_parts(value: str) -> SplitResult:
    """Return the parts of an address; of what is none, parts that no rule takes."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # read only now, and refused where it is no number
    except ValueError:
        return SplitResult("", "", "", "", "")
    return SplitResult("", "", "", "", "") if any(character.isspace() for character in value) else parts


def _is_this_machine(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def require_host(value: str) -> str:
    """Return an IP address or a host name in lower case; refuses whatever has a scheme, a port or a path."""
    host = value.lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        if _HOST_NAME.fullmatch(host):
            return host
    raise PydanticCustomError("not_a_host", "must be an address or a host name, without scheme and port")


Switch = Annotated[bool, BeforeValidator(_refuse_number)]
Count = Annotated[int, BeforeValidator(_refuse_switch)]
Number = Annotated[float, BeforeValidator(_refuse_switch), Field(allow_inf_nan=False)]
Seconds = Annotated[Number, Field(gt=0, le=_DAY_S)]
Days = Annotated[Number, Field(ge=0, le=36_500)]
Credits = Annotated[Number, Field(ge=0, le=1_000_000), AfterValidator(_require_thousandths)]
Host = Annotated[str, AfterValidator(require_host)]
TelegramChat = Annotated[int, BeforeValidator(_require_telegram_chat)]
ServerUrl = Annotated[str, AfterValidator(_require_server_url)]
WebhookUrl = Annotated[str, AfterValidator(_require_webhook_url)]
ProxyUrl = Annotated[SecretStr, AfterValidator(_require_proxy_url)]
DiscordId = Annotated[int, BeforeValidator(require_discord_id)]
# Both platforms' tokens are far longer; a shorter one was cut off when it was copied.
PlatformToken = Annotated[SecretStr, Field(min_length=20), AfterValidator(_require_one_word)]
#: The operator makes this one: long enough that nobody tries them all.
MIN_WEB_TOKEN_CHARACTERS = 16
WebToken = Annotated[
    SecretStr,
    Field(min_length=MIN_WEB_TOKEN_CHARACTERS),
    AfterValidator(_require_one_word),
    AfterValidator(_require_ascii),
]
#: The operator makes up this one as well; Telegram sends it with each update.
WebhookSecret = Annotated[
    SecretStr,
    Field(min_length=MIN_WEB_TOKEN_CHARACTERS),
    AfterValidator(_require_webhook_word),
]
