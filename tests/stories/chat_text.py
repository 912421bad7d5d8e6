"""What a job's message says in a chat, read as a person reads it; the same words stand in every chat."""

import re

from tests.stories.driver import Credits, Made, Seen, end_of

_WAITING = re.compile(r"^(?:Next in line|In the queue, (\d+) jobs? before this one)\.", re.MULTILINE)
_MADE = re.compile(r"(no AI|AI-generated).*, seed (\d+), ([\d.]+) s, .*made in")
_SIZE = re.compile(r"(\d+) × (\d+)(?:$|, made in)", re.MULTILINE)
_PERCENT = re.compile(r"(\d+) %$", re.MULTILINE)
_CREDITS = re.compile(r"([\d.]+) of [\d.]+ credits left(?:, and ([\d.]+) set aside)?")


def seen_in(text: str, *, has_video: bool, is_under_way: bool) -> Seen:
    """Return what a message with this text says of its job."""
    made, size, waiting, percent = (pattern.search(text) for pattern in (_MADE, _SIZE, _WAITING, _PERCENT))
    pixels = (int(size[1]), int(size[2])) if size else None
    if has_video and made:
        facts = Made(made[1] == "AI-generated", int(made[2]), float(made[3]))
        return Seen("delivered", pixels, credits="used", made=facts)
    if waiting:
        return Seen("waiting", pixels, int(waiting[1] or 0))
    if is_under_way:
        return Seen("rendering", pixels, percent=int(percent[1]) if percent else 0)
    why, credits_ = end_of(text.splitlines()[-1])
    return Seen("cancelled" if why == "Cancelled." else "failed", pixels, why=why, credits=credits_)


def price_in(text: str, preset: str) -> float:
    """Return what a list of prices says of a preset."""
    found = re.search(rf"{preset}: ([\d.]+) credits?\b", text)
    assert found is not None, text
    return float(found[1])


def credits_in(text: str) -> Credits:
    """Return what somebody is told that they have."""
    found = _CREDITS.search(text)
    assert found is not None, text
    return Credits(float(found[1]), float(found[2] or 0))
