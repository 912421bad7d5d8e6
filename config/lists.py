"""Settings that are lists: a TOML list, or one text with commas or line breaks between its items.

What is wrong with an item is told by its number, never by its text: it may be a secret.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from config.values import WebToken, require_discord_id, require_host

#: Names of the web channel that are taken: who sits at this machine, and who holds ``web.token``.
RESERVED_WEB_NAMES = frozenset({"local", "operator"})

_WEB_NAME = r"[a-z0-9_-]{1,32}"
_ADMIN = re.compile(rf"(?:discord|telegram):[0-9]{{1,20}}|web:{_WEB_NAME}")
_WEB_TOKEN: TypeAdapter[SecretStr] = TypeAdapter(WebToken)

NamedToken = tuple[str, SecretStr]


def _items(value: object) -> object:
    parts: Sequence[object]
    match value:
        case str():
            parts = re.split(r"[,\n]", value)
        case list() | tuple():
            parts = value
        case _:
            return value
    stripped = (part.strip() if isinstance(part, str) else part for part in parts)
    return [part for part in stripped if part != ""]


def _named_tokens(value: object) -> object:
    """``name:token`` → (name, token); a token may hold further colons."""
    items = _items(value)
    if not isinstance(items, list):
        return items
    pairs = []
    for number, item in enumerate(items, start=1):
        if isinstance(item, str):
            name, colon, token = item.partition(":")
            if not colon:
                raise _wrong_item(number, "must be name:token")
            item = (name.strip(), SecretStr(token.strip()))
        pairs.append(item)
    return pairs


def _check_admins(admins: tuple[str, ...]) -> tuple[str, ...]:
    lowered = [admin.lower() for admin in admins]
    for number, admin in enumerate(lowered, start=1):
        if not _ADMIN.fullmatch(admin):
            raise _wrong_item(number, "must be discord:ID or telegram:ID, where ID is a number, or web:NAME")
    return tuple(dict.fromkeys(lowered))


def _discord_ids(value: object) -> object:
    """Each ID as text, which is what Discord's roles are compared by."""
    items = _items(value)
    if not isinstance(items, list):
        return items
    checked = []
    for number, item in enumerate(items, start=1):
        try:
            checked.append(str(require_discord_id(item)))
        except PydanticCustomError as error:
            raise _wrong_item(number, error.message()) from None
    return list(dict.fromkeys(checked))


def _check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    checked = []
    for number, host in enumerate(hosts, start=1):
        try:
            checked.append(require_host(host))
        except PydanticCustomError as error:
            raise _wrong_item(number, error.message()) from None
    return tuple(dict.fromkeys(checked))


def _check_named_tokens(pairs: tuple[NamedToken, ...]) -> tuple[NamedToken, ...]:
    names: set[str] = set()
    tokens: set[str] = set()
    for number, (name, token) in enumerate(pairs, start=1):
        if not re.fullmatch(_WEB_NAME, name):
            raise _wrong_item(number, "must begin with a name of at most 32 characters from a-z, 0-9, _ and -")
        if name in RESERVED_WEB_NAMES:
            raise _wrong_item(number, "must have another name: local and operator are taken")
        if name in names:
            raise _wrong_item(number, "has the same name as one before it")
        if token.get_secret_value() in tokens:
            raise _wrong_item(number, "has the same token as one before it")
        if (rule := _broken_token_rule(token)) is not None:
            raise _wrong_item(number, f"has a token that {rule}")
        names.add(name)
        tokens.add(token.get_secret_value())
    return pairs


def _broken_token_rule(token: SecretStr) -> str | None:
    try:
        _WEB_TOKEN.validate_python(token)
    except ValidationError as error:
        [detail, *_] = error.errors(include_url=False, include_input=False)
        too_short = detail["type"] == "too_short"
        return f"must have at least {detail['ctx']['min_length']} characters" if too_short else detail["msg"]
    return None


def _wrong_item(number: int, rule: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_item", "item {number} {rule}", {"number": number, "rule": rule})


Admins = Annotated[tuple[str, ...], BeforeValidator(_items), AfterValidator(_check_admins)]
DiscordIds = Annotated[tuple[str, ...], BeforeValidator(_discord_ids)]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_items), AfterValidator(_check_hosts)]
NamedTokens = Annotated[tuple[NamedToken, ...], BeforeValidator(_named_tokens), AfterValidator(_check_named_tokens)]
