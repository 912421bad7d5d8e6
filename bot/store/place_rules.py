"""Rows of the rules that hold in places."""

import json
from dataclasses import asdict

from bot.domain.credits import Limit
from bot.domain.place_rules import NO_RULES, PlaceRules
from bot.store.database import Connection


def load(connection: Connection, place: str) -> PlaceRules:
    """Return the rules of a place; none hold where it has no row, nor without a place."""
    row = connection.execute("SELECT rules FROM place_rules WHERE place = ?", (place,)).fetchone()
    if row is None:
        return NO_RULES
    facts = json.loads(row["rules"])
    return PlaceRules(
        rooms=frozenset(facts["rooms"]),
        tiers={role: Limit(**limit) for role, limit in facts["tiers"].items()},
        pool=None if facts["pool"] is None else Limit(**facts["pool"]),
        age_restricted_only=facts["age_restricted_only"],
    )


def save(connection: Connection, place: str, rules: PlaceRules, now_ms: int) -> None:
    """Let these rules hold from now on; empty ones leave no row."""
    if rules.is_empty:
        connection.execute("DELETE FROM place_rules WHERE place = ?", (place,))
        return
    facts = {
        "rooms": sorted(rules.rooms),
        "tiers": {role: asdict(limit) for role, limit in rules.tiers.items()},
        "pool": None if rules.pool is None else asdict(rules.pool),
        "age_restricted_only": rules.age_restricted_only,
    }
    connection.execute(
        """
        INSERT INTO place_rules (place, rules, at_ms) VALUES (?, ?, ?)
        ON CONFLICT (place) DO UPDATE SET rules = excluded.rules, at_ms = excluded.at_ms
        """,
        (place, json.dumps(facts), now_ms),
    )


def move(connection: Connection, old_place: str, new_place: str) -> None:
    """Let the rules of a place hold in one with another id."""
    connection.execute("UPDATE OR REPLACE place_rules SET place = ? WHERE place = ?", (new_place, old_place))
