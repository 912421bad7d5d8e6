"""The kinds of values that settings have: which texts and numbers each of them takes, and what it makes of them."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

_DAY_S = 86_400

_DISCORD_ID = re.compile(r"[1-9][0-9]{0,19}")

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
