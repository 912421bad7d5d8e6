"""Who may command: admins by id or by role everywhere, and whoever manages a place in that place."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.credits import Limit
from bot.domain.job import CreditState, JobState
from bot.domain.refusals import RefusalCode
from bot.service.quotas import QuotaLimits
from bot.service.roles import Caller
from bot.service.views import IncomingRequest
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, GENEROUS, ORIGIN, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
HERE, ELSEWHERE = "scripted:here", "scripted:elsewhere"
PLACE_COMMANDS = {
    "place",
    "place-rooms",
    "place-tier",
    "place-pool",
    "place-age-restricted",
    "queue",
    "job",
    "cancel",
}


@pytest.fixture
async def quiet(house_at: HouseAt) -> "object":
    """A bot in which nothing is rendered, so that what waits stays."""
    async with house_at(works=False) as house:
        yield house


def manager(house: House, name: str = "mona", place: str = HERE) -> Caller:
    return Caller(house.person(name), manages=place)


async def test_each_sees_the_commands_that_they_may_call(quiet: House) -> None:
    """An admin by id or by role all of them, a manager those of a place, everybody else none."""
    admin, bob = quiet.services.admin, quiet.person("bob")
    assert admin.commands_for(ADMIN) == admin.commands_for(Caller(bob, has_admin_role=True)) == admin.commands
    assert {command.name for command in admin.commands_for(manager(quiet))} == PLACE_COMMANDS
    assert admin.commands_for(bob) == admin.commands_for(Caller(bob, place=HERE)) == ()


async def test_a_role_makes_an_admin(quiet: House) -> None:
    """Whoever has one of the operator's roles may command, look and cancel as an admin by id; without it no more."""
    view = await quiet.ask("bob")
    admin, eve = quiet.services.admin, quiet.person("eve")
    by_role = Caller(eve, has_admin_role=True)
    await admin.run(by_role, "pause", {})
    assert admin.is_admin(by_role)
    assert (await admin.overview(by_role)).queue.paused
    assert (await quiet.services.jobs.cancel(by_role, view.job.id)).job.state is JobState.CANCELLED
    assert not admin.is_admin(eve)
    for who in (eve, Caller(eve), Caller(eve, place=HERE)):
        with expect_refusal(RefusalCode.NOT_ALLOWED):
            await admin.run(who, "resume", {})
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await quiet.services.jobs.get(who, view.job.id)


async def test_a_manager_commands_nothing_beyond_the_place(quiet: House) -> None:
    """Commands for the whole bot are refused, and so is the naming of another place."""
    mona, admin = manager(quiet), quiet.services.admin
    for command in admin.commands:
        if command.scope == "bot":
            with expect_refusal(RefusalCode.NOT_ALLOWED):
                await admin.run(mona, command.name, {})
    full = {"action": "add", "room": "7", "role": "8", "cap": "1", "per-day": "0", "state": "on"}
    for name in PLACE_COMMANDS - {"queue", "job", "cancel"}:
        [command] = [command for command in admin.commands if command.name == name]
        texts = {argument.name: full[argument.name] for argument in command.arguments if argument.name in full}
        with expect_refusal(RefusalCode.NOT_ALLOWED):
            await admin.run(mona, name, {**texts, "place": ELSEWHERE})
        await admin.run(mona, name, {**texts, "place": HERE})
    assert (await quiet.services.places.rules(ELSEWHERE)).is_empty
    assert not (await quiet.services.places.rules(HERE)).is_empty
    with expect_refusal(RefusalCode.NOT_ALLOWED):
        await admin.overview(mona)


async def test_without_a_name_this_place_is_meant(quiet: House) -> None:
    """A manager means the managed place, an admin the one where they ask; asked from nowhere, the name is missing."""
    admin = quiet.services.admin
    await admin.run(manager(quiet), "place-rooms", {"action": "add", "room": "7"})
    assert (await quiet.services.places.rules(HERE)).rooms == {"7"}
    await admin.run(Caller(ADMIN, place=ELSEWHERE), "place-rooms", {"action": "add", "room": "8"})
    assert (await quiet.services.places.rules(ELSEWHERE)).rooms == {"8"}
    with expect_refusal(RefusalCode.MISSING_ARGUMENT) as refusal:
        await admin.run(ADMIN, "place-pool", {})
    assert refusal.text == "place-pool needs place."


async def test_an_admin_who_manages_a_place_is_not_limited_to_it(quiet: House) -> None:
    """Managing a place takes nothing from an admin: other places and jobs are there for them as before."""
    view = await quiet.ask("bob", place=ELSEWHERE)
    boss = Caller(ADMIN, manages=HERE)
    await quiet.services.admin.run(boss, "place-age-restricted", {"state": "on", "place": ELSEWHERE})
    answer = await quiet.services.admin.run(boss, "job", {"job": view.job.id})
    assert answer.message == f"Job {view.job.id} of scripted:bob is queued."


async def test_a_manager_reaches_the_jobs_of_the_place_only(quiet: House) -> None:
    """For them other places' jobs do not exist, in commands and in the queue, and their own place's can be ended."""
    here, elsewhere, nowhere = await quiet.ask("bob", place=HERE), await quiet.ask("bob", place=ELSEWHERE), None
    nowhere = await quiet.ask("bob")
    mona, admin = manager(quiet), quiet.services.admin
    for view in (elsewhere, nowhere):
        for name in ("job", "cancel"):
            with expect_refusal(RefusalCode.UNKNOWN_JOB):
                await admin.run(mona, name, {"job": view.job.id})
    answer = await admin.run(mona, "queue", {})
    assert answer.message == "1 job waiting, 0 running."
    assert isinstance(answer.data, dict)
    assert [line["id"] for line in answer.data["waiting"]] == [here.job.id]
    answer = await admin.run(mona, "cancel", {"job": here.job.id})
    assert answer.message == f"Job {here.job.id} is cancelled; its credits were given back."


async def test_a_managers_own_job_elsewhere_is_no_affair_of_the_place(quiet: House) -> None:
    """As a person one may cancel it, as a manager of another place one does not find it."""
    view = await quiet.ask("mona", place=ELSEWHERE)
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await quiet.services.admin.run(manager(quiet), "cancel", {"job": view.job.id})
    assert (await quiet.services.jobs.cancel(manager(quiet), view.job.id)).job.state is JobState.CANCELLED


async def test_a_manager_may_see_cancel_and_delete_jobs_of_the_place(quiet: House) -> None:
    """What others asked for in one's place one may see and end; what was asked elsewhere does not exist."""
    here, elsewhere = await quiet.ask("bob", place=HERE), await quiet.ask("bob", place=ELSEWHERE)
    mona, jobs = manager(quiet), quiet.services.jobs
    assert (await jobs.get(mona, here.job.id)).job.id == here.job.id
    assert (await jobs.cancel(mona, here.job.id)).job.credits is CreditState.RETURNED
    await jobs.delete(mona, here.job.id)
    for ask in (jobs.get, jobs.cancel, jobs.delete):
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await ask(mona, elsewhere.job.id)


async def test_what_is_private_is_no_affair_of_whoever_manages_the_place(quiet: House) -> None:
    """A job that only its requester is to see is counted in its place, and shown to the bot's admins only."""
    origin = replace(ORIGIN, place=HERE, is_private=True)
    request = IncomingRequest(b"a picture", "draw")
    view = await quiet.services.intake.submit(quiet.person("bob"), origin, request)
    for who, sees in ((manager(quiet), []), (ADMIN, [view.job.id])):
        answer = await quiet.services.admin.run(who, "queue", {})
        assert answer.message == "1 job waiting, 0 running."
        assert isinstance(answer.data, dict)
        assert [line["id"] for line in answer.data["waiting"]] == sees
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await quiet.services.jobs.get(manager(quiet), view.job.id)


async def test_managing_no_place_is_not_managing_jobs_without_one(quiet: House) -> None:
    """A job asked for in no place belongs to nobody's place."""
    view = await quiet.ask("bob")
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await quiet.services.jobs.get(Caller(quiet.person("eve"), manages=""), view.job.id)


async def test_a_manager_pays_for_their_own_half_done_job(house: House) -> None:
    """Anybody can have a place: by command, too, half of one's own video is paid for, and the answer says so."""
    view = await house.ask("mona", "half", place=HERE)
    with house.services.board.subscribe(None) as changes:
        while (render := house.services.board.render(view.job.id)) is None or render.step < 5:
            await changes.changed()
    answer = await house.services.admin.run(manager(house), "cancel", {"job": view.job.id})
    assert answer.message == f"Job {view.job.id} is cancelled; its credits are used, because half of it was done."


async def test_a_manager_gives_no_more_than_the_operator_does(house_at: HouseAt) -> None:
    """Credits are the operator's: a manager may make limits smaller; larger ones are an admin's to give."""
    quota = QuotaLimits(Limit(10_000, 5_000), place=Limit(40_000, 20_000))
    async with house_at(rules=replace(GENEROUS, quota=quota), works=False) as house:
        admin, mona = house.services.admin, manager(house)
        for name, texts in (
            ("place-tier", {"role": "8", "cap": "10.5"}),
            ("place-tier", {"role": "8", "per-day": "6"}),
            ("place-pool", {"cap": "41"}),
            ("place-pool", {"per-day": "21"}),
        ):
            with expect_refusal(RefusalCode.BAD_ARGUMENT) as refusal:
                await admin.run(mona, name, texts)
            assert "which is the operator's limit" in refusal.text
        assert (await house.services.places.rules(HERE)).is_empty
        await admin.run(mona, "place-tier", {"role": "8", "cap": "10"})
        await admin.run(mona, "place-pool", {"cap": "1"})
        rules = await house.services.places.rules(HERE)
        assert (rules.tiers, rules.pool) == ({"8": Limit(10_000, 5_000)}, Limit(1_000, 20_000))
        await admin.run(ADMIN, "place-tier", {"role": "8", "cap": "100", "place": HERE})
        await admin.run(ADMIN, "place-pool", {"cap": "100", "place": HERE})


async def test_rooms_are_added_removed_and_cleared(quiet: House) -> None:
    """Each answer says what holds now; what was not chosen cannot be removed, and a change needs a channel."""
    answer = await quiet.admin("place-rooms", action="add", room="7", place=HERE)
    assert answer["message"] == (
        f"In {HERE} one may ask in 1 channel only. No role has a limit of its own. "
        "For all together the bot's settings hold."
    )
    await quiet.admin("place-rooms", action="add", room="8", place=HERE)
    await quiet.admin("place-rooms", action="remove", room="7", place=HERE)
    assert (await quiet.services.places.rules(HERE)).rooms == {"8"}
    with expect_refusal(RefusalCode.BAD_ARGUMENT):
        await quiet.admin("place-rooms", action="remove", room="7", place=HERE)
    for action in ("add", "remove"):
        with expect_refusal(RefusalCode.MISSING_ARGUMENT):
            await quiet.admin("place-rooms", action=action, place=HERE)
    answer = await quiet.admin("place-rooms", action="clear", place=HERE)
    assert str(answer["message"]).startswith(f"In {HERE} one may ask in every channel.")


async def test_no_place_grows_without_end(quiet: House) -> None:
    """A hundred channels and fifty roles can be named; whoever manages a place fills no disk."""
    admin, mona = quiet.services.admin, manager(quiet)
    for number in range(100):
        await admin.run(mona, "place-rooms", {"action": "add", "room": str(number)})
    await admin.run(mona, "place-rooms", {"action": "add", "room": "99"})
    with expect_refusal(RefusalCode.BAD_ARGUMENT):
        await admin.run(mona, "place-rooms", {"action": "add", "room": "100"})
    for number in range(50):
        await admin.run(mona, "place-tier", {"role": str(number), "cap": "1"})
    with expect_refusal(RefusalCode.BAD_ARGUMENT):
        await admin.run(mona, "place-tier", {"role": "50", "cap": "1"})


async def test_what_a_manager_does_is_written_down(quiet: House) -> None:
    """A manager's call leaves the same line as an admin's, and so does one that was refused."""
    mona, admin = manager(quiet), quiet.services.admin
    answer = await admin.run(mona, "place-age-restricted", {"state": "on"})
    with expect_refusal(RefusalCode.NOT_ALLOWED):
        await admin.run(mona, "pause", {})
    refused, done, *_ = (await admin.overview(ADMIN)).audit
    assert (done["who"], done["command"], done["outcome"]) == ("scripted:mona", "place-age-restricted", answer.message)
    assert (refused["who"], refused["outcome"]) == ("scripted:mona", "refused: not_allowed")


async def test_a_manager_who_mistypes_is_offered_what_they_may_call(quiet: House) -> None:
    """The nearest of their own commands is named, not one that would be refused."""
    with expect_refusal(RefusalCode.UNKNOWN_COMMAND) as refusal:
        await quiet.services.admin.run(manager(quiet), "paus", {})
    assert refusal.text.split("mean ")[1].removesuffix("?") in PLACE_COMMANDS
