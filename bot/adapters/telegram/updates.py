"""Updates as Telegram sends them: which we want, and in which lane each is seen to."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.service.inbox import NewUpdate

#: No other kinds are sent to us.
ALLOWED = ("message", "edited_message", "callback_query")


def new_updates(updates: Iterable[Mapping[str, Any]]) -> list[NewUpdate]:
    """Return updates as they are kept, each as it was sent."""
    return [NewUpdate(int(one["update_id"]), lane_of(one), json.dumps(one, separators=(",", ":"))) for one in updates]


def lane_of(update: Mapping[str, Any]) -> str:
    """Return the lane of an update: what is in one lane is seen to in its order.

    A chat is a lane. Its presses have one of their own, so that no Cancel waits for a picture, and so has each album.
    """
    try:
        if press := update.get("callback_query"):
            return f"{press['message']['chat']['id']}:press"
        message = update.get("message") or update["edited_message"]
        chat, album = message["chat"]["id"], message.get("media_group_id")
    except (KeyError, TypeError):  # of a kind that is to come: whoever sees to it will know, or say so
        return ""
    return f"{chat}:{album}" if album else str(chat)
