"""What an error means for a job: each of Telegram's sentences, and what comes from somewhere else."""

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)

from bot.adapters.telegram.trouble import (
    CannotDelete,
    CannotHoldVideo,
    Dropped,
    FloodWait,
    ForeignAnswer,
    MessageGone,
    Migrated,
    NoRights,
    NoTextThere,
    NoWay,
    OversizedRequest,
    PressOver,
    ThreadGone,
    TokenRevoked,
    Unchanged,
    plain_errors,
)
from bot.service.delivery import TooLarge, TryLater
from tests.loopback.telegram import errors


def _meaning(error: Exception) -> Exception:
    try:
        with plain_errors():
            raise error
    except Exception as meaning:  # noqa: BLE001 (whatever it is, it is looked at)
        return meaning


def _caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


def _refusal(answer: errors.ApiError) -> TelegramError:
    return (Forbidden if answer.code == 403 else BadRequest)(answer.description)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (errors.NOT_MODIFIED, Unchanged),
        (errors.QUERY_TOO_OLD, PressOver),
        (errors.THREAD_NOT_FOUND, ThreadGone),
        (errors.NO_MEDIA, CannotHoldVideo),
        (errors.NO_TEXT, NoTextThere),
        (errors.NO_CAPTION, NoTextThere),
        (errors.NOT_DELETABLE, CannotDelete),
        (errors.bad_request("message can't be deleted for everyone"), CannotDelete),
        (errors.EDITED_NOT_FOUND, MessageGone),
        (errors.DELETED_NOT_FOUND, MessageGone),
        (errors.NOT_EDITABLE, MessageGone),
        (errors.bad_request("MESSAGE_ID_INVALID"), MessageGone),
        (errors.CHAT_NOT_FOUND, NoWay),
        (errors.BLOCKED, NoWay),
        (errors.DEACTIVATED, NoWay),
        (errors.NEVER_OPENED, NoWay),
        (errors.GROUP_DELETED, NoWay),
        (errors.forbidden("bot was kicked from the supergroup chat"), NoWay),
        (errors.forbidden("bot is not a member of the channel chat"), NoWay),
        (errors.bad_request("PEER_ID_INVALID"), NoWay),
        (errors.forbidden("a sentence that nobody has heard yet"), NoWay),
        (errors.no_right_to("videos"), NoRights),
        (errors.forbidden("not enough rights to send text messages to the chat"), NoRights),
        (errors.bad_request("have no rights to send a message"), NoRights),
        (errors.bad_request("CHAT_WRITE_FORBIDDEN"), NoRights),
        (errors.bad_request("CHAT_SEND_VIDEOS_FORBIDDEN"), NoRights),
        (errors.TOPIC_CLOSED, NoRights),
        (errors.FILE_TOO_BIG, TooLarge),
    ],
    ids=lambda value: value.description if isinstance(value, errors.ApiError) else value.__name__,
)
def test_a_refusal_is_what_it_says(answer: errors.ApiError, meaning: type[Exception]) -> None:
    """Each of Telegram's sentences leads to one thing to be done."""
    found = _meaning(_refusal(answer))
    assert type(found) is meaning
    assert isinstance(found.__cause__, TelegramError)


def test_a_message_of_the_other_kind_is_as_good_as_gone() -> None:
    """Who does not care why a message cannot be edited need not know, and who cannot delete it has no right to."""
    assert issubclass(NoTextThere, MessageGone)
    assert issubclass(CannotDelete, NoRights)


@pytest.mark.parametrize("what", ["BUTTON_DATA_INVALID", "can't parse entities", "message is too long", "file must be"])
def test_a_request_that_telegram_does_not_understand_is_a_bug(what: str) -> None:
    """Where Telegram says that a request makes no sense, nothing is made of it: it must be seen."""
    bug = BadRequest(what)
    assert _meaning(bug) is bug


def test_a_group_that_became_another_says_which() -> None:
    """A group that became a supergroup goes on under its new number."""
    moved = _meaning(ChatMigrated(-1001234))
    assert isinstance(moved, Migrated)
    assert moved.chat == -1001234


def test_too_fast_says_how_long() -> None:
    """What was refused for its pace may be tried after the time that Telegram named, and has not arrived."""
    later = _meaning(FloodWait(7.5))
    assert isinstance(later, TryLater)
    assert later.retry_after_s == 7.5
    assert not later.may_have_arrived


def test_a_token_that_counts_no_more_is_told_apart_from_a_method_that_does_not_exist() -> None:
    """The library has one error for both; only one of them is the end of the bot."""
    assert isinstance(_meaning(InvalidToken("Unauthorized")), TokenRevoked)
    assert isinstance(_meaning(InvalidToken("Not Found")), TokenRevoked)
    unknown = InvalidToken("Not Found: method not found")
    assert _meaning(unknown) is unknown


@pytest.mark.parametrize("cause", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
def test_what_was_never_sent_has_not_arrived(cause: type[httpx.TransportError]) -> None:
    """Where there was no connection nobody has to fear that a message stands there twice."""
    later = _meaning(_caused(NetworkError("no connection"), cause("no connection")))
    assert isinstance(later, TryLater)
    assert not later.may_have_arrived


@pytest.mark.parametrize(
    "error",
    [
        _caused(TimedOut(), httpx.ReadTimeout("late")),
        _caused(NetworkError("reset"), httpx.ReadError("reset")),
        _caused(NetworkError("cut"), httpx.RemoteProtocolError("cut")),
        _caused(NetworkError("slow"), httpx.WriteTimeout("slow")),
        _caused(NetworkError("closed"), RuntimeError("the client has been closed")),
        _caused(NetworkError("disk"), OSError("the file is gone")),
        NetworkError("Internal Server Error"),
    ],
    ids=repr,
)
def test_what_got_no_answer_may_have_arrived(error: TelegramError) -> None:
    """Where a request was on its way nobody knows."""
    later = _meaning(error)
    assert isinstance(later, TryLater)
    assert later.may_have_arrived


def test_a_mistake_in_making_a_request_is_a_bug() -> None:
    """The library wraps whatever is raised while it makes a request; what is no trouble of the network is ours."""
    bug = _caused(NetworkError("Unknown error"), TypeError("not a number"))
    assert _meaning(bug) is bug


@pytest.mark.parametrize(
    ("status", "may_have_arrived"), [(502, True), (504, True), (403, False), (404, False), (200, False)]
)
def test_what_is_not_telegrams_is_no_end(status: int, may_have_arrived: bool) -> None:
    """What a gateway or a login page says in place of Telegram is no word about a chat: it is tried later."""
    later = _meaning(ForeignAnswer(status))
    assert isinstance(later, TryLater)
    assert later.may_have_arrived is may_have_arrived


def test_a_request_that_is_too_large_says_what_would_do() -> None:
    """A file that is refused for its size is brought to what every server takes."""
    refused = _meaning(OversizedRequest("too large"))
    assert isinstance(refused, TooLarge)
    assert refused.max_bytes == 50_000_000


@pytest.mark.parametrize("error", [Conflict("terminated by other getUpdates request"), Dropped(), ValueError("a bug")])
def test_what_has_its_own_meaning_is_left_alone(error: Exception) -> None:
    """A second process with this token, an edit that was not sent, a bug: whoever called knows what to do."""
    assert _meaning(error) is error
