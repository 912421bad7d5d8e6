"""What a person may see and do with jobs: their own. For others they do not exist."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from bot.domain.job import CreditState, JobState, Requester
from bot.domain.refusals import RefusalCode
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, House
from tests.loopback.scripted_renderer import JPEG, MP4

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def test_somebody_elses_job_does_not_exist(house: House) -> None:
    """Every question about another person's job is answered as if there were none; an admin may ask all of them."""
    view = await house.ask("bob")
    await house.until(view.job.id)
    jobs, eve = house.services.jobs, house.person("eve")
    questions: list[Callable[[Requester, str], Awaitable[object]]] = [
        jobs.get,
        jobs.cancel,
        jobs.video,
        jobs.poster,
        jobs.picture,
        jobs.end_picture,
        jobs.still,
    ]
    for ask in questions:
        texts = set()
        for job_id in (view.job.id, "no such job"):
            with expect_refusal(RefusalCode.UNKNOWN_JOB) as refusal:
                await ask(eve, job_id)
            texts.add(refusal.text)
        assert len(texts) == 1
    assert (await jobs.get(ADMIN, view.job.id)).job.id == view.job.id
    assert (await jobs.video(ADMIN, view.job.id)).read_bytes() == MP4


async def test_ones_jobs_are_listed_from_the_newest_on(house_at: HouseAt) -> None:
    """A list has only one's own jobs, in pages, each beginning where the last one ended."""
    async with house_at(works=False) as house:
        mine = [(await house.ask("bob")).job.id for _ in range(5)]
        await house.ask("ann")
        first = [view.job.id for view in await house.services.jobs.latest(house.person("bob"), 3)]
        rest = [view.job.id for view in await house.services.jobs.latest(house.person("bob"), 3, first[-1])]
        assert first + rest == mine[::-1]
        assert await house.services.jobs.latest(house.person("bob"), 3, "no such job") == []


async def test_files_are_there_when_the_job_is_done(house: House) -> None:
    """The picture can be fetched from the start, video and poster once it is delivered, and not before."""
    view = await house.ask("bob", "hold")
    bob, jobs = house.person("bob"), house.services.jobs
    assert (await jobs.picture(bob, view.job.id)).read_bytes() == house.decoder.picture.png
    with expect_refusal(RefusalCode.PICTURE_GONE):
        await jobs.end_picture(bob, view.job.id)
    for fetch in (jobs.video, jobs.poster):
        with expect_refusal(RefusalCode.NOT_READY):
            await fetch(bob, view.job.id)
    house.renderer.release()
    await house.until(view.job.id)
    assert (await jobs.video(bob, view.job.id)).read_bytes() == MP4
    assert (await jobs.poster(bob, view.job.id)).read_bytes() == JPEG
    house.files.delete_video(view.job.id)
    for fetch in (jobs.video, jobs.poster):
        with expect_refusal(RefusalCode.VIDEO_GONE):
            await fetch(bob, view.job.id)


async def test_a_preview_is_seen_by_its_owner_while_it_lasts(house: House) -> None:
    """A running job's latest still is its owner's, and is gone with the render."""
    view = await house.ask("bob", "still")
    bob, jobs = house.person("bob"), house.services.jobs
    with house.services.board.subscribe(bob.id) as changes:
        while await jobs.still(bob, view.job.id) is None:
            await changes.changed()
    shown = await jobs.get(bob, view.job.id)
    assert shown.render is not None
    assert shown.render.still_count == 1
    house.renderer.release()
    await house.until(view.job.id)
    assert await jobs.still(bob, view.job.id) is None


async def test_a_waiting_job_is_cancelled_without_a_trace_in_the_queue(house_at: HouseAt) -> None:
    """It leaves its place to the next, gives its credits back, and is told once."""
    async with house_at(works=False) as house:
        first, second = await house.ask("bob"), await house.ask("ann")
        cancelled = await house.services.jobs.cancel(house.person("bob"), first.job.id)
        assert (cancelled.job.state, cancelled.ahead) == (JobState.CANCELLED, None)
        assert (await house.services.jobs.get(house.person("ann"), second.job.id)).ahead == 0
    async with house_at() as house:
        await house.channel.called(2)
        assert sorted(answer.job.state for answer in house.channel.arrived) == [JobState.CANCELLED, JobState.RENDERED]
        assert all(request.prompt == "draw" for request in house.renderer.seen)
        assert len(house.renderer.seen) == 1


async def test_what_is_over_cannot_be_cancelled(house: House) -> None:
    """A second cancel, and one of a delivered job, say what has become of it and change nothing."""
    view = await house.ask("bob")
    await house.until(view.job.id)
    with expect_refusal(RefusalCode.ALREADY_ENDED) as refusal:
        await house.services.jobs.cancel(house.person("bob"), view.job.id)
    assert refusal.text == "This job is delivered already; there is nothing left to cancel."
    job = await house.job(view.job.id)
    assert job is not None
    assert job.credits is CreditState.USED


async def test_an_admins_cancel_gives_back_what_the_owner_would_have_lost(house: House) -> None:
    """Half done or not: where an admin ends a job, even their own, its credits come back, as the answer says."""
    for name in ("bob", "admin"):
        house.people["admin"] = ADMIN
        view = await house.ask(name, "half")
        with house.services.board.subscribe(None) as changes:
            while (render := house.services.board.render(view.job.id)) is None or render.step < 5:
                await changes.changed()
        answer = await house.admin("cancel", job=view.job.id)
        assert answer["message"] == f"Job {view.job.id} is cancelled; its credits were given back."
        job = await house.job(view.job.id)
        assert job is not None
        assert (job.state, job.credits) == (JobState.CANCELLED, CreditState.RETURNED)
    assert await house.broken_promises() == []
