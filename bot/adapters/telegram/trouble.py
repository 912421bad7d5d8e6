"""What Telegram's errors mean for a job, in the few words that the adapter acts on.

Telegram tells its errors apart by sentences in English and by names in capitals; they are all here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.service.delivery import TooLarge, TryLater

#: What the cloud takes of a bot, and what a file is brought to that was too large.
CLOUD_LIMIT_BYTES = 50_000_000


class Trouble(Exception):
    """Any of the errors below that Telegram gives."""


class NoWay(Trouble):
    """There is no way to the chat, and there will be none: blocked, kicked, deleted."""


class NoRights(Trouble):
    """The chat does not let the bot do this: no videos, no text, a closed topic."""


class CannotDelete(NoRights):
    """The message stays: it is older than two days, or the bot may not delete it."""


class MessageGone(Trouble):
    """The message was deleted, or can be edited no more."""


class NoTextThere(MessageGone):
    """The message has no text to be edited, or no caption: it is of the other kind, and may hold its video already."""


class ThreadGone(Trouble):
    """The topic was deleted."""


class CannotHoldVideo(Trouble):
    """The server turns no message of text into one with a video."""


class Unchanged(Trouble):
    """The message looks like this already."""


class PressOver(Trouble):
    """It is too late to answer a press."""


class Migrated(Trouble):
    """The group became a supergroup and goes on in another chat."""

    def __init__(self, chat: int) -> None:
        super().__init__(chat)
        self.chat = chat


class TokenRevoked(Trouble):
    """The bot's token counts no more: nothing can be done without the operator."""


class Dropped(Trouble):
    """The edit was not sent: a newer one of the same message, or its end, has taken its place."""


class FloodWait(RetryAfter):
    """A call was not made, or was refused: this chat takes none for so many seconds."""

    def __init__(self, wait_s: float) -> None:
        # The library's own reads a value that it warns of, each time.
        TelegramError.__init__(self, f"Flood control: again in {wait_s:.1f} s")
        self._retry_after = timedelta(seconds=wait_s)

    @property
    def retry_after(self) -> timedelta:
        return self._retry_after


class ForeignAnswer(NetworkError):
    """Something between Telegram and the bot has answered: a proxy, a gateway, a login page."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Not an answer of Telegram's, status {status}")
        self.status = status


class OversizedRequest(NetworkError):
    """The request was refused for its size."""


_NO_SUCH_METHOD = "method not found"
_UNCHANGED = ("message is not modified", "message_not_modified")
_PRESS_OVER = ("query is too old", "query_id_invalid", "query id is invalid")
_THREAD_GONE = ("message thread not found", "topic_deleted", "topic_id_invalid")
_CANNOT_HOLD_VIDEO = ("there is no media in the message to edit", "media_prev_invalid")
_NO_TEXT_THERE = ("there is no text in the message to edit", "there is no caption in the message to edit")
_CANNOT_DELETE = ("message can't be deleted", "message_delete_forbidden")
_MESSAGE_GONE = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message_id_invalid",
    "message not found",
)
_TOO_LARGE = ("request entity too large", "file is too big", "file_too_large", "file too large")
_NO_WAY = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "input_user_deactivated",
    "user_is_blocked",
    "peer_id_invalid",
    "channel_private",
    "chat_id_invalid",
    "group chat was deleted",
    "group chat was deactivated",
    "bot was kicked",
    "bot was blocked",
    "bot is not a member",
    "bot can't initiate conversation",
    "bot can't send messages to",
)
_NO_RIGHTS = (
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_admin_required",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_send_",  # _MEDIA_, _VIDEOS_, _DOCS_, _PLAIN_ and so on, each FORBIDDEN
    "chat_guest_send_forbidden",
    "user_banned_in_channel",
    "topic_closed",
)
#: In this order: a sentence about rights may speak of what is sent, and comes as "bad request" and as "forbidden".
_BY_SENTENCE: tuple[tuple[tuple[str, ...], type[Exception]], ...] = (
    (_UNCHANGED, Unchanged),
    (_PRESS_OVER, PressOver),
    (_THREAD_GONE, ThreadGone),
    (_CANNOT_HOLD_VIDEO, CannotHoldVideo),
    (_NO_TEXT_THERE, NoTextThere),
    (_CANNOT_DELETE, CannotDelete),
    (_MESSAGE_GONE, MessageGone),
    (_NO_WAY, NoWay),
    (_NO_RIGHTS, NoRights),
)
#: An error of the connection after which the request was never sent.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the library raises into the errors above, TooLarge or TryLater.

    What remains is a bug of ours, a request that Telegram does not understand, or another process with this token
    (``telegram.error.Conflict``).
    """
    try:
        yield
    except TelegramError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


def wait_of(error: RetryAfter) -> float:
    """Return the seconds after which a refused call may be made again."""
    retry_after = error.retry_after
    return retry_after.total_seconds() if isinstance(retry_after, timedelta) else float(retry_after)


def _meaning(error: TelegramError) -> Exception | None:
    match error:
        case RetryAfter():
            return TryLater(wait_of(error))
        case ChatMigrated():
            return Migrated(error.new_chat_id)
        case InvalidToken():  # 401, and 404, which it also says of what an older server cannot do
            return None if _NO_SUCH_METHOD in error.message.lower() else TokenRevoked()
        case OversizedRequest():
            return TooLarge(CLOUD_LIMIT_BYTES)
        case BadRequest() | Forbidden():
            return _by_sentence(error)
        case ForeignAnswer():
            return TryLater(may_have_arrived=error.status >= 500)
        case NetworkError():
            return _of_connection(error)
    return None


def _by_sentence(error: TelegramError) -> Exception | None:
    said = error.message.lower()
    for sentences, meaning in _BY_SENTENCE:
        if any(sentence in said for sentence in sentences):
            return meaning(error.message)
    if any(sentence in said for sentence in _TOO_LARGE):
        return TooLarge(CLOUD_LIMIT_BYTES)
    return NoWay(error.message) if isinstance(error, Forbidden) else None


def _of_connection(error: NetworkError) -> Exception | None:
    """What it means that no answer came, or one that says only that the server is in trouble."""
    cause = error.__cause__
    if cause is not None and not isinstance(cause, httpx.HTTPError | OSError | RuntimeError):
        return None  # the library wraps whatever is raised while it makes a request
    return TryLater(may_have_arrived=not isinstance(cause, _NEVER_SENT))
