"""What every platform's status messages say alike: what holds the queue up, and when a video will be ready."""

from typing import Any

from bot.domain import chat_words as words
from bot.service.services import Services
from bot.service.status_message import StatusMessage

_SAME_TIME_SHARE, _SAME_TIME_S = 0.1, 5.0  # an estimate that moves by less stays as it is shown


def holds_up(services: Services) -> str:
    """Return why nothing that waits moves; empty where it does."""
    queue = services.queue.view()
    if queue.paused:
        return words.PAUSED
    return "" if queue.ready else words.NOT_READY


def ready_at(message: StatusMessage[Any], eta_s: float | None, now_s: float) -> int | None:
    """Return the instant to be shown, and keep it in the message while the estimate only trembles.

    Each new instant is an edit.
    """
    if eta_s is None:
        message.ready_at_s = None
        return None
    instant_s = now_s + eta_s
    tremble_s = max(eta_s * _SAME_TIME_SHARE, _SAME_TIME_S)
    if message.ready_at_s is None or abs(message.ready_at_s - instant_s) > tremble_s:
        message.ready_at_s = round(instant_s)
    return message.ready_at_s
