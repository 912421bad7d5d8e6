"""The moments at which a sudden death would matter, each with a name.

Whoever builds the store and the services may be told when one is reached: that is how a test kills the process exactly
there. Nobody listens otherwise.
"""

from collections.abc import Callable
from enum import StrEnum


class Change(StrEnum):
    """Every transaction that changes the database."""

    ACCEPT = "accept"
    CLAIM = "claim"
    REQUEUE = "requeue"
    RENDERED = "rendered"
    FAIL = "fail"
    CANCEL = "cancel"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    TOLD = "told"  # an end; and where the message of a job is found
    POSTPONE = "postpone"
    RECOVER = "recover"
    ADMIN = "admin"
    FORGET = "forget"
    EXPIRE = "expire"  # by age, or because its owner deletes it
    REPORT = "report"
    REVISE = "revise"  # a waiting job goes, and one with other words stands in its place
    MOVE = "move"  # a place has another id
    INBOX = "inbox"
    INBOX_OPEN = "inbox open"
    INBOX_BEGUN = "inbox begun"
    INBOX_DONE = "inbox done"
    NOTE = "note"


class FileMoment(StrEnum):
    """What happens beside the database, in the order of a job's life."""

    PICTURE_WRITTEN = "picture written"  # the clean picture is on disk, no row knows it
    HANDED_OVER = "handed over"  # claimed, about to be sent to the render server
    VIDEO_RENAMED = "video renamed"  # the whole MP4 is on disk, its row still says running
    POSTER_WRITTEN = "poster written"
    SENT = "sent"  # the channel has the video, its row still says rendered
    FILES_DELETED = "files deleted"  # of an expired or forgotten job


def before_commit(change: Change) -> str:
    return f"before commit: {change}"


def after_commit(change: Change) -> str:
    return f"after commit: {change}"


#: By name, all that can be reached.
MILESTONES: tuple[str, ...] = (
    *(moment(change) for change in Change for moment in (before_commit, after_commit)),
    *FileMoment,
)

Reach = Callable[[str], None]


def nobody_listens(milestone: str) -> None:
    """Let a milestone pass."""
