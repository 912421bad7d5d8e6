"""What whoever manages a place sets for it: where one may ask there, and with how many credits."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.credits import CREDIT_MCR, Limit
from bot.domain.place_rules import PlaceRules
from bot.domain.place_words import place_rules as rules_in_words
from bot.domain.refusals import RefusalCode, Refused
from bot.service.admin_command import AdminAnswer, AdminCommand, Argument, Call
from bot.service.clock import Clock
from bot.service.fair_queue import FairQueue
from bot.service.places import Places
from bot.service.quotas import QuotaLimits
from bot.store import accounts, place_rules
from bot.store.accounts import Level, place_account
from bot.store.database import Connection, Database
from bot.store.milestones import Change

_MAX_ROOMS, _MAX_TIERS = 100, 50
_PLACE = Argument("place", "place", "The place, like discord:987; without: this one.", required=False)
_CAP = Argument("cap", "number", "How many credits at once.", required=False, lowest=0)
_PER_DAY = Argument("per-day", "number", "How many come back a day.", required=False, lowest=0)


class PlaceCommands:
    """Rooms, tiers, pool, age restriction."""

    def __init__(self, database: Database, clock: Clock, queue: FairQueue, quota: QuotaLimits, places: Places) -> None:
        self._database, self._clock, self._queue, self._quota = database, clock, queue, quota
        self._places = places

    @property
    def commands(self) -> tuple[AdminCommand, ...]:
        action = Argument("action", "choice", "What to do.", choices=("add", "remove", "clear"))
        room = Argument("room", "room", "The channel's id; not with clear.", required=False)
        role = Argument("role", "role", "The role's id.")
        state = Argument("state", "choice", "Whether it holds.", choices=("on", "off"))
        return (
            AdminCommand("place", "Show what holds in a place.", self.show, (_PLACE,), scope="place"),
            AdminCommand(
                "place-rooms",
                "Choose the channels or topics in which one may ask; with none chosen, in all.",
                self.rooms,
                (action, room, _PLACE),
                scope="place",
            ),
            AdminCommand(
                "place-tier",
                "Give those who have a role a limit of their own; without numbers the usual one again.",
                self.tier,
                (role, _CAP, _PER_DAY, _PLACE),
                scope="place",
            ),
            AdminCommand(
                "place-pool",
                "Give a place credits that all there share; without numbers what the settings say.",
                self.pool,
                (_CAP, _PER_DAY, _PLACE),
                scope="place",
            ),
            AdminCommand(
                "place-age-restricted",
                "Take requests in age-restricted channels only, or in all.",
                self.age_restricted,
                (state, _PLACE),
                scope="place",
            ),
        )

    async def show(self, call: Call) -> AdminAnswer:
        place = _place(call)
        return _answer(place, await self._places.rules(place))

    async def rooms(self, call: Call) -> AdminAnswer:
        place = _place(call)
        action, room = call.text("action"), call.text("room")
        if action != "clear" and not room:
            raise Refused(RefusalCode.MISSING_ARGUMENT, command=call.command, argument="room")

        def change(rules: PlaceRules) -> PlaceRules:
            if action == "clear":
                return replace(rules, rooms=frozenset())
            rooms = rules.rooms | {room} if action == "add" else rules.rooms - {room}
            if len(rooms) > _MAX_ROOMS:
                raise _bad(call, "room", room, f"one of at most {_MAX_ROOMS}")
            if action == "remove" and room not in rules.rooms:
                raise _bad(call, "room", room, "one of the chosen channels")
            return replace(rules, rooms=rooms)

        return await self._change(place, change)

    async def tier(self, call: Call) -> AdminAnswer:
        place, role = _place(call), call.text("role")
        limit = _limit(call, self._quota.person, at_most=self._quota.person)

        def change(rules: PlaceRules) -> PlaceRules:
            tiers = {known: tier for known, tier in rules.tiers.items() if known != role}
            if limit is not None:
                tiers[role] = limit
            if len(tiers) > _MAX_TIERS:
                raise _bad(call, "role", role, f"one of at most {_MAX_TIERS}")
            return replace(rules, tiers=tiers)

        return await self._change(place, change)

    async def pool(self, call: Call) -> AdminAnswer:
        place, now_ms = _place(call), self._clock.now_ms()
        usual = self._quota.place
        limit = _limit(call, usual or Limit(0, 0), at_most=usual)

        def empty_what_is_over(tx: Connection) -> None:
            if limit is not None:
                accounts.set_limit(tx, Level(place_account(place), limit), None, now_ms)

        return await self._change(place, lambda rules: replace(rules, pool=limit), empty_what_is_over)

    async def age_restricted(self, call: Call) -> AdminAnswer:
        is_on = call.text("state") == "on"
        return await self._change(_place(call), lambda rules: replace(rules, age_restricted_only=is_on))

    async def _change(
        self,
        place: str,
        change: Callable[[PlaceRules], PlaceRules],
        besides: Callable[[Connection], None] = lambda _: None,
    ) -> AdminAnswer:
        now_ms = self._clock.now_ms()

        def transaction(tx: Connection) -> PlaceRules:
            rules = change(place_rules.load(tx, place))
            place_rules.save(tx, place, rules, now_ms)
            besides(tx)
            return rules

        rules = await self._database.write(Change.ADMIN, transaction, lambda _: self._queue.changed())
        return _answer(place, rules)


def _place(call: Call) -> str:
    """Return the place that is meant. Raises Refused where there is none, or it is not the caller's to change."""
    place = call.text("place", call.place)
    if not place:
        raise Refused(RefusalCode.MISSING_ARGUMENT, command=call.command, argument="place")
    if call.limited_to and place != call.limited_to:
        raise Refused(RefusalCode.NOT_ALLOWED, command=call.command)
    return place


def _limit(call: Call, usual: Limit, at_most: Limit | None) -> Limit | None:
    """Return the limit that is asked for; None: none of its own. A number that is left out is the usual one.

    Whoever only manages the place may give no more than the operator's settings do (``at_most``): anybody can have a
    place, and credits are the operator's.
    """
    given = [name for name in ("cap", "per-day") if name in call.texts]
    if not given:
        return None
    limit = Limit(
        round(call.number("cap", usual.cap_mcr / CREDIT_MCR) * CREDIT_MCR),
        round(call.number("per-day", usual.per_day_mcr / CREDIT_MCR) * CREDIT_MCR),
    )
    if call.limited_to and at_most is not None:
        most = {"cap": at_most.cap_mcr, "per-day": at_most.per_day_mcr}
        asked = {"cap": limit.cap_mcr, "per-day": limit.per_day_mcr}
        for name in given:
            if asked[name] > most[name]:
                highest = f"{most[name] / CREDIT_MCR:g} at most, which is the operator's limit"
                raise _bad(call, name, call.text(name), highest)
    return limit


def _bad(call: Call, argument: str, value: str, wanted: str) -> Refused:
    return Refused(RefusalCode.BAD_ARGUMENT, command=call.command, argument=argument, value=value[:40], wanted=wanted)


def _answer(place: str, rules: PlaceRules) -> AdminAnswer:
    data = {
        "place": place,
        "rooms": sorted(rules.rooms),
        "tiers": {role: _plain(limit) for role, limit in rules.tiers.items()},
        "pool": None if rules.pool is None else _plain(rules.pool),
        "age_restricted_only": rules.age_restricted_only,
    }
    return AdminAnswer(rules_in_words(place, rules), data)


def _plain(limit: Limit) -> dict[str, float]:
    return {"cap": limit.cap_mcr / CREDIT_MCR, "per_day": limit.per_day_mcr / CREDIT_MCR}
