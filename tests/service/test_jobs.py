"""What a person may see and do with jobs: their own. For others they do not exist."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from bot.domain.job import CreditState, JobState, Requester
from bot.domain.refusals import RefusalCode
from bot.service.delivery import TryLater
from bot.service.views import IncomingRequest
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, ORIGIN, House
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


async def test_whoever_looks_at_the_message_may_see_the_job(house: House) -> None:
    """Where a channel knows that somebody sees a job's message, they may see the job, its picture and its video."""
    view = await house.ask("bob")
    await house.until(view.job.id)
    jobs, eve = house.services.jobs, house.person("eve")
    assert (await jobs.seen(view.job.id)).job.id == view.job.id
    assert (await jobs.video(eve, view.job.id, seen=True)).read_bytes() == MP4
    assert (await jobs.picture(eve, view.job.id, seen=True)).read_bytes() == house.decoder.picture.png
    for fetch in (jobs.video, jobs.picture):
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await fetch(eve, view.job.id)
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await jobs.seen("no such job")


async def test_a_channel_finds_its_jobs_under_way_after_a_restart(house_at: HouseAt) -> None:
    """Waiting, running and rendered jobs of one channel, the oldest first, and nothing that is over or another's."""
    async with house_at() as house:
        house.channel.next_errors.append(TryLater(3_600))
        rendered = await house.ask("bob")
        await house.until(rendered.job.id, JobState.RENDERED)
        over = await house.ask("ann")
        await house.until(over.job.id)
        running = await house.ask("bob", "hold")
        await house.renderer.began(3)
        waiting = await house.ask("ann")
        elsewhere = await house.services.intake.submit(
            house.person("bob"), replace(ORIGIN, channel="another"), IncomingRequest(b"a picture")
        )
        found = await house.services.jobs.under_way("scripted")
        assert [view.job.id for view in found] == [rendered.job.id, running.job.id, waiting.job.id]
        assert [view.job.state for view in found] == [JobState.RENDERED, JobState.RUNNING, JobState.QUEUED]
        assert found[-1].ahead == 0
        assert [view.job.id for view in await house.services.jobs.under_way("another")] == [elsewhere.job.id]


async def test_where_a_jobs_message_is_can_change(house_at: HouseAt) -> None:
    """An answer goes to the new address, also after a restart; of a job that is gone nothing is noted."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        await house.services.jobs.set_address(view.job.id, "message 8")
        await house.services.jobs.set_address("no such job", "message 9")
    async with house_at() as house:
        await house.until(view.job.id)
        assert house.channel.arrived[0].job.origin.address == "message 8"


async def test_what_is_deleted_is_gone_at_once(house: House) -> None:
    """Pictures, video, poster, prompt and options are gone for everybody; that there was a job, and its price, stay."""
    view = await house.ask("bob", "my secret garden", camera="pan-left")
    await house.until(view.job.id)
    bob, jobs = house.person("bob"), house.services.jobs
    left = (await house.services.quotas.view(bob.id)).left_mcr
    await jobs.delete(bob, view.job.id)
    for file in (house.files.picture, house.files.video, house.files.poster):
        assert not file(view.job.id).exists()
    job = (await jobs.get(bob, view.job.id)).job
    assert (job.prompt, dict(job.options), job.has_picture, job.has_video) == ("", {}, False, False)
    assert (job.state, job.credits, job.price_mcr) == (JobState.DELIVERED, CreditState.USED, view.job.price_mcr)
    assert (await house.services.quotas.view(bob.id)).left_mcr == left
    with expect_refusal(RefusalCode.VIDEO_GONE):
        await jobs.video(bob, view.job.id)
    with expect_refusal(RefusalCode.PICTURE_GONE):
        await house.services.intake.again(bob, ORIGIN, view.job.id, {})
    await jobs.delete(bob, view.job.id)  # a second press of the button
    assert await house.broken_promises() == []


async def test_only_ones_own_job_can_be_deleted(house: House) -> None:
    """A stranger's does not exist; an admin may delete everybody's."""
    view = await house.ask("bob")
    await house.until(view.job.id)
    for job_id in (view.job.id, "no such job"):
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await house.services.jobs.delete(house.person("eve"), job_id)
    assert house.files.video(view.job.id).exists()
    await house.services.jobs.delete(ADMIN, view.job.id)
    assert not house.files.video(view.job.id).exists()


async def test_a_job_under_way_is_not_deleted(house: House) -> None:
    """Waiting, running or on its way to its person it must end first, and one is told how."""
    house.channel.next_errors.append(TryLater(3_600))
    bob = house.person("bob")
    rendered = await house.ask("bob")
    await house.until(rendered.job.id, JobState.RENDERED)
    running = await house.ask("bob", "hold")
    await house.renderer.began(2)
    waiting = await house.ask("bob")
    for view, state in ((rendered, "rendered"), (running, "running"), (waiting, "queued")):
        with expect_refusal(RefusalCode.NOT_OVER) as refusal:
            await house.services.jobs.delete(bob, view.job.id)
        assert refusal.text.startswith(f"This job is {state}, ")
    assert house.files.video(rendered.job.id).exists()
    assert house.files.picture(waiting.job.id).exists()


async def test_whoever_watches_is_told_of_a_deletion(house: House) -> None:
    """A page that shows the job looks again, and shows a job without its files."""
    view = await house.ask("bob")
    await house.until(view.job.id)
    with house.services.board.subscribe(house.person("bob").id) as changes:
        await house.services.jobs.delete(house.person("bob"), view.job.id)
        assert view.job.id in await changes.changed()


async def test_ones_own_prompts_are_found_again(house_at: HouseAt) -> None:
    """The newest first, each text once with its newest job, in whatever case; others' prompts are never among them."""
    async with house_at(works=False) as house:
        asked = [
            (await house.ask("bob", prompt)).job.id for prompt in ("A dog yawns", "a CAT yawns", "A dog yawns", "")
        ]
        await house.ask("ann", "a dog of ann's")
        find, bob = house.services.jobs.recent_prompts, house.person("bob")
        assert await find(bob, "") == [(asked[2], "A dog yawns"), (asked[1], "a CAT yawns")]
        assert await find(bob, " cat") == [(asked[1], "a CAT yawns")]
        assert await find(bob, "YAWNS", limit=1) == [(asked[2], "A dog yawns")]
        assert await find(bob, "100%_") == []
        await house.services.jobs.cancel(bob, asked[2])
        await house.services.jobs.delete(bob, asked[2])
        assert (await find(bob, "dog"))[0][0] == asked[0]
