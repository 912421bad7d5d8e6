"""Other words for a job that still waits: another job stands in its place, and the first one was never there."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.credits import Limit
from bot.domain.job import Job, JobState, Origin
from bot.domain.refusals import RefusalCode
from bot.service.limits import QueueLimits
from bot.service.quotas import QuotaLimits
from bot.service.views import IncomingRequest, Revision
from bot.store import jobs, queue_order
from bot.store.database import FILE_NAME, connect
from bot.store.milestones import Change, FileMoment, after_commit, before_commit
from generation.errors import ErrorCode
from tests.loopback.expect import expect_refusal
from tests.loopback.house import GENEROUS, ORIGIN, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
KEY = "m1:2"
THREE = replace(GENEROUS, quota=QuotaLimits(Limit(3_000, 0)))


async def ask(house: House, prompt: str = "draw a cat", **options: str) -> Job:
    return (await house.ask("bob", prompt, KEY, **options)).job


async def revise(house: House, prompt: str, **options: str) -> Revision:
    return await house.services.intake.revise(house.person("bob"), KEY, prompt, options)


def pictures(house: House) -> set[str]:
    return {path.stem for path in house.files.picture("x").parent.iterdir()}


async def waiting(house: House) -> list[tuple[str, str]]:
    """Return id and prompt of every job that waits, in the order in which they go."""
    views = [view for name in house.people for view in await house.services.jobs.latest(house.person(name), 100)]
    queued = sorted((view for view in views if view.ahead is not None), key=lambda view: view.ahead or 0)
    return [(view.job.id, view.job.prompt) for view in queued]


@pytest.fixture
async def quiet(house_at: HouseAt) -> "object":
    """A bot with three credits for each person, in which nothing is rendered."""
    async with house_at(rules=THREE, works=False) as house:
        yield house


async def test_a_waiting_job_has_other_words(quiet: House) -> None:
    """The new job has the new words and options, and key, picture, place and address of the old one."""
    origin = Origin("scripted", "scripted:here", "the status message", max_video_bytes=5_000_000)
    request = IncomingRequest(b"a picture", "draw a cat", {"camera": "pan-left", "seed": "5"}, key=KEY)
    old = (await quiet.services.intake.submit(quiet.person("bob"), origin, request)).job
    revision = await revise(quiet, "draw a dog", seconds="1")
    assert revision.view is not None
    new = revision.view.job
    assert (revision.replaced, revision.view.ahead) == (old.id, 0)
    assert (new.prompt, dict(new.options), new.origin, new.requester) == (
        "draw a dog",
        {"seconds": "1"},
        origin,
        old.requester,
    )
    assert pictures(quiet) == {new.id}
    assert await waiting(quiet) == [(new.id, "draw a dog")]
    assert (await quiet.services.intake.submit(quiet.person("bob"), origin, request)).job.id == new.id
    assert await quiet.broken_promises() == []


async def test_of_the_old_job_nothing_is_left_but_a_row_that_cost_nothing(quiet: House) -> None:
    """Its credits are back, its words, options and picture are gone, and nobody is told that it was cancelled."""
    old = await ask(quiet, "draw a cat", camera="pan-left")
    await revise(quiet, "draw a dog")
    left = await quiet.job(old.id)
    assert left is not None
    assert (left.state, left.prompt, dict(left.options), left.has_picture) == (JobState.CANCELLED, "", {}, False)
    assert (await quiet.services.quotas.view("scripted:bob")).held_mcr == 1_000
    outbox = await quiet.database.read(lambda tx: tx.execute("SELECT count(*) FROM outbox").fetchone()[0])
    assert outbox == 0


async def test_the_video_is_made_of_the_new_words(house: House) -> None:
    """What is rendered and delivered is the new job, with the picture that was sent, and nothing else arrives."""
    await house.ask("ann", "hold")
    await house.renderer.began(1)
    old = await ask(house)
    revision = await revise(house, "draw a dog")
    assert revision.view is not None
    house.renderer.release()
    done = await house.until(revision.view.job.id)
    assert done.state is JobState.DELIVERED
    assert [request.prompt for request in house.renderer.seen] == ["hold", "draw a dog"]
    assert old.id not in {answer.job.id for answer in house.channel.calls}


async def test_the_end_picture_comes_along(quiet: House) -> None:
    """A job between two pictures stays one between the same two."""
    request = IncomingRequest(b"a picture", "draw", end_picture=b"another", key=KEY)
    await quiet.services.intake.submit(quiet.person("bob"), ORIGIN, request)
    revision = await revise(quiet, "draw a dog")
    assert revision.view is not None
    new = revision.view.job
    assert new.has_end_picture
    assert pictures(quiet) == {new.id, f"{new.id}-end"}


async def test_the_same_words_change_nothing(quiet: House) -> None:
    """An edit that says the same, however it is spelt, and one that comes twice, leave the job where it is."""
    old = await ask(quiet, "draw a cat", seconds="1.5")
    revision = await revise(quiet, "draw a cat ", seconds="1,50")
    assert revision.view is not None
    assert (revision.view.job.id, revision.replaced) == (old.id, None)
    first = await revise(quiet, "draw a dog")
    again = await revise(quiet, "draw a dog")
    assert first.view is not None
    assert again.view is not None
    assert (again.view.job.id, again.replaced) == (first.view.job.id, None)
    assert (await quiet.services.quotas.view("scripted:bob")).held_mcr == 1_000


async def test_what_nobody_has_asked_for_is_not_changed(quiet: House) -> None:
    """Of an unknown key, no key and somebody else's there is no job."""
    await ask(quiet)
    intake, bob, ann = quiet.services.intake, quiet.person("bob"), quiet.person("ann")
    for who, key in ((bob, "another"), (bob, ""), (ann, KEY)):
        assert await intake.revise(who, key, "draw a dog", {"no such": "option"}) == Revision(None, None)
    assert [prompt for _, prompt in await waiting(quiet)] == ["draw a cat"]


async def test_it_waits_as_if_it_had_been_cancelled_and_asked_for_anew(quiet: House) -> None:
    """A person's other jobs move up, and the changed one stands behind them."""
    await ask(quiet, "draw one")
    await quiet.ask("bob", "draw two")
    await revise(quiet, "draw three")
    await quiet.ask("bob", "draw four")
    prompts = [prompt for _, prompt in await waiting(quiet)]
    assert prompts == ["draw two", "draw three", "draw four"]
    assert await quiet.broken_promises() == []


async def test_the_places_that_are_shown_are_those_in_which_they_go(quiet: House) -> None:
    """When somebody's first of several jobs is changed, everybody is shown where they stand from then on."""
    await ask(quiet, "draw one")
    for _ in range(3):
        await quiet.ask("ann", "draw", seconds="1")  # cheaper, so that they stand between the others
    await quiet.ask("bob", "draw two")
    before = [job_id for job_id, _ in await waiting(quiet)]
    await revise(quiet, "draw another")
    shown = [job_id for job_id, _ in await waiting(quiet)]
    assert shown[:4] != [job_id for job_id in before if job_id in shown]
    assert shown == [(await quiet.services.queue.next()).id for _ in range(5)]


async def test_once_it_is_being_made_a_change_is_too_late(house: House) -> None:
    """The render goes on as it was asked for, and the person reads what they can do instead."""
    job = await ask(house, "hold")
    await house.renderer.began(1)
    with expect_refusal(RefusalCode.ALREADY_STARTED) as refusal:
        await revise(house, "draw a dog")
    assert "Edit prompt" in refusal.text
    same = await revise(house, "hold")
    assert same.view is not None
    assert (same.view.job.id, same.replaced) == (job.id, None)
    house.renderer.release()
    assert (await house.until(job.id)).state is JobState.DELIVERED


async def test_a_lane_that_is_quicker_wins(house_at: HouseAt, tmp_path: Path) -> None:
    """A job that is taken while its change is on the way is rendered as it was, and the change comes too late."""
    is_asked = False

    def reach(milestone: str) -> None:
        if is_asked and milestone == FileMoment.PICTURE_WRITTEN:
            lane = connect(tmp_path / "data" / FILE_NAME)
            queue_order.claim(lane, house.clock.now_ms())
            lane.close()

    async with house_at(rules=THREE, works=False, reach=reach) as house:
        old = await ask(house)
        is_asked = True
        with expect_refusal(RefusalCode.ALREADY_STARTED):
            await revise(house, "draw a dog")
        assert pictures(house) == {old.id}
        assert (await house.services.quotas.view("scripted:bob")).held_mcr == 1_000
        assert await house.broken_promises() == []


@pytest.mark.parametrize("end", ["delivered", "failed", "cancelled"])
async def test_what_is_over_is_only_shown(house: House, end: str) -> None:
    """A change that comes after the end changes nothing, whatever it says."""
    job = await ask(house, {"delivered": "draw", "failed": "refuse", "cancelled": "hold"}[end])
    if end == "cancelled":
        await house.services.jobs.cancel(house.person("bob"), job.id)
    await house.until(job.id)
    revision = await revise(house, "draw a dog", **{"no such": "option"})
    assert revision.view is not None
    assert (revision.view.job.id, str(revision.view.job.state), revision.replaced) == (job.id, end, None)


async def require_untouched(house: House, old: Job) -> None:
    now = await house.job(old.id)
    assert now == old
    assert pictures(house) == {old.id}
    assert [job_id for job_id, _ in await waiting(house)] == [old.id]
    assert (await house.services.quotas.view("scripted:bob")).held_mcr == old.price_mcr
    assert await house.broken_promises() == []


async def test_a_refusal_leaves_the_old_job_as_it_was(quiet: House) -> None:
    """Too dear, an option that there is not, a paused bot, a ban: each is told, and the job waits as before."""
    old = await ask(quiet)
    await quiet.admin("grant", person="scripted:bob", credits="-3")
    with expect_refusal(RefusalCode.NO_CREDITS):
        await revise(quiet, "draw a dog", preset="best")
    await require_untouched(quiet, old)
    with expect_refusal(ErrorCode.UNKNOWN_OPTION):
        await revise(quiet, "draw a dog", spede="1")
    await require_untouched(quiet, old)
    with expect_refusal(ErrorCode.NOT_SUPPORTED):
        await revise(quiet, "draw a dog", negative="blur")
    await require_untouched(quiet, old)
    await quiet.admin("pause")
    with expect_refusal(RefusalCode.PAUSED):
        await revise(quiet, "draw a dog")
    await quiet.admin("resume")
    await require_untouched(quiet, old)
    await quiet.admin("ban", person="scripted:bob", reason="spam")
    with expect_refusal(RefusalCode.BANNED):
        await revise(quiet, "draw a dog")
    await require_untouched(quiet, old)


async def test_the_credits_of_the_old_job_pay_for_the_new_one(house_at: HouseAt) -> None:
    """With all credits set aside for the job itself, its words can still be changed."""
    rules = replace(GENEROUS, quota=QuotaLimits(Limit(1_000, 0)))
    async with house_at(rules=rules, works=False) as house:
        await ask(house)
        assert (await revise(house, "draw a dog")).replaced is not None
        assert (await house.services.quotas.view("scripted:bob")).left_mcr == 0


async def test_a_change_needs_no_second_place_in_the_queue(house_at: HouseAt) -> None:
    """Where no more of a person may wait, what waits can still be changed."""
    rules = replace(GENEROUS, queue=QueueLimits(1, 1, 100, 0))
    async with house_at(rules=rules, works=False) as house:
        await ask(house)
        assert (await revise(house, "draw a dog")).replaced is not None
        assert len(await waiting(house)) == 1


async def test_changes_count_as_requests(house_at: HouseAt) -> None:
    """Whoever changes their words all the time is told to slow down; saying the same again counts nothing."""
    rules = replace(GENEROUS, queue=replace(GENEROUS.queue, requests_per_minute=2))
    async with house_at(rules=rules, works=False) as house:
        await ask(house)
        for _ in range(5):
            await revise(house, "draw a cat")
        await revise(house, "draw a dog")
        with expect_refusal(RefusalCode.TOO_FAST):
            await revise(house, "draw a fox")
        assert [prompt for _, prompt in await waiting(house)] == ["draw a dog"]


async def test_of_many_changes_at_once_one_job_is_left(quiet: House) -> None:
    """However many edits come in the same moment, one job waits, at one price and with one picture."""
    await ask(quiet)
    revisions = await asyncio.gather(*(revise(quiet, f"draw {number}") for number in range(8)))
    [(left, _)] = await waiting(quiet)
    assert left in {revision.view.job.id for revision in revisions if revision.view is not None}
    assert pictures(quiet) == {left}
    assert (await quiet.services.quotas.view("scripted:bob")).held_mcr == 1_000
    assert await quiet.broken_promises() == []


async def test_a_change_that_could_not_be_written_never_was(house_at: HouseAt) -> None:
    """Where the disk fails in the very commit, the old job waits and no picture lies about."""
    fails = True

    def reach(milestone: str) -> None:
        if fails and milestone == before_commit(Change.REVISE):
            raise OSError("no disk")

    async with house_at(rules=THREE, works=False, reach=reach) as house:
        old = await ask(house)
        with pytest.raises(OSError, match="no disk"):
            await revise(house, "draw a dog")
        await require_untouched(house, old)
        fails = False
        assert (await revise(house, "draw a dog")).replaced == old.id


async def test_a_picture_that_was_lost_is_told(quiet: House) -> None:
    """Where somebody has deleted the picture of a waiting job, a change of words says so and changes nothing."""
    old = await ask(quiet)
    quiet.files.delete_pictures(old.id)
    with expect_refusal(RefusalCode.PICTURE_GONE):
        await revise(quiet, "draw a dog")
    assert await quiet.database.read(lambda tx: jobs.find(tx, old.id)) == old


async def test_where_the_message_is_by_then_counts(house_at: HouseAt, tmp_path: Path) -> None:
    """A message that is sent while the pictures are written is the new job's, and no second one need be sent."""
    shown: list[str] = []

    def reach(milestone: str) -> None:
        if shown and milestone == FileMoment.PICTURE_WRITTEN:
            painter = connect(tmp_path / "data" / FILE_NAME)
            jobs.set_address(painter, shown[0], "sent meanwhile")
            painter.close()

    async with house_at(rules=THREE, works=False, reach=reach) as house:
        shown.append((await ask(house)).id)
        revision = await revise(house, "draw a dog")
        assert revision.view is not None
        assert revision.view.job.origin.address == "sent meanwhile"


async def test_a_picture_that_cannot_be_deleted_takes_nothing_back(house_at: HouseAt, tmp_path: Path) -> None:
    """Once the new job is committed it stands, whatever becomes of the old one's file."""
    replaced: list[Path] = []

    def reach(milestone: str) -> None:
        if milestone == after_commit(Change.REVISE):
            replaced[0].unlink()
            replaced[0].mkdir()  # what stands there now is no file that can be deleted

    async with house_at(rules=THREE, works=False, reach=reach) as house:
        old = await ask(house)
        replaced.append(house.files.picture(old.id))
        with capture_logs() as logs:
            revision = await revise(house, "draw a dog")
        assert revision.replaced == old.id
        assert [line["event"] for line in logs if line["log_level"] == "error"] == ["a file could not be deleted"]
        replaced[0].rmdir()
