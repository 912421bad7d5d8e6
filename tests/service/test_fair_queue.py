"""Who goes next, and what everybody who waits is told of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.domain.credits import Limit
from bot.domain.job import Job, JobState, Lane, Origin
from bot.domain.refusals import RefusalCode
from bot.service.quotas import QuotaLimits
from bot.store import accounts, queue_order
from bot.store.accounts import Level, person_account
from bot.store.database import Connection
from bot.store.job_row import NewJob
from bot.store.milestones import Change
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, GENEROUS, House
from tests.loopback.scripted_renderer import ScriptedRenderer

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def crowd(house: House, like: Job, count: int) -> list[str]:
    """Have the requester of a job ask for it so often again, in one transaction."""
    news = [
        NewJob(
            id=f"{number:020x}",
            requester=like.requester,
            origin=Origin("scripted"),
            key="",
            prompt="draw",
            options={},
            model=like.model,
            preset=like.preset,
            seed=number,
            width_px=like.width_px,
            height_px=like.height_px,
            frames=like.frames,
            fps=like.fps,
            steps=like.steps,
            estimate_s=None,
            price_mcr=like.price_mcr,
            has_end_picture=False,
        )
        for number in range(count)
    ]
    level = Level(person_account(like.requester.id), GENEROUS.quota.person)

    def insert(tx: Connection) -> None:
        for new in news:
            accounts.hold(tx, new.id, [level], new.price_mcr, 0)
            queue_order.insert(tx, new, 0)

    await house.database.write(Change.ACCEPT, insert)
    for new in news:
        house.files.picture(new.id).hardlink_to(house.files.picture(like.id))
    await house.core.machinery.queue.load()
    return [new.id for new in news]


async def order(house: House) -> list[str]:
    """Return who is rendered, in order, once everything has been: the prompts."""
    views = [view for name in house.people for view in await house.services.jobs.latest(house.person(name), 100)]
    for view in views:
        await house.until(view.job.id)
    return [request.prompt for request in house.renderer.seen]


async def test_one_request_among_a_thousand_is_next_but_one(house: House) -> None:
    """Whoever asks while somebody's thousand jobs wait goes after the running one and at most one more."""
    first = (await house.ask("bob", "hold")).job
    await house.renderer.began(1)
    await crowd(house, first, 1_000)
    anns = await house.ask("ann", "draw anns")
    assert anns.ahead is not None
    assert anns.ahead <= 1
    house.renderer.release()
    await house.until(anns.job.id)
    assert [request.prompt for request in house.renderer.seen].index("draw anns") <= 2
    assert house.services.queue.view().waiting >= 990


async def test_a_promoted_job_does_not_put_its_crowd_before_newcomers(house: House) -> None:
    """After an admin has moved the last of a hundred jobs up, somebody new still goes next but one at the latest."""
    first = (await house.ask("bob", "hold")).job
    await house.renderer.began(1)
    crowded = await crowd(house, first, 100)
    await house.admin("promote", job=crowded[-1])
    house.renderer.release()
    await house.until(crowded[-1])
    anns = await house.ask("ann", "draw anns")
    await house.until(anns.job.id)
    assert house.services.queue.view().waiting >= 90


async def test_people_take_turns(house_at: HouseAt) -> None:
    """Those who ask at the same price are served in turn, whatever the order of their asking was."""
    async with house_at(works=False) as house:
        for name in ("bob", "ann", "eve"):
            for number in range(3):
                await house.ask(name, f"{name} {number}")
    async with house_at() as house:
        for name in ("bob", "ann", "eve"):
            house.person(name)
        served = [prompt.split(" ")[0] for prompt in await order(house)]
        assert [sorted(served[start : start + 3]) for start in (0, 3, 6)] == [["ann", "bob", "eve"]] * 3


async def test_who_asks_for_more_waits_for_more(house_at: HouseAt) -> None:
    """Turns are counted in credits: for one dear video somebody else gets several cheap ones."""
    async with house_at(works=False) as house:
        for number in range(2):
            await house.ask("bob", f"bob {number}", preset="best")
        for number in range(5):
            await house.ask("ann", f"ann {number}", preset="fast")
    async with house_at() as house:
        house.person("bob"), house.person("ann")
        served = await order(house)
        assert served.index("bob 1") >= 3


async def test_priority_goes_first_but_not_for_ever(house_at: HouseAt) -> None:
    """Promoted jobs go before the others; after three of them one that waits has its turn."""
    async with house_at(works=False) as house:
        views = [await house.ask("bob", f"bob {number}") for number in range(5)]
        await house.ask("ann", "ann")
        for view in views:
            await house.admin("promote", job=view.job.id)
            shown = await house.services.jobs.get(house.person("bob"), view.job.id)
            assert shown.job.lane is Lane.PRIORITY
    async with house_at() as house:
        house.person("bob"), house.person("ann")
        assert (await order(house)).index("ann") == 3


async def shown_places(house: House, names: str) -> list[tuple[str, int | None, float | None]]:
    """Return each waiting job's prompt, its position and its ETA, by position."""
    found = [
        (view.job.prompt, view.ahead, view.eta_s)
        for name in names.split(" ")
        for view in await house.services.jobs.latest(house.person(name), 100)
        if view.job.state is JobState.QUEUED
    ]
    return sorted(found, key=lambda one: one[1] if one[1] is not None else -1)


async def test_everybody_is_shown_their_true_place(house_at: HouseAt) -> None:
    """Positions count up without a gap, also after cancels and promotions, and the jobs are rendered in that order."""
    async with house_at(works=False) as house:
        views = [await house.ask(name, f"{name} {n}") for n in range(4) for name in ("bob", "ann", "eve")]
        for number in (3, 4, 8):
            view = views[number]
            await house.services.jobs.cancel(view.job.requester, view.job.id)
        await house.admin("promote", job=views[10].job.id)
        shown = await shown_places(house, "bob ann eve")
        assert [ahead for _, ahead, _ in shown] == list(range(9))
        assert shown[0][0] == views[10].job.prompt
        rows = await house.database.read(lambda tx: [job.prompt for job in queue_order.first_waiting(tx, 100)])
        assert [prompt for prompt, _, _ in shown] == rows
    async with house_at() as house:
        for name in ("bob", "ann", "eve"):
            house.person(name)
        assert await order(house) == rows


async def test_a_place_and_a_time_survive_a_restart(house_at: HouseAt) -> None:
    """After a restart everybody stands where they stood."""
    async with house_at(works=False) as house:
        for name in ("bob", "ann", "bob", "bob"):
            await house.ask(name, f"{name} asks")
        before = await shown_places(house, "bob ann")
    async with house_at(works=False) as house:
        assert await shown_places(house, "bob ann") == before


@pytest.mark.parametrize("slots", [1, 2])
async def test_the_time_left_is_that_of_all_before(house_at: HouseAt, slots: int) -> None:
    """With renders of two seconds, each place further back waits so much longer, and half of it with two lanes."""
    async with house_at(rules=replace(GENEROUS, slots=slots)) as house:
        await house.until((await house.ask("zoe")).job.id)  # 2.0 s, as the renderer says
        for _ in range(slots):
            await house.ask("bob", "hold")
        await house.renderer.began(1 + slots)
        for name in ("ann", "eve", "kim"):
            await house.ask(name)
        shown = [eta_s for _, _, eta_s in await shown_places(house, "ann eve kim")]
        for place, eta_s in enumerate(shown):
            ahead_s = 2.0 * (slots + place) / slots
            assert eta_s == pytest.approx(ahead_s + 2.0, abs=1.0)
        assert all(late - early == pytest.approx(2.0 / slots, abs=0.3) for early, late in pairwise(shown))
        assert house.services.queue.eta_s(2.0) == pytest.approx(2.0 * (slots + 3) / slots + 2.0, abs=1.0)


async def test_jobs_from_before_the_first_render_are_told_times_too(house: House) -> None:
    """Who came before anything was measured is told no time; once one render is done, everybody is, and a true one."""
    first = await house.ask("bob", "hold")
    waiting = [await house.ask(f"p{number}", "hold") for number in range(4)]
    assert {view.eta_s for view in (first, *waiting)} == {None}
    await house.renderer.began(1)
    await house.services.jobs.cancel(house.person("bob"), first.job.id)
    quick = await house.ask("quick")
    await house.admin("promote", job=quick.job.id)
    await house.renderer.began(2)
    await house.services.jobs.cancel(house.person("p0"), waiting[0].job.id)
    await house.until(quick.job.id)
    await house.renderer.began(4)
    etas = [(await house.services.jobs.get(house.person(f"p{n}"), waiting[n].job.id)).eta_s for n in (2, 3)]
    assert etas == [pytest.approx(4.0, abs=1.0), pytest.approx(6.0, abs=1.0)]


async def test_a_running_job_counts_down(house: House) -> None:
    """The time left of a running job is its estimate, less what has gone by, and never nothing."""
    await house.until((await house.ask("bob")).job.id)
    view = await house.ask("bob", "hold")
    await house.renderer.began(2)
    shown = await house.services.jobs.get(house.person("bob"), view.job.id)
    assert shown.ahead is None
    assert shown.eta_s is not None
    assert 0.5 <= shown.eta_s <= 2.0
    await asyncio.sleep(0.05)
    later = await house.services.jobs.get(house.person("bob"), view.job.id)
    assert later.eta_s is not None
    assert later.eta_s < shown.eta_s


async def test_a_shown_job_is_of_one_piece(house: House) -> None:
    """A place is shown of waiting jobs only, and the steps of a render of running ones only, at every change."""
    views = [await house.ask("bob") for _ in range(5)]
    left = {view.job.id for view in views}
    with house.services.board.subscribe(None) as changes:
        while left:
            for job_id in tuple(left):
                shown = await house.services.jobs.get(house.person("bob"), job_id)
                assert shown.ahead is None or shown.job.state is JobState.QUEUED
                assert shown.render is None or shown.job.state is JobState.RUNNING
                if shown.job.state is JobState.DELIVERED:
                    left.discard(job_id)
            if left:
                await changes.changed()


# --- pause, resume, drain


async def test_a_pause_holds_everything_also_over_a_restart(house_at: HouseAt) -> None:
    """Paused, the running job is finished, nothing else begins and nothing new is taken, until an admin resumes."""
    renderer = ScriptedRenderer()
    async with house_at(renderer=renderer, grace_s=5) as house:
        running = await house.ask("bob", "hold")
        waiting = await house.ask("bob")
        await renderer.began(1)
        await house.admin("pause")
        renderer.release()
        assert (await house.until(running.job.id)).state is JobState.DELIVERED
        with expect_refusal(RefusalCode.PAUSED):
            await house.ask("ann")
        assert house.services.queue.view().paused
    async with house_at(renderer=renderer) as house:
        assert house.services.queue.view().paused
        with expect_refusal(RefusalCode.PAUSED):
            await house.ask("ann")
        assert (await house.services.jobs.get(ADMIN, waiting.job.id)).job.state is JobState.QUEUED
        assert len(renderer.seen) == 1
        await house.admin("resume")
        assert (await house.until(waiting.job.id)).state is JobState.DELIVERED
        assert (await house.ask("ann")).job.state is JobState.QUEUED


async def test_a_drain_works_off_what_waits_also_over_a_restart(house_at: HouseAt) -> None:
    """Draining, what waits is rendered and nothing new is taken, until an admin resumes."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        await house.admin("drain")
    async with house_at() as house:
        assert house.services.queue.view().draining
        assert (await house.until(view.job.id)).state is JobState.DELIVERED
        with expect_refusal(RefusalCode.STOPPING):
            await house.ask("bob")
        await house.admin("resume")
        await house.ask("bob")


async def test_credits_and_limits_are_not_the_queues_affair(house_at: HouseAt) -> None:
    """Somebody without credits does not stand in the queue at all."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(500, 0))), works=False) as house:
        with expect_refusal(RefusalCode.NO_CREDITS):
            await house.ask("bob")
        assert house.services.queue.view().waiting == 0
