"""How long a delivery may take, and how long it waits for its next try."""

import random
from dataclasses import replace
from pathlib import Path

from bot.store.outbox import Pending

_BACKOFF_S = (5.0, 30.0, 120.0, 600.0)
_SOONEST_S = 1.0  # however short a pause a platform asks for
_JITTER = 0.2
_CALLS_S = 300.0  # for all but the file
_SLOWEST_BYTES_PER_S = 30_000  # twice as fast as that gets a file through twice


def send_limit_s(video: Path | None) -> float:
    """Return the time in which an answer is brought or was not taken; a channel's own limits are shorter."""
    try:
        size_bytes = 0 if video is None else video.stat().st_size
    except FileNotFoundError:  # whoever sends it will say so
        size_bytes = 0
    return _CALLS_S + size_bytes / _SLOWEST_BYTES_PER_S


def after_failure(pending: Pending, retry_after_s: float | None, *, may_have_arrived: bool) -> tuple[Pending, int]:
    """Return what is known after a try that did not arrive, and the milliseconds until the next.

    What the platform asks to wait for is no failure: it takes one after the other, and makes nobody wait longer.
    """
    attempts, wait_s = pending.attempts, retry_after_s
    if wait_s is None:
        wait_s = _BACKOFF_S[min(attempts, len(_BACKOFF_S) - 1)]
        attempts += 1
    wait_s = max(wait_s, _SOONEST_S) * random.uniform(1, 1 + _JITTER)  # noqa: S311 (no secret)
    after = replace(pending, attempts=attempts, in_doubt=pending.in_doubt or may_have_arrived)
    return after, int(wait_s * 1000)
