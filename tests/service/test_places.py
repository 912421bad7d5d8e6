"""Rules of a place: where one may ask there, and with how many credits."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.credits import Limit
from bot.domain.refusals import RefusalCode
from bot.service.quotas import QuotaLimits
from bot.service.views import Circumstances
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, GENEROUS, ORIGIN, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
HERE, ELSEWHERE = "scripted:here", "scripted:elsewhere"
THREE = replace(GENEROUS, quota=QuotaLimits(Limit(3_000, 0)))
VIP = Circumstances(roles=frozenset({"vip"}))


@pytest.fixture
async def quiet(house_at: HouseAt) -> "object":
    """A bot with three credits for each person, in which nothing is rendered."""
    async with house_at(rules=THREE, works=False) as house:
        yield house


async def test_where_rooms_are_chosen_one_asks_in_them_only(quiet: House) -> None:
    """In another channel one is told so in words; the ids of the right ones come along for whoever can show them."""
    for room in ("7", "12"):
        await quiet.admin("place-rooms", action="add", room=room, place=HERE)
    await quiet.ask_in("bob", HERE, Circumstances(room="7"))
    for wrong in ("8", ""):
        with expect_refusal(RefusalCode.WRONG_ROOM) as refusal:
            await quiet.ask_in("bob", HERE, Circumstances(room=wrong))
        assert "7" not in refusal.text
    await quiet.ask_in("bob", ELSEWHERE, Circumstances(room="8"))


async def test_a_refusal_for_the_room_names_the_right_ones(quiet: House) -> None:
    """The ids stand in the refusal in one order, with commas between them."""
    for room in ("b", "a"):
        await quiet.admin("place-rooms", action="add", room=room, place=HERE)
    with pytest.raises(Exception, match=r"rooms='a,b'"):
        await quiet.ask("bob", place=HERE)


async def test_nothing_is_decoded_and_no_rate_counted_in_the_wrong_room(house_at: HouseAt) -> None:
    """A request in the wrong channel costs neither work nor one of the requests that one may send in a minute."""
    rules = replace(GENEROUS, queue=replace(GENEROUS.queue, requests_per_minute=1))
    async with house_at(rules=rules, works=False) as house:
        await house.admin("place-rooms", action="add", room="7", place=HERE)
        for _ in range(3):
            with expect_refusal(RefusalCode.WRONG_ROOM):
                await house.ask("bob", place=HERE)
        assert house.decoder.decoded == 0
        await house.ask_in("bob", HERE, Circumstances(room="7"))


async def test_where_only_age_restricted_rooms_count_the_others_are_refused(quiet: House) -> None:
    """The rule holds in its place only, and can be taken back."""
    await quiet.admin("place-age-restricted", state="on", place=HERE)
    with expect_refusal(RefusalCode.AGE_RESTRICTED_ONLY):
        await quiet.ask("bob", place=HERE)
    await quiet.ask_in("bob", HERE, Circumstances(is_age_restricted=True))
    await quiet.ask("bob", place=ELSEWHERE)
    await quiet.admin("place-age-restricted", state="off", place=HERE)
    await quiet.ask("bob", place=HERE)


async def test_again_keeps_to_the_rules_of_where_it_is_asked(quiet: House) -> None:
    """Whoever asks again somewhere else is under the rules of that place, not of the first one."""
    old = await quiet.ask("bob", place=ELSEWHERE)
    await quiet.admin("place-rooms", action="add", room="7", place=HERE)
    here, again = replace(ORIGIN, place=HERE), quiet.services.intake.again
    with expect_refusal(RefusalCode.WRONG_ROOM):
        await again(quiet.person("bob"), here, old.job.id, {})
    new = await again(quiet.person("bob"), here, old.job.id, {}, circumstances=Circumstances(room="7"))
    assert new.job.origin.place == HERE


async def test_a_role_gives_a_limit_of_its_own(quiet: House) -> None:
    """Whoever has the role has its credits in that place, and the usual ones without it and elsewhere."""
    await quiet.admin("place-tier", role="vip", cap="5", per_day="2", place=HERE)
    view = quiet.services.quotas.view
    assert (await view("scripted:bob", HERE, frozenset({"vip", "other"}))).cap_mcr == 5_000
    assert (await view("scripted:bob", HERE, frozenset({"vip"}))).per_day_mcr == 2_000
    assert (await view("scripted:bob", HERE)).cap_mcr == 3_000
    assert (await view("scripted:bob", ELSEWHERE, frozenset({"vip"}))).cap_mcr == 3_000
    assert (await view("scripted:bob", roles=frozenset({"vip"}))).cap_mcr == 3_000
    for _ in range(5):
        await quiet.ask_in("bob", HERE, VIP)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask_in("bob", HERE, VIP)
    for _ in range(3):
        await quiet.ask("ann", place=HERE)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask("ann", place=HERE)
    assert await quiet.broken_promises() == []


async def test_again_counts_the_roles(quiet: House) -> None:
    """The limit of a role holds for a job that is asked for again as for any other."""
    await quiet.admin("place-tier", role="vip", cap="4", per_day="0", place=HERE)
    old = await quiet.ask("ann", place=HERE)
    bob, here, again = quiet.person("bob"), replace(ORIGIN, place=HERE), quiet.services.intake.again
    for _ in range(4):
        await again(bob, here, old.job.id, {}, seen=True, circumstances=VIP)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await again(bob, here, old.job.id, {}, seen=True, circumstances=VIP)


async def test_what_an_admin_gave_a_person_wins_over_their_roles(quiet: House) -> None:
    """A limit set for a person holds everywhere, whatever their roles would give; without it the roles count again."""
    await quiet.admin("place-tier", role="vip", cap="9", per_day="0", place=HERE)
    await quiet.admin("set-limit", person="scripted:bob", cap="1", per_day="0")
    vip = frozenset({"vip"})
    assert (await quiet.services.quotas.view("scripted:bob", HERE, vip)).cap_mcr == 1_000
    await quiet.ask_in("bob", HERE, VIP)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask_in("bob", HERE, VIP)
    await quiet.admin("set-limit", person="scripted:bob")
    assert (await quiet.services.quotas.view("scripted:bob", HERE, vip)).cap_mcr == 9_000


async def test_a_role_is_never_written_into_an_account(quiet: House) -> None:
    """Whoever loses the role has the usual limit at once, though credits were held and granted under the other one."""
    await quiet.admin("place-tier", role="vip", cap="9", per_day="0", place=HERE)
    await quiet.ask_in("bob", HERE, VIP)
    await quiet.admin("grant", person="scripted:bob", credits="1")
    rows = await quiet.database.read(
        lambda tx: [
            tuple(row) for row in tx.execute("SELECT cap, per_day FROM account WHERE id = 'person:scripted:bob'")
        ]
    )
    assert rows == [(None, None)]
    assert (await quiet.services.quotas.view("scripted:bob", HERE)).cap_mcr == 3_000


async def test_a_pool_is_shared_by_all_in_the_place(quiet: House) -> None:
    """When it is used up nobody there can ask, whatever they have themselves; elsewhere nothing has changed."""
    await quiet.admin("place-pool", cap="2", per_day="0", place=HERE)
    await quiet.ask("bob", place=HERE)
    await quiet.ask("ann", place=HERE)
    with expect_refusal(RefusalCode.NO_CREDITS) as refusal:
        await quiet.ask("eve", place=HERE)
    assert refusal.text.startswith("The credits of this place are not enough")
    await quiet.ask("eve", place=ELSEWHERE)
    assert await quiet.broken_promises() == []


async def test_a_pool_wins_over_the_settings(house_at: HouseAt) -> None:
    """A place with a pool of its own has that, in size and pace; others have what the settings say."""
    quota = QuotaLimits(Limit(100_000, 0), place=Limit(1_000, 0))
    async with house_at(rules=replace(GENEROUS, quota=quota)) as house:
        await house.admin("place-pool", cap="2", per_day="2", place=HERE)
        await house.until((await house.ask("bob", place=ELSEWHERE)).job.id)
        for _ in range(2):
            for _ in range(2):
                await house.until((await house.ask("bob", place=HERE)).job.id)
            house.clock.move(86_400)
        with expect_refusal(RefusalCode.NO_CREDITS):
            await house.ask("bob", place=ELSEWHERE)


async def test_a_smaller_pool_counts_at_once(quiet: House) -> None:
    """What is above the new cap is gone, so that nobody lives on the old one."""
    await quiet.admin("place-pool", cap="50", per_day="0", place=HERE)
    await quiet.ask("bob", place=HERE)
    await quiet.admin("place-pool", cap="2", per_day="0", place=HERE)
    await quiet.ask("ann", place=HERE)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask("eve", place=HERE)
    assert await quiet.broken_promises() == []


async def test_rules_outlive_a_restart(house_at: HouseAt) -> None:
    """What was set for a place is there after the next start, and gone when it is taken back."""
    async with house_at(works=False) as house:
        await house.admin("place-rooms", action="add", room="7", place=HERE)
        await house.admin("place-tier", role="vip", cap="5", per_day="2", place=HERE)
        await house.admin("place-pool", cap="50", per_day="10", place=HERE)
        await house.admin("place-age-restricted", state="on", place=HERE)
        before = await house.services.places.rules(HERE)
    async with house_at(works=False) as house:
        rules = await house.services.places.rules(HERE)
        assert rules == before
        assert (rules.rooms, rules.age_restricted_only) == (frozenset({"7"}), True)
        assert (rules.tiers, rules.pool) == ({"vip": Limit(5_000, 2_000)}, Limit(50_000, 10_000))
        await house.admin("place-rooms", action="clear", place=HERE)
        await house.admin("place-tier", role="vip", place=HERE)
        await house.admin("place-pool", place=HERE)
        await house.admin("place-age-restricted", state="off", place=HERE)
        assert (await house.services.places.rules(HERE)).is_empty
        rows = await house.database.read(lambda tx: tx.execute("SELECT count(*) FROM place_rules").fetchone()[0])
        assert rows == 0


async def test_an_admins_retry_asks_nobody_where_they_are(quiet: House) -> None:
    """A job that an admin asks for again for its requester is not held up by rules about rooms."""
    old = await quiet.ask("bob", place=HERE)
    await quiet.services.jobs.cancel(ADMIN, old.job.id)
    await quiet.admin("place-rooms", action="add", room="7", place=HERE)
    await quiet.admin("retry", job=old.job.id)
    assert quiet.services.queue.view().waiting == 1


async def test_a_place_with_another_id_is_the_same_place(quiet: House) -> None:
    """Rules, what is left of the pool, and jobs follow; under the old id there is nothing any more."""
    await quiet.admin("place-pool", cap="3", per_day="0", place=HERE)
    await quiet.admin("place-rooms", action="add", room="7", place=HERE)
    room = Circumstances(room="7")
    waits = await quiet.ask_in("bob", HERE, room)
    gone = await quiet.ask_in("ann", HERE, room)
    await quiet.services.jobs.cancel(quiet.person("ann"), gone.job.id)
    rules = await quiet.services.places.rules(HERE)
    for _ in range(3):  # a platform says it more than once
        await quiet.services.places.moved(HERE, ELSEWHERE)
    assert await quiet.services.places.rules(ELSEWHERE) == rules
    assert (await quiet.services.places.rules(HERE)).is_empty
    for job_id in (waits.job.id, gone.job.id):
        assert (await quiet.services.jobs.get(ADMIN, job_id)).job.origin.place == ELSEWHERE
    for _ in range(2):
        await quiet.ask_in("eve", ELSEWHERE, room)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask_in("eve", ELSEWHERE, room)
    await quiet.services.jobs.cancel(quiet.person("bob"), waits.job.id)
    await quiet.ask_in("eve", ELSEWHERE, room)
    assert await quiet.broken_promises() == []


async def test_what_was_spent_under_the_new_id_already_is_spent(quiet: House) -> None:
    """Where somebody asks before the word of the new id comes, two accounts become one, and neither is full again."""
    await quiet.admin("place-pool", cap="3", per_day="0", place=HERE)
    await quiet.admin("place-pool", cap="3", per_day="0", place=ELSEWHERE)
    first = await quiet.ask("bob", place=HERE)
    second = await quiet.ask("ann", place=ELSEWHERE)
    await quiet.services.places.moved(HERE, ELSEWHERE)
    assert await quiet.broken_promises() == []
    await quiet.ask("eve", place=ELSEWHERE)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask("eve", place=ELSEWHERE)
    for view in (first, second):
        await quiet.services.jobs.cancel(ADMIN, view.job.id)
    for _ in range(2):
        await quiet.ask("eve", place=ELSEWHERE)
    assert await quiet.broken_promises() == []


async def test_a_place_that_stays_where_it_is_keeps_everything(quiet: House) -> None:
    """Being told of a move to the same id, or of one of a place that nobody knows, changes nothing."""
    await quiet.admin("place-pool", cap="1", per_day="0", place=HERE)
    await quiet.ask("bob", place=HERE)
    await quiet.services.places.moved(HERE, HERE)
    await quiet.services.places.moved("scripted:nowhere", HERE)
    with expect_refusal(RefusalCode.NO_CREDITS):
        await quiet.ask("ann", place=HERE)
    assert await quiet.broken_promises() == []


async def test_a_group_with_a_negative_id_can_be_named(quiet: House) -> None:
    """An admin sets rules for a Telegram group by its id as Telegram writes it."""
    await quiet.admin("place-pool", cap="5", per_day="0", place="telegram:-1001234567890")
    assert (await quiet.services.places.rules("telegram:-1001234567890")).pool == Limit(5_000, 0)
    await quiet.admin("ban", person="telegram:-1001234567890", reason="a channel that floods")


async def test_a_second_move_takes_no_more_than_was_spent_since(house_at: HouseAt) -> None:
    """A pool with a long history keeps what it has earned again, less what was spent under the old id meanwhile."""
    async with house_at() as house:
        await house.admin("place-pool", cap="3", per_day="3", place=HERE)
        await house.until((await house.ask("bob", place=HERE)).job.id)
        await house.services.places.moved(HERE, ELSEWHERE)
        for _ in range(4):
            house.clock.move(86_400)
            for _ in range(3):
                await house.until((await house.ask("bob", place=ELSEWHERE)).job.id)
        house.clock.move(86_400)
        await house.admin("place-pool", cap="3", per_day="3", place=HERE)
        await house.until((await house.ask("ann", place=HERE)).job.id)  # a late message from the old group
        await house.services.places.moved(HERE, ELSEWHERE)
        assert await house.broken_promises() == []
        for _ in range(2):
            await house.until((await house.ask("eve", place=ELSEWHERE)).job.id)
        with expect_refusal(RefusalCode.NO_CREDITS):
            await house.ask("eve", place=ELSEWHERE)
        assert await house.broken_promises() == []
