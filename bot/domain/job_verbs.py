"""What can be done with a job by its buttons, and what a button carries: all that is needed to answer a press."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Verb(StrEnum):
    """What one button does with its job."""

    CANCEL = "cancel"
    AGAIN = "again"
    EDIT = "edit"
    BEST = "best"
    LONGER = "longer"
    SETTINGS = "settings"
    FILE = "file"  # the video as a plain file, which no client converts
    DELETE = "delete"
    SURE = "sure"  # the answers to "really delete?"
    KEEP = "keep"
    REPORT = "report"
    SEND = "send"  # the video once more, to whoever presses


LABELS: Mapping[Verb, str] = MappingProxyType(
    {
        Verb.CANCEL: "Cancel",
        Verb.AGAIN: "Again",
        Verb.EDIT: "Edit prompt",
        Verb.BEST: "Best quality",
        Verb.LONGER: "Longer",
        Verb.SETTINGS: "Copy settings",
        Verb.FILE: "As file",
        Verb.DELETE: "Delete",
        Verb.SURE: "Yes, delete",
        Verb.KEEP: "Keep",
        Verb.REPORT: "Report",
        Verb.SEND: "Send again",
    }
)

#: What a button carries; it answers after a restart, because nothing else need be remembered.
JOB_DATA = re.compile(rf"job:(?P<job>[0-9a-f]{{20}}):(?P<verb>{'|'.join(Verb)})")


def job_data(job_id: str, verb: Verb) -> str:
    """Return what the button of a job carries."""
    return f"job:{job_id}:{verb}"


def read_job_data(text: str) -> tuple[str, Verb] | None:
    """Return the job and what is wanted of it; None where a text is no button's of a job."""
    found = JOB_DATA.fullmatch(text)
    return None if found is None else (found["job"], Verb(found["verb"]))
