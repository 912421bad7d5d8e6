"""What the bot itself says no to, before or beside a render: codes with values, as ``generation.errors`` has them."""

from enum import StrEnum

from generation.errors import Value


class RefusalCode(StrEnum):
    """The contract with whoever makes sentences: a code and the values that come with it."""

    # intake
    BANNED = "banned"  # reason, until_ms (None: for good)
    TOO_FAST = "too_fast"  # per_minute, retry_after_s
    TOO_MANY_WAITING = "too_many_waiting"  # waiting, highest
    QUEUE_FULL = "queue_full"  # waiting, highest
    NO_CREDITS = "no_credits"  # level, price_mcr, left_mcr, retry_after_s (None: never)
    PAUSED = "paused"
    STOPPING = "stopping"
    DISK_NEARLY_FULL = "disk_nearly_full"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    WRONG_ROOM = "wrong_room"  # rooms (ids, with commas between them)
    AGE_RESTRICTED_ONLY = "age_restricted_only"
    # jobs
    UNKNOWN_JOB = "unknown_job"  # job
    ALREADY_ENDED = "already_ended"  # job, state
    ALREADY_STARTED = "already_started"  # job
    NOT_OVER = "not_over"  # job, state
    NOT_READY = "not_ready"  # job, state
    PICTURE_GONE = "picture_gone"  # job
    VIDEO_GONE = "video_gone"  # job
    # people and admins
    NOT_ALLOWED = "not_allowed"  # command
    UNKNOWN_COMMAND = "unknown_command"  # command, nearest
    UNKNOWN_PERSON = "unknown_person"  # person
    BAD_ARGUMENT = "bad_argument"  # command, argument, value, wanted
    MISSING_ARGUMENT = "missing_argument"  # command, argument
    UNKNOWN_ARGUMENT = "unknown_argument"  # command, argument, nearest
    UNKNOWN_REPORT = "unknown_report"  # report
    # the web channel
    LOGIN_NEEDED = "login_needed"
    WRONG_TOKEN = "wrong_token"  # noqa: S105 (a code, no secret)
    FOREIGN_HOST = "foreign_host"  # host
    FOREIGN_SITE = "foreign_site"
    NO_PICTURE = "no_picture"
    MALFORMED_REQUEST = "malformed_request"  # detail
    TOO_LARGE = "too_large"  # max_kb
    NOT_FOUND = "not_found"
    BROKEN = "broken"  # a bug of ours; the log says which


class FailureCode(StrEnum):
    """Why an accepted job failed, beside the codes of ``generation.errors``."""

    PICTURE_LOST = "picture_lost"
    VIDEO_LOST = "video_lost"
    VIDEO_TOO_LARGE = "video_too_large"  # for the platform
    DISK = "disk"
    BUG = "bug"  # detail: the exception's type, for the log


class Refused(Exception):
    """A request that is not granted: nothing was held, nothing was changed."""

    def __init__(self, code: RefusalCode, **values: Value) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({facts})"
