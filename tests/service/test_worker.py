"""How each accepted job comes to exactly one end."""

import asyncio
import errno
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.credits import Limit
from bot.domain.job import CreditState, Failure, JobState
from bot.domain.messages import sentence
from bot.domain.refusals import FailureCode, RefusalCode, Refused
from bot.service.quotas import QuotaLimits
from bot.store.errors import StoreError, StoreProblem
from bot.store.milestones import Change, FileMoment, before_commit
from generation.errors import EngineUnavailable, ErrorCode
from generation.picture import Picture
from tests.loopback.expect import eventually, expect_refusal
from tests.loopback.house import GENEROUS, House
from tests.loopback.scripted_renderer import ScriptedRenderer

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


def videos(house: House) -> list[str]:
    """Return every file beside the videos, whole or not."""
    return sorted(path.name for path in house.files.video("x").parent.iterdir())


async def failed(house: House, job_id: str) -> Failure:
    """Require that a job has failed, that its person was told once, has the credits back, and that no file stays."""
    job = await house.until(job_id)
    await house.channel.called(1)
    assert (job.state, job.credits) == (JobState.FAILED, CreditState.RETURNED)
    assert [answer.job.id for answer in house.channel.arrived] == [job_id]
    assert videos(house) == []
    assert await house.broken_promises() == []
    assert job.failure is not None
    assert sentence(job.failure).endswith((".", "killed"))
    return job.failure


async def test_a_job_becomes_a_video(house: House) -> None:
    """What was asked for is rendered, delivered once, and paid."""
    view = await house.ask("bob", "draw a line")
    job = await house.until(view.job.id)
    assert (job.state, job.credits) == (JobState.DELIVERED, CreditState.USED)
    assert [answer.job.id for answer in house.channel.arrived] == [job.id]
    assert house.files.video(job.id).exists()
    assert await house.broken_promises() == []


async def test_a_lost_render_is_run_once_more(house: House) -> None:
    """A render whose server vanished is run again, and the second one counts."""
    view = await house.ask("bob", "lost-once")
    assert (await house.until(view.job.id)).state is JobState.DELIVERED
    assert len(house.renderer.seen) == 2


async def test_a_job_that_loses_two_renders_is_taken_for_the_cause(house: House) -> None:
    """There is never a third render; the person is told and gets the credits back."""
    view = await house.ask("bob", "lost")
    failure = await failed(house, view.job.id)
    assert (failure.code, len(house.renderer.seen)) == (ErrorCode.SERVER_DIED, 2)


async def test_what_is_rendered_is_what_was_accepted(house: House) -> None:
    """Picture, options and seed of the row decide the render; nothing is drawn by lot again."""
    view = await house.ask("bob", "draw a hill", camera="pan-left", seconds="2")
    await house.until(view.job.id)
    [request] = house.renderer.seen
    assert (request.seed, request.shape.frames) == (view.job.seed, view.job.frames)
    assert request.conditions[0].pictures[0].png == house.decoder.picture.png


async def test_a_busy_server_costs_nothing(house: House) -> None:
    """A render that never began is tried again, and no attempt is counted."""
    view = await house.ask("bob", "busy-once")
    job = await house.until(view.job.id)
    assert (job.state, job.lost_renders) == (JobState.DELIVERED, 0)


async def test_an_engine_that_cannot_start_holds_jobs_back(house_at: HouseAt) -> None:
    """While no engine runs, jobs wait unharmed, nobody new is let in, everybody reads why, and then it goes on."""
    renderer = ScriptedRenderer()
    renderer.cannot_start = EngineUnavailable(ErrorCode.NO_GPU)
    async with house_at(renderer=ScriptedRenderer(), works=False) as house:
        view = await house.ask("bob")
    async with house_at(renderer=renderer) as house:
        with house.services.board.subscribe(None) as changes:
            while house.services.queue.view().notice is None:
                await changes.changed()
        shown = house.services.queue.view()
        assert (shown.ready, shown.waiting) == (False, 1)
        assert shown.notice == "No NVIDIA graphics card with a working driver was found."
        with expect_refusal(RefusalCode.ENGINE_UNAVAILABLE):
            await house.ask("ann")
        renderer.cannot_start = None
        assert (await house.until(view.job.id)).state is JobState.DELIVERED
        assert house.services.queue.view().notice is None
        assert house.services.queue.view().ready


async def test_an_engine_that_fails_later_puts_the_job_back(house: House) -> None:
    """A card that vanishes under a job costs the job nothing: it waits, and is rendered when there is one again."""
    view = await house.ask("bob", "unavailable-once")
    job = await house.until(view.job.id)
    assert (job.state, job.lost_renders) == (JobState.DELIVERED, 0)
    assert house.renderer.starts == 2


@pytest.mark.parametrize(
    ("word", "code", "renders"),
    [
        ("refuse", ErrorCode.OUT_OF_MEMORY, 1),
        ("encode", ErrorCode.ENCODED_FILE_TOO_LARGE, 1),
        ("bug", FailureCode.BUG, 1),
    ],
)
async def test_what_would_fail_again_is_not_run_again(house: House, word: str, code: str, renders: int) -> None:
    """A refusal of the model, a video that stays too large and a bug end the job at once, with the credits back."""
    view = await house.ask("bob", word)
    failure = await failed(house, view.job.id)
    assert (failure.code, house.renderer.most_at_once) == (code, 1)
    assert len(house.renderer.seen) == renders
    assert (await house.ask("bob")).job.state is JobState.QUEUED  # the lane goes on
    board = await house.services.admin.overview(house.person("admin"))
    assert board.notices[0]["message"] == f"Job {view.job.id} failed ({code})."


async def test_a_killed_encoder_gets_a_second_chance(house: House) -> None:
    """ffmpeg that somebody else has killed is not the job's fault: once more, and it counts."""
    view = await house.ask("bob", "encode-once")
    assert (await house.until(view.job.id)).state is JobState.DELIVERED


async def test_a_picture_that_vanished_fails_its_job(house_at: HouseAt) -> None:
    """Where the picture of a waiting job is gone, its person reads that they must send it again."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        house.files.delete_pictures(view.job.id)
    async with house_at() as house:
        assert await failed(house, view.job.id) == Failure(FailureCode.PICTURE_LOST, {})
        assert house.renderer.seen == []


async def test_a_full_disk_under_the_poster_fails_the_job(house_at: HouseAt) -> None:
    """What cannot be written whole is not kept in part: the job fails, and says that it was the disk."""

    def reach(milestone: str) -> None:
        if milestone == FileMoment.POSTER_WRITTEN:
            raise OSError(errno.ENOSPC, "No space left on device")

    async with house_at(reach=reach) as house:
        view = await house.ask("bob")
        assert await failed(house, view.job.id) == Failure(FailureCode.DISK, {})


async def test_a_file_that_cannot_be_deleted_stops_nobody(house: House) -> None:
    """A poster that cannot be written nor deleted fails its own job only."""
    view = await house.ask("bob", "hold")
    await house.renderer.began(1)
    house.files.poster(view.job.id).mkdir()
    house.renderer.release()
    job = await house.until(view.job.id)
    assert (job.state, job.failure) == (JobState.FAILED, Failure(FailureCode.DISK, {}))
    assert (await house.until((await house.ask("ann")).job.id)).state is JobState.DELIVERED


async def test_a_missing_video_folder_is_no_missing_picture(house: House) -> None:
    """A folder that somebody has removed is told as a trouble with the disk."""
    view = await house.ask("bob", "hold")
    await house.renderer.began(1)
    house.files.video("x").parent.rmdir()
    house.renderer.release()
    job = await house.until(view.job.id)
    house.files.video("x").parent.mkdir()
    assert job.failure == Failure(FailureCode.DISK, {})


async def test_a_database_that_does_not_answer_loses_no_video(house_at: HouseAt) -> None:
    """A job's end is written as soon as the database can be written again; the video is not made twice."""
    troubles = [1]

    def reach(milestone: str) -> None:
        if milestone == before_commit(Change.RENDERED) and troubles:
            troubles.pop()
            raise StoreError(StoreProblem.BUSY)

    async with house_at(reach=reach) as house:
        view = await house.ask("bob")
        assert (await house.until(view.job.id)).state is JobState.DELIVERED
        assert len(house.renderer.seen) == 1
        assert not troubles


# --- cancelling


async def test_a_cancel_while_rendering_stops_the_render(house: House) -> None:
    """The renderer is stopped at once, the credits come back, the person is told, and the next job begins."""
    view, other = await house.ask("bob", "hold"), await house.ask("ann")
    await house.renderer.began(1)
    cancelled = await house.services.jobs.cancel(house.person("bob"), view.job.id)
    assert (cancelled.job.state, cancelled.job.credits) == (JobState.CANCELLED, CreditState.RETURNED)
    assert cancelled.render is None
    assert (await house.until(other.job.id)).state is JobState.DELIVERED
    await house.channel.called(2)
    assert {answer.job.state for answer in house.channel.arrived} == {JobState.CANCELLED, JobState.RENDERED}
    assert videos(house) == sorted([f"{other.job.id}.jpg", f"{other.job.id}.mp4"])
    assert await house.broken_promises() == []


@pytest.mark.parametrize("word", ["half", "still"])
async def test_a_cancel_is_free_until_half_of_the_steps_are_done(house: House, word: str) -> None:
    """With half of the work done the credits are used; before, with a preview or not, they come back."""
    view = await house.ask("bob", word)
    await house.renderer.began(1)
    cancelled = await house.services.jobs.cancel(house.person("bob"), view.job.id)
    assert cancelled.job.credits is (CreditState.USED if word == "half" else CreditState.RETURNED)
    assert house.services.board.still(view.job.id) is None or word == "still"
    assert await house.broken_promises() == []


async def test_a_cancel_while_the_picture_is_read_renders_nothing(house_at: HouseAt) -> None:
    """Between the claim and the render there is a moment without a render to stop: the job is not rendered after it."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        picture = house.files.picture(view.job.id)
        png = picture.read_bytes()
        picture.unlink()
        os.mkfifo(picture)  # a disk that takes its time
    async with house_at() as house:
        await house.until(view.job.id, JobState.RUNNING)
        await house.services.jobs.cancel(house.person("bob"), view.job.id)
        await asyncio.to_thread(picture.write_bytes, png)
        await house.until((await house.ask("ann")).job.id)
        assert len(house.renderer.seen) == 1  # Ann's
        assert await house.broken_promises() == []


async def test_a_cancel_in_the_last_moment_leaves_no_video(house: House) -> None:
    """A job that is cancelled when its whole file is there already is cancelled, and the file goes."""
    view = await house.ask("bob", "linger")
    await eventually(house.files.video(view.job.id).exists)
    await house.services.jobs.cancel(house.person("bob"), view.job.id)
    await house.until((await house.ask("ann", "lost")).job.id)  # the lane has moved on
    assert videos(house) == []


async def test_forgetting_in_the_last_moment_leaves_no_video(house: House) -> None:
    """The video of somebody who is forgotten does not stay behind, be it whole in this very moment."""
    view = await house.ask("bob", "linger")
    await eventually(house.files.video(view.job.id).exists)
    await house.services.privacy.forget(house.person("bob"))
    await house.until((await house.ask("ann", "lost")).job.id)
    assert videos(house) == []


async def test_two_hundred_races_of_cancel_and_finish_have_one_end_each(house_at: HouseAt) -> None:
    """Whichever is first, a cancel or the video: every job has one end, one answer, and credits that agree with it."""
    rules = replace(GENEROUS, quota=QuotaLimits(Limit(200_000, 0)), slots=4)
    async with house_at(rules=rules) as house:

        async def race(number: int) -> tuple[str, bool]:
            view = await house.ask("bob")
            if number % 25 == 0:
                await house.until(view.job.id)
            await asyncio.sleep(number % 25 * 0.0005)
            try:
                await house.services.jobs.cancel(house.person("bob"), view.job.id)
            except Refused as refused:
                return view.job.id, refused.code is not RefusalCode.ALREADY_ENDED
            return view.job.id, True

        batches = [await asyncio.gather(*map(race, range(start, start + 10))) for start in range(0, 200, 10)]
        was_cancelled = dict(one for batch in batches for one in batch)
        assert set(was_cancelled.values()) == {True, False}
        await idle(house)
        ended = [job for job_id in was_cancelled if (job := await house.until(job_id))]
        for job in ended:
            assert job.state is (JobState.CANCELLED if was_cancelled[job.id] else JobState.DELIVERED)
        told = [answer.job.id for answer in house.channel.arrived if answer.job.requester.user == "bob"]
        assert sorted(told) == sorted(was_cancelled)
        used_mcr = sum(job.price_mcr for job in ended if job.credits is CreditState.USED)
        quota = await house.services.quotas.view(house.person("bob").id)
        assert (quota.left_mcr, quota.held_mcr) == (200_000 - used_mcr, 0)
        assert {Path(name).stem for name in videos(house)} == {job.id for job in ended if not was_cancelled[job.id]}
        assert await house.broken_promises() == []


async def idle(house: House) -> None:
    """Wait until every lane has finished what it had, and everybody has been told."""
    views = [await house.ask(f"z{number}", "refuse") for number in range(8)]
    for view in views:
        await house.until(view.job.id)
    await told_everybody(house)


async def told_everybody(house: House) -> None:
    async def is_empty() -> bool:
        return not await house.database.read(lambda tx: tx.execute("SELECT count(*) FROM outbox").fetchone()[0])

    await eventually(is_empty)


async def test_a_render_by_another_engine_teaches_nothing_about_the_first(house_at: HouseAt, picture: Picture) -> None:
    """Times are learned for the model that has rendered, whatever the row was accepted for."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        await house.database.write(
            Change.ADMIN, lambda tx: tx.execute("UPDATE job SET model = 'a model of before'").rowcount
        )
    async with house_at() as house:
        await house.until(view.job.id)
        models = await house.database.read(lambda tx: {row[0] for row in tx.execute("SELECT model FROM estimate")})
        assert models == {"camera"}
