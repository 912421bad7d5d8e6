"""The refusals of Discord's API that this server gives, by their documented codes."""

from typing import Any

UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
UNKNOWN_USER = (404, 10013, "Unknown User")
UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
UNKNOWN_COMMAND = (404, 10063, "Unknown application command")
TOO_LARGE = (413, 40005, "Request entity too large")
ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
TOO_MANY_FOLLOWUPS = (400, 40094, "This interaction has reached its limit of follow-up messages")
MISSING_ACCESS = (403, 50001, "Missing Access")
NOT_YOUR_MESSAGE = (403, 50005, "Cannot edit a message authored by another user")
EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
CLOSED_DMS = (403, 50007, "Cannot send messages to this user")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
EXPIRED_TOKEN = (401, 50027, "Invalid Webhook Token")
BLOCKED_BY_AUTOMOD = (400, 200000, "Message was blocked by AutoMod")
UNAUTHORIZED = (401, 0, "401: Unauthorized")
NOT_FOUND = (404, 0, "404: Not Found")


class ApiError(Exception):
    """An answer that is an error: a status, Discord's own code, a sentence."""

    def __init__(
        self, problem: tuple[int, int, str], errors: dict[str, Any] | None = None, *, misuse: str | None = None
    ) -> None:
        self.status, self.code, self.text = problem
        self.errors = errors
        #: What no sound bot would do, to be noted besides.
        self.misuse = misuse
        super().__init__(f"{self.status} ({self.code}) {self.text} {errors or ''}")

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.text, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def invalid_body(field: str, code: str, message: str) -> ApiError:
    """The answer to a body that breaks a rule; the field is written as in "components.0.content"."""
    leaf: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(field.split(".")):
        leaf = {name: leaf}
    return ApiError((400, 50035, "Invalid Form Body"), leaf)
