"""What an error means for a job, where a loopback of Discord cannot give it."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.adapters.discord.trouble import NoWay, plain_errors
from bot.service.delivery import TryLater

_JSON = "application/json"


def _answer(status: int, body: dict[str, Any] | str, content_type: str, **headers: str) -> discord.HTTPException:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = SimpleNamespace(status=status, reason="", headers={"Content-Type": content_type, **named})
    return discord.HTTPException(response, body)  # type: ignore[arg-type]


def _meaning(error: Exception) -> Exception:
    try:
        with plain_errors():
            raise error
    except Exception as meaning:  # noqa: BLE001 (whatever it is, it is looked at)
        return meaning


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_page_that_is_not_discords_is_no_end(status: int) -> None:
    """What a proxy or a ban by address says in place of Discord is no word about a message: it is tried later."""
    meaning = _meaning(_answer(status, "<html>", "text/html; charset=utf-8"))
    assert isinstance(meaning, TryLater)
    assert not meaning.may_have_arrived


def test_the_same_from_discord_is_an_end() -> None:
    """The same number from Discord itself means that there is no way."""
    assert isinstance(_meaning(_answer(403, {"code": 0, "message": "no"}, _JSON)), NoWay)


@pytest.mark.parametrize(("header", "seconds"), [("7.5", 7.5), ("soon", None)])
def test_a_ban_by_address_says_how_long(header: str, seconds: float | None) -> None:
    """Where too many requests are refused with a time, that time is kept."""
    meaning = _meaning(_answer(429, "slow down", "text/plain", Retry_After=header))
    assert isinstance(meaning, TryLater)
    assert meaning.retry_after_s == seconds


def test_a_connection_that_was_given_up_is_tried_later() -> None:
    """What was on its way when a connection was replaced may have arrived; any other such error is a bug."""
    meaning = _meaning(RuntimeError("Session is closed"))
    assert isinstance(meaning, TryLater)
    assert meaning.may_have_arrived
    bug = RuntimeError("something else")
    assert _meaning(bug) is bug


def test_a_request_that_discord_does_not_understand_is_a_bug() -> None:
    """Where Discord says that a request makes no sense, nothing is made of it: it must be seen."""
    bug = _answer(400, {"code": 50035, "message": "Invalid Form Body"}, _JSON)
    assert _meaning(bug) is bug


@pytest.mark.parametrize("code", [20016, 20026, 20028, 30046, 40003])
def test_too_fast_is_later_and_not_never(code: int) -> None:
    """What Discord refuses because it came too fast or too often may be tried again, also where it says "forbidden"."""
    assert isinstance(_meaning(_answer(403, {"code": code, "message": "too fast"}, _JSON)), TryLater)


def test_a_person_who_is_gone_is_an_end() -> None:
    """Where nobody can be written to any more, nothing is tried again."""
    assert isinstance(_meaning(_answer(400, {"code": 50033, "message": "invalid recipients"}, _JSON)), NoWay)
