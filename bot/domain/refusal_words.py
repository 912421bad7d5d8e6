"""The sentences of what the bot itself says no to, and of what admins are told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from bot.domain.credits import credits_text
from bot.domain.job import JobState
from bot.domain.refusals import FailureCode, RefusalCode

REFUSALS: Mapping[RefusalCode, str] = MappingProxyType(
    {
        RefusalCode.BANNED: "You may not ask for videos{until}. Reason: {reason}",
        RefusalCode.TOO_FAST: "That was too fast: at most {per_minute} requests a minute. Please try again in {wait}.",
        RefusalCode.TOO_MANY_WAITING: (
            "You have {jobs} waiting already, and more may not wait. Let one finish, or cancel one."
        ),
        RefusalCode.QUEUE_FULL: "The queue is full ({jobs} waiting). Please try again in a few minutes.",
        RefusalCode.NO_CREDITS: "{whose} not enough: this costs {price}, and {left} are left. {remedy}",
        RefusalCode.PAUSED: "The bot is paused by its operator and takes nothing new. Please try again later.",
        RefusalCode.STOPPING: "The bot is about to stop and takes nothing new. Please try again in a few minutes.",
        RefusalCode.DISK_NEARLY_FULL: (
            "There is too little disk space left for a new video. Please tell the operator, and try again later."
        ),
        RefusalCode.ENGINE_UNAVAILABLE: (
            "No video can be made at the moment; the operator has been told. Please try again later."
        ),
        RefusalCode.WRONG_ROOM: (
            "Videos are not made here. Please ask in one of the channels or topics that were chosen for it."
        ),
        RefusalCode.AGE_RESTRICTED_ONLY: (
            "Here videos are made in age-restricted channels only. Please ask again in one of those."
        ),
        RefusalCode.UNKNOWN_JOB: "There is no such job. Perhaps it was deleted; please send the picture again.",
        RefusalCode.ALREADY_ENDED: "This job is {state} already; there is nothing left to cancel.",
        RefusalCode.ALREADY_STARTED: (
            "This video is being made already: the change comes too late. Once it is here, Edit prompt makes another."
        ),
        RefusalCode.NOT_OVER: "This job is {state}, and only what is over can be deleted. {remedy}",
        RefusalCode.NOT_READY: "The video is not there: the job is {state}.",
        RefusalCode.PICTURE_GONE: "The picture is not kept any more. Please send it again.",
        RefusalCode.VIDEO_GONE: "The video is not kept any more. Please ask for it again.",
        RefusalCode.NOT_ALLOWED: "Only an admin may do that.",
        RefusalCode.UNKNOWN_COMMAND: "There is no command {command}. Did you mean {nearest}?",
        RefusalCode.UNKNOWN_PERSON: (
            "Nobody is known as {person}. Please give platform and id, like discord:123 or telegram:456."
        ),
        RefusalCode.BAD_ARGUMENT: "{argument} must be {wanted}; {value} is not.",
        RefusalCode.MISSING_ARGUMENT: "{command} needs {argument}.",
        RefusalCode.UNKNOWN_ARGUMENT: "{command} has no argument {argument}. {hint}",
        RefusalCode.UNKNOWN_REPORT: "There is no open report {report}.",
        RefusalCode.LOGIN_NEEDED: "Please log in with your token first.",
        RefusalCode.WRONG_TOKEN: "This token is not known. Please check it, or ask the operator for one.",
        RefusalCode.FOREIGN_HOST: (
            "This page is not served under the name {host}. The operator can add it to the setting web.hosts."
        ),
        RefusalCode.FOREIGN_SITE: "Requests from other pages are not taken. Please use the bot's own page.",
        RefusalCode.NO_PICTURE: "There is no picture in the request. Please choose one.",
        RefusalCode.MALFORMED_REQUEST: "The request could not be read: {detail}.",
        RefusalCode.TOO_LARGE: "The request is too large; at most {max_kb} kB are taken here.",
        RefusalCode.BROKEN: "Something broke in the bot; the log says what. Please try again.",
        RefusalCode.NOT_FOUND: "There is nothing at this address.",
    }
)

FAILURES: Mapping[FailureCode, str] = MappingProxyType(
    {
        FailureCode.PICTURE_LOST: "The picture was lost before the video was made. Please send it again.",
        FailureCode.VIDEO_LOST: "The video was lost before it could be delivered. Please ask for it again.",
        FailureCode.VIDEO_TOO_LARGE: (
            "The video is too large to be sent here, even made smaller. Please ask for fewer seconds."
        ),
        FailureCode.DISK: "The video could not be saved: the disk is full or does not answer. Please try again later.",
        FailureCode.BUG: "Something broke while the video was made; the log says what. Please try again.",
    }
)

_NOTICES: Mapping[str, str] = MappingProxyType(
    {
        "job_failed": "Job {job} failed ({failure}).",
        "undeliverable": "The video of job {job} could not be delivered: {reason}.",
        "video_lost": "The video of job {job} was gone before it was delivered.",
        "video_too_large": "The video of job {job} was too large for its platform, even made smaller.",
        "reported": "The video of job {job} was reported: {reason}",
        "inbox_given_up": (
            "Message {number} from {channel} was left aside: the bot ended each time that it read it. The log says why."
        ),
    }
)

_STORE: Mapping[str, str] = MappingProxyType(
    {
        "already_open": (
            "Another bot is running with the data folder {folder}. Stop it first, or set ANIMATE_DATA_DIR to another."
        ),
        "newer": (
            "The database {path} was written by a newer version (schema {found}; this one knows {known}). "
            "Install that version again, or restore an older copy from the folder backups beside it."
        ),
        "damaged": (
            "The database {path} is damaged: {detail}. Restore a copy from the folder backups beside it, "
            "or move the file away to start anew."
        ),
        "inconsistent": (
            "The books of the database {path} are wrong: {detail}. Nothing was changed; restore a copy from the "
            "folder backups beside it, and please report this."
        ),
        "migration_failed": (
            "The database {path} could not be brought to schema {version}: {detail}. "
            "It is as it was before{backup_hint}."
        ),
        "busy": "Another program holds the database. Close it and try again.",
        "full": "The disk with the data folder is full. Make room and try again.",
        "unreadable": "The database cannot be used: {detail}.",
    }
)


def refusal_sentence(code: RefusalCode, values: Mapping[str, object]) -> str:
    """Return why somebody is refused, and what they can do."""
    return REFUSALS[code].format(**values, **_derived(code, values))


def notice_sentence(code: str, details: Mapping[str, object]) -> str:
    """Return what admins are told."""
    return _NOTICES[code].format(**{**details, "reason": details.get("reason") or "no reason was given"})


def store_sentence(code: str, values: Mapping[str, object]) -> str:
    """Return why the database cannot be used, and what the operator can do."""
    backup = values.get("backup")
    return _STORE[code].format(**values, backup_hint=f"; a copy is {backup}" if backup else "")


def cannot_listen(reason: str) -> str:
    """Return what stands behind an address at which the page cannot be offered, and what the operator can do."""
    return f"{reason}. Set ANIMATE_WEB__PORT to another port, or to 0 for any free one."


def wait_text(seconds: float) -> str:
    """Return a time as people say it: ``20 s``, ``5 min``, ``3 h``."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(seconds / 3600)} h"


def _derived(code: RefusalCode, values: Mapping[str, object]) -> dict[str, str]:
    match code:
        case RefusalCode.BANNED:
            until_ms = values.get("until_ms")
            day = f"{datetime.fromtimestamp(until_ms / 1000, UTC):%Y-%m-%d}" if isinstance(until_ms, int) else ""
            return {"until": f" until {day}" if day else ""}
        case RefusalCode.NOT_OVER if values["state"] == JobState.RENDERED:
            return {"remedy": "Its video is just being sent; please try again in a moment."}
        case RefusalCode.NOT_OVER:
            return {"remedy": "Please cancel it first."}
        case RefusalCode.UNKNOWN_ARGUMENT:
            nearest = values["nearest"]
            return {"hint": f"Did you mean {nearest}?" if nearest else "It takes none."}
        case RefusalCode.TOO_MANY_WAITING | RefusalCode.QUEUE_FULL:
            waiting = values["waiting"]
            return {"jobs": "1 job" if waiting == 1 else f"{waiting} jobs"}
        case RefusalCode.TOO_FAST:
            return {"wait": wait_text(_number(values["retry_after_s"]))}
        case RefusalCode.NO_CREDITS:
            whose = {"person": "Your credits are", "place": "The credits of this place are"}
            retry_after_s = values["retry_after_s"]
            remedy = (
                "A shorter or smaller video costs less."
                if retry_after_s is None
                else f"There will be enough in {wait_text(_number(retry_after_s))}."
            )
            return {
                "whose": whose.get(str(values["level"]), "Today's credits of everybody together are"),
                "price": credits_text(int(_number(values["price_mcr"]))),
                "left": credits_text(int(_number(values["left_mcr"]))),
                "remedy": remedy,
            }
        case _:
            return {}


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
