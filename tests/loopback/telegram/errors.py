"""The refusals of the Bot API that this server gives, in the words in which Telegram gives them."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class ApiError(Exception):
    """An answer that is an error: the code (also the HTTP status), the description, perhaps parameters."""

    code: int
    description: str
    parameters: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(what: str) -> ApiError:
    return ApiError(400, f"Bad Request: {what}")


def forbidden(what: str) -> ApiError:
    return ApiError(403, f"Forbidden: {what}")


def conflict(what: str) -> ApiError:
    return ApiError(409, f"Conflict: {what}")


def too_many_requests(retry_after_s: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after_s}", {"retry_after": retry_after_s})


def migrated(chat_id: int) -> ApiError:
    what = "Bad Request: group chat was upgraded to a supergroup chat"
    return ApiError(400, what, {"migrate_to_chat_id": chat_id})


def no_right_to(kind: str) -> ApiError:
    return bad_request(f"not enough rights to send {kind} to the chat")


UNAUTHORIZED = ApiError(401, "Unauthorized")
NOT_FOUND = ApiError(404, "Not Found")
NO_SUCH_METHOD = ApiError(404, "Not Found: method not found")
TOO_LARGE = ApiError(413, "Request Entity Too Large")
LOGGED_OUT = bad_request("Logged out")

CHAT_NOT_FOUND = bad_request("chat not found")
BLOCKED = forbidden("bot was blocked by the user")
DEACTIVATED = forbidden("user is deactivated")
NEVER_OPENED = forbidden("bot can't initiate conversation with a user")
GROUP_DELETED = forbidden("the group chat was deleted")

THREAD_NOT_FOUND = bad_request("message thread not found")
NO_TOPIC_THREAD = bad_request("message thread is not a forum topic thread")
TOPIC_CLOSED = bad_request("TOPIC_CLOSED")
REPLY_NOT_FOUND = bad_request("message to be replied not found")

EMPTY_TEXT = bad_request("message text is empty")
TEXT_TOO_LONG = bad_request("message is too long")
EDITED_TEXT_TOO_LONG = bad_request("MESSAGE_TOO_LONG")
CAPTION_TOO_LONG = bad_request("message caption is too long")
BAD_BUTTON_DATA = bad_request("BUTTON_DATA_INVALID")

EDITED_NOT_FOUND = bad_request("message to edit not found")
NOT_EDITABLE = bad_request("message can't be edited")
NOT_MODIFIED = bad_request(
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
NO_TEXT = bad_request("there is no text in the message to edit")
NO_CAPTION = bad_request("there is no caption in the message to edit")
NO_MEDIA = bad_request("there is no media in the message to edit")

DELETED_NOT_FOUND = bad_request("message to delete not found")
NOT_DELETABLE = bad_request("message can't be deleted")
REACTED_NOT_FOUND = bad_request("message to react not found")

QUERY_TOO_OLD = bad_request("query is too old and response timeout expired or query ID is invalid")
INVALID_FILE_ID = bad_request("invalid file_id")
FILE_IS_GONE = bad_request("wrong file_id or the file is temporarily unavailable")
BAD_FILE_ID = bad_request("wrong remote file identifier specified: Wrong character in the string")
FILE_TOO_BIG = bad_request("file is too big")
EMPTY_FILE = bad_request("file must be non-empty")

WEBHOOK_IS_ON = conflict(
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLLER = conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
ENDED_BY_WEBHOOK = conflict("terminated by setWebhook request")
