"""Updates as Telegram sends them: which we want, and in which lane each is seen to."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.domain.job_verbs import Verb, read_job_data
from bot.service.inbox import NewUpdate

#: No other kinds are sent to us.
ALLOWED = ("message", "edited_message", "callback_query")

_NUMBERS_END = 2**63  # of what a row can hold
#: What these buttons do takes an upload; a Cancel must not wait for it.
_UPLOADING = frozenset({Verb.FILE, Verb.SEND})


def new_updates(updates: Iterable[Mapping[str, Any]]) -> list[NewUpdate]:
    """Return updates as they are kept, each as it was sent. Raises KeyError, TypeError and ValueError."""
    return [
        NewUpdate(_number_of(one), lane_of(one), json.dumps(one, separators=(",", ":")), sender_of(one))
        for one in updates
    ]


def _number_of(update: Mapping[str, Any]) -> int:
    number = update["update_id"]
    if not isinstance(number, int) or not 0 <= number < _NUMBERS_END:
        raise ValueError("update_id is no number of an update")
    return number


def sender_of(update: Mapping[str, Any]) -> str:
    """Return the number of the person, or of the group's or channel's voice, that an update is from; else nothing."""
    try:
        if press := update.get("callback_query"):
            return str(press["from"]["id"])
        message = update.get("message") or update["edited_message"]
        return str((message.get("sender_chat") or message["from"])["id"])
    except (KeyError, TypeError, AttributeError):
        return ""


def lane_of(update: Mapping[str, Any]) -> str:
    """Return the lane of an update: what is in one lane is seen to in its order.

    A private chat is a lane, and in a group each of its members has one: the answers to one of them, which may have to
    wait for their turn, hold up nobody else. Presses have lanes of their own, so that no Cancel waits for a picture or
    an upload, and so has each album.
    """
    try:
        if press := update.get("callback_query"):
            known = read_job_data(press.get("data", ""))
            kind = "upload" if known is not None and known[1] in _UPLOADING else "press"
            return f"{press['message']['chat']['id']}:{kind}:{sender_of(update)}"
        message = update.get("message") or update["edited_message"]
        chat, album = message["chat"]["id"], message.get("media_group_id")
        if album:
            return f"{chat}:{album}"
        return f"{chat}:from:{sender_of(update)}" if chat < 0 else str(chat)
    except (KeyError, TypeError, AttributeError):  # of a kind that is to come: whoever sees to it will know, or say so
        return ""
