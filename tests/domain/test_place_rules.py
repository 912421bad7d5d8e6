"""The rules of a place, and how they read."""

import pytest

from bot.domain.credits import Limit
from bot.domain.place_rules import NO_RULES, PlaceRules
from bot.domain.place_words import place_rules

TIERS = {"helper": Limit(5_000, 1_000), "friend": Limit(2_000, 4_000)}


@pytest.mark.parametrize(
    ("roles", "limit"),
    [
        ((), None),
        (("stranger",), None),
        (("helper", "stranger"), Limit(5_000, 1_000)),
        (("friend",), Limit(2_000, 4_000)),
        (("friend", "helper"), Limit(5_000, 4_000)),
        (("helper", "friend"), Limit(5_000, 4_000)),
    ],
)
def test_the_best_of_all_roles_counts(roles: tuple[str, ...], limit: Limit | None) -> None:
    """One more role never takes anything away: cap and pace are each the best of what the roles give."""
    assert PlaceRules(tiers=TIERS).tier(roles) == limit


@pytest.mark.parametrize(
    "rules",
    [
        PlaceRules(rooms=frozenset({"1"})),
        PlaceRules(tiers=TIERS),
        PlaceRules(pool=Limit(0, 0)),
        PlaceRules(age_restricted_only=True),
    ],
)
def test_any_rule_is_a_rule(rules: PlaceRules) -> None:
    """Only a place without any rule has none; a pool of nothing is one."""
    assert not rules.is_empty
    assert NO_RULES.is_empty


def test_rules_read_as_sentences() -> None:
    """What holds is told in numbers and words, in the singular for one."""
    rules = PlaceRules(frozenset({"1", "2"}), TIERS, Limit(20_000, 500), age_restricted_only=True)
    assert place_rules("discord:1", rules) == (
        "In discord:1 one may ask in 2 channels only, and only where it is age-restricted. "
        "2 roles have a limit of their own. All together have 20 credits at once and 0.5 a day."
    )
    one = PlaceRules(frozenset({"1"}), {"helper": Limit(1, 1)})
    assert place_rules("discord:1", one) == (
        "In discord:1 one may ask in 1 channel only. 1 role has a limit of its own. "
        "For all together the bot's settings hold."
    )
