"""The rules of a place in words."""

from bot.domain.credits import Limit, credits_text
from bot.domain.place_rules import PlaceRules


def place_rules(place: str, rules: PlaceRules) -> str:
    """Return what holds in a place, each rule a sentence."""
    rooms = "in every channel" if not rules.rooms else f"in {_count(len(rules.rooms), 'channel')} only"
    age = ", and only where it is age-restricted" if rules.age_restricted_only else ""
    tiers = "No role has a limit of its own"
    if rules.tiers:
        is_one = len(rules.tiers) == 1
        tiers = f"{_count(len(rules.tiers), 'role')} {'has a limit of its' if is_one else 'have a limit of their'} own"
    pool = "For all together the bot's settings hold"
    if rules.pool is not None:
        pool = f"All together have {limit_text(rules.pool)}"
    return f"In {place} one may ask {rooms}{age}. {tiers}. {pool}."


def limit_text(limit: Limit) -> str:
    """Return a limit as people read it."""
    return f"{credits_text(limit.cap_mcr)} credits at once and {credits_text(limit.per_day_mcr)} a day"


def _count(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
