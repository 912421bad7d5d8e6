"""From what a person sent to an accepted job, or one clear no that leaves nothing behind."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.credits import Limit
from bot.domain.job import JobState, Origin
from bot.domain.refusals import RefusalCode, Refused
from bot.service.limits import QueueLimits
from bot.service.quotas import QuotaLimits
from bot.service.views import IncomingRequest, JobView
from bot.store import queue_order
from bot.store.milestones import Change, before_commit
from generation.errors import ErrorCode
from tests.loopback.expect import eventually, expect_refusal
from tests.loopback.house import ADMIN, GENEROUS, ORIGIN, PATIENCE_S, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def ask_with(
    house: House, name: str, picture: bytes, options: Mapping[str, str] | None = None, end: bytes | None = None
) -> JobView:
    request = IncomingRequest(picture, "draw", options, end_picture=end)
    return await house.services.intake.submit(house.person(name), ORIGIN, request)


async def held_mcr(house: House) -> int:
    """Return all credits that are set aside, of everybody."""
    return await house.database.read(
        lambda tx: int(tx.execute("SELECT coalesce(sum(held), 0) FROM account").fetchone()[0])
    )


async def kept(house: House) -> tuple[set[str], set[str], int]:
    """Return whose pictures are on disk, whose rows are there, and what is held."""
    pictures = {path.stem for path in house.files.picture("x").parent.iterdir()}
    rows = await house.database.read(lambda tx: {row[0] for row in tx.execute("SELECT id FROM job")})
    return pictures, rows, await held_mcr(house)


async def test_the_first_reason_is_told_and_nothing_is_left(house_at: HouseAt) -> None:
    """Ban, rate, own queue, whole queue, option, size, picture, price: the earlier reason wins, and leaves no trace."""
    rules = replace(GENEROUS, queue=QueueLimits(1, 2, 1, 0), quota=QuotaLimits(Limit(1_000, 0)), max_picture_bytes=10)
    async with house_at(rules=rules, works=False) as house:
        mine = await house.ask("bob")
        anns = await house.ask("ann")
        await house.admin("ban", person="scripted:bob", reason="spam")
        traces = await kept(house)

        async def refuses(code: RefusalCode | ErrorCode, picture: bytes, **options: str) -> str:
            with expect_refusal(code) as refusal:
                await ask_with(house, "bob", picture, options)
            assert await kept(house) == traces
            return refusal.text

        bad = b"broken, and large"
        assert "spam" in await refuses(RefusalCode.BANNED, bad, spede="1")
        await house.admin("unban", person="scripted:bob")
        assert "in 60 s" in await refuses(RefusalCode.TOO_FAST, bad, spede="1")
        house.clock.move(60)
        assert "You have 1 job waiting already" in await refuses(RefusalCode.TOO_MANY_WAITING, bad, spede="1")
        await house.services.jobs.cancel(house.person("bob"), mine.job.id)
        await house.admin("grant", person="scripted:bob", credits="-1")
        await house.ask("zoe")
        traces = await kept(house)
        house.clock.move(60)
        await refuses(RefusalCode.QUEUE_FULL, bad, spede="1")
        await house.services.jobs.cancel(house.person("ann"), anns.job.id)
        traces = await kept(house)
        house.clock.move(60)
        await refuses(ErrorCode.UNKNOWN_OPTION, bad, spede="1")
        house.clock.move(60)
        await refuses(ErrorCode.PICTURE_TOO_MANY_BYTES, bad)
        house.clock.move(60)
        await refuses(ErrorCode.PICTURE_BROKEN, b"broken")
        house.clock.move(60)
        assert "costs 1, and 0 are left" in await refuses(RefusalCode.NO_CREDITS, b"good")
        await house.admin("grant", person="scripted:bob", credits="1")
        house.clock.move(60)
        await ask_with(house, "bob", b"good")
        assert await house.broken_promises() == []


async def test_no_picture_is_decoded_for_somebody_who_is_refused(house_at: HouseAt) -> None:
    """Whoever may not ask costs no work: their picture is not even opened."""
    rules = replace(GENEROUS, queue=QueueLimits(1, 10, 100, 0))
    async with house_at(rules=rules, works=False) as house:
        await house.ask("bob")
        for _ in range(3):
            with expect_refusal(RefusalCode.TOO_MANY_WAITING):
                await house.ask("bob")
        assert house.decoder.decoded == 1


async def test_a_nearly_full_disk_takes_nothing_new(house_at: HouseAt) -> None:
    """With less free disk than the settings ask for, everybody is refused before anything is written."""
    rules = replace(GENEROUS, queue=replace(GENEROUS.queue, min_free_bytes=10**18))
    async with house_at(rules=rules, works=False) as house:
        with expect_refusal(RefusalCode.DISK_NEARLY_FULL):
            await house.ask("bob")
        assert await kept(house) == (set(), set(), 0)


async def test_without_a_word_the_picture_still_moves(house: House) -> None:
    """An empty prompt is a request like any other: the engine's own motion is made."""
    view = await house.ask("bob", "   ")
    assert (await house.until(view.job.id)).state is JobState.DELIVERED
    assert house.renderer.seen[0].prompt == ""


async def test_a_huge_prompt_is_refused_with_its_length(house: House) -> None:
    """A prompt of 100 kB is refused with one sentence that says how much is read."""
    with expect_refusal(ErrorCode.TEXT_TOO_LONG) as refusal:
        await house.ask("bob", "w" * 100_000)
    assert "100000 characters" in refusal.text
    assert len(refusal.text) < 200
    assert await kept(house) == (set(), set(), 0)


async def test_half_a_character_is_refused(house: House) -> None:
    """A lone surrogate, which no database can store, is refused in words like every other bad text."""
    with expect_refusal(ErrorCode.TEXT_HAS_CONTROL_CHARACTERS):
        await house.ask("bob", "a \ud800 b")


async def test_what_the_engine_cannot_do_is_refused_before_the_picture_is_opened(house: House) -> None:
    """An option beyond the running engine is told at once, by its name."""
    with expect_refusal(ErrorCode.NOT_SUPPORTED) as refusal:
        await house.ask("bob", negative="blur")
    assert "negative prompt" in refusal.text
    assert house.decoder.decoded == 0


async def test_an_end_picture_is_checked_and_kept_like_the_first(house: House) -> None:
    """A broken end picture refuses the request, a good one reaches the renderer."""
    with expect_refusal(ErrorCode.PICTURE_BROKEN):
        await ask_with(house, "bob", b"good", end=b"broken")
    assert await kept(house) == (set(), set(), 0)
    view = await ask_with(house, "bob", b"good", end=b"good too")
    await house.until(view.job.id)
    assert house.renderer.seen[0].end_picture is not None


async def test_the_same_update_is_the_same_job(house_at: HouseAt) -> None:
    """A key that comes again, at once or twenty times in the same moment, is one job, one price and one picture."""
    async with house_at(works=False) as house:
        views = await asyncio.gather(*(house.ask("bob", key="update-7") for _ in range(20)))
        views.append(await house.ask("bob", key="update-7"))
        assert len({view.job.id for view in views}) == 1
        mine = views[0].job.id
        assert await kept(house) == ({mine}, {mine}, 1_000)
        other = await house.ask("ann", key="update-7")
        assert other.job.id != mine
        assert await house.broken_promises() == []


async def test_a_known_update_is_answered_whatever_has_become_of_its_sender(house_at: HouseAt) -> None:
    """What was accepted is shown again by its key, also to somebody who may ask no more."""
    async with house_at(works=False) as house:
        view = await house.ask("bob", key="update-7")
        await house.admin("ban", person="scripted:bob", reason="spam")
        assert (await house.ask("bob", key="update-7")).job.id == view.job.id


async def test_whoever_goes_away_in_the_middle_leaves_a_whole_job_or_nothing(house_at: HouseAt) -> None:
    """A caller may vanish at any moment of the asking: files, row and credits always agree."""
    async with house_at(works=False) as house:
        accepted = 0
        for turns in range(60):
            asking = asyncio.create_task(house.ask(f"p{turns}"))
            for _ in range(turns):
                await asyncio.sleep(0.0002 if turns % 2 else 0)
            asking.cancel()
            await asyncio.wait((asking,))
            accepted += not asking.cancelled()
        await house.core.machinery.intake.settle()
        pictures, rows, held = await kept(house)
        assert pictures == rows
        assert held == 1_000 * len(rows)
        assert len(house.core.machinery.queue._waiting) == len(rows)
        assert accepted <= len(rows)
        assert await house.broken_promises() == []


async def test_a_failing_commit_leaves_nothing(house_at: HouseAt) -> None:
    """Where the row cannot be written, its picture does not stay either."""
    failures = [OSError("the disk is gone")]

    def reach(milestone: str) -> None:
        if milestone == before_commit(Change.ACCEPT) and failures:
            raise failures.pop()

    async with house_at(works=False, reach=reach) as house:
        with pytest.raises(OSError, match="the disk is gone"):
            await house.ask("bob")
        assert not failures
        assert await kept(house) == (set(), set(), 0)
        assert (await house.ask("bob")).ahead == 0


async def test_again_has_the_picture_and_another_seed(house: House) -> None:
    """Once more is a new job with the same picture and options, another seed, and what the person changed."""
    first = await house.ask("bob", "draw one", camera="pan-left", seconds="2")
    await house.until(first.job.id)
    second = await house.services.intake.again(house.person("bob"), ORIGIN, first.job.id, {"prompt": "draw two"})
    job = await house.until(second.job.id)
    assert job.state is JobState.DELIVERED
    assert (job.prompt, job.options["camera"], job.frames) == ("draw two", "pan-left", first.job.frames)
    assert job.seed != first.job.seed
    assert house.files.picture(job.id).read_bytes() == house.files.picture(first.job.id).read_bytes()


async def test_again_is_only_for_ones_own(house: House) -> None:
    """Somebody else's job does not exist for anybody else, be it an admin."""
    view = await house.ask("bob")
    for stranger in (house.person("eve"), ADMIN):
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await house.services.intake.again(stranger, ORIGIN, view.job.id, {})
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await house.services.intake.again(house.person("bob"), ORIGIN, "no such job", {})


async def test_again_keeps_to_the_limits(house_at: HouseAt) -> None:
    """A button costs a request and credits like a message does, and tapped twice by one update it is one job."""
    rules = replace(GENEROUS, queue=replace(GENEROUS.queue, requests_per_minute=3), quota=QuotaLimits(Limit(2_000, 0)))
    async with house_at(rules=rules, works=False) as house:
        view = await house.ask("bob")
        again = house.services.intake.again
        twice = await asyncio.gather(*(again(house.person("bob"), ORIGIN, view.job.id, {}, "tap-1") for _ in range(2)))
        assert twice[0].job.id == twice[1].job.id
        house.clock.move(60)
        for tap in range(3):
            with expect_refusal(RefusalCode.NO_CREDITS):
                await again(house.person("bob"), ORIGIN, view.job.id, {}, f"another tap {tap}")
        with expect_refusal(RefusalCode.TOO_FAST):
            await again(house.person("bob"), ORIGIN, view.job.id, {}, "one tap too many")
        assert len(await house.database.read(lambda tx: queue_order.places(tx))) == 2


async def test_again_on_a_picture_that_is_gone_says_so(house: House) -> None:
    """Where the picture was deleted meanwhile, the person is asked to send it again, and nothing is held."""
    view = await house.ask("bob")
    await house.until(view.job.id)
    house.files.delete_pictures(view.job.id)
    with expect_refusal(RefusalCode.PICTURE_GONE) as refusal:
        await house.services.intake.again(house.person("bob"), ORIGIN, view.job.id, {})
    assert refusal.text == "The picture is not kept any more. Please send it again."
    assert await held_mcr(house) == 0


async def test_ids_cannot_be_guessed(house_at: HouseAt) -> None:
    """An id is twenty hexadecimal digits of chance: it fits a file name, a link and a button."""
    async with house_at(works=False) as house:
        ids = [(await house.ask("bob")).job.id for _ in range(5)]
        assert all(len(one) == 20 and int(one, 16) for one in ids)
        assert len(set(ids)) == 5


async def test_a_stopping_bot_takes_nothing(house_at: HouseAt) -> None:
    """From the first moment of a stop everybody is told to come back in a few minutes."""
    async with house_at(works=False) as house:
        await house.lifecycle.finish_work(0)
        with expect_refusal(RefusalCode.STOPPING):
            await house.ask("bob")


def test_a_refusal_names_its_facts() -> None:
    """In a log a refusal is its code and its values."""
    assert str(Refused(RefusalCode.QUEUE_FULL, waiting=3, highest=3)) == "queue_full(waiting=3, highest=3)"


async def test_whoever_sees_a_message_may_use_its_picture_again(house_at: HouseAt) -> None:
    """Somebody else's job is made once more at one's own cost, under one's own key; unseen it does not exist."""
    async with house_at(works=False, rules=replace(GENEROUS, quota=QuotaLimits(Limit(2_000, 0)))) as house:
        old = await house.ask("bob", "draw one", camera="pan-left", seed="5")
        ann, again = house.person("ann"), house.services.intake.again
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await again(ann, ORIGIN, old.job.id, {})
        origin = replace(ORIGIN, address="ann's message")
        new = await again(ann, origin, old.job.id, {"prompt": "draw two"}, "tap", seen=True)
        assert (await again(ann, origin, old.job.id, {}, "tap", seen=True)).job.id == new.job.id
        assert (new.job.requester, new.job.origin) == (ann, origin)
        assert (new.job.prompt, new.job.options["camera"]) == ("draw two", "pan-left")
        assert new.job.seed != 5
        kept_seed = await again(ann, ORIGIN, old.job.id, {"seed": "5"}, seen=True)
        assert kept_seed.job.seed == 5
        with expect_refusal(RefusalCode.NO_CREDITS):
            await again(ann, ORIGIN, old.job.id, {}, seen=True)
        assert (await house.services.quotas.view("scripted:bob")).left_mcr == 1_000
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await again(ann, ORIGIN, "no such job", {}, seen=True)


async def test_only_some_pictures_are_fetched_at_once(house: House) -> None:
    """However many ask in the same moment, few of their pictures are in memory."""
    at_once, most, go = 0, 0, asyncio.Event()

    async def fetch() -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await go.wait()
        at_once -= 1
        return b"a picture"

    async with asyncio.TaskGroup() as asking:
        for number in range(40):
            request = IncomingRequest(fetch, "draw")
            asking.create_task(house.services.intake.submit(house.person(f"p{number}"), ORIGIN, request))
        for _ in range(200):  # as often as the others need to come as far, and more
            await house.database.read(lambda _: None)
        go.set()
    assert 1 < most <= 8


async def test_a_slow_platform_keeps_nobody_elses_picture_waiting(house: House) -> None:
    """While as many pictures of one platform as may be are on their way, the page and other platforms go on."""
    slow, others = Origin("slow"), (ORIGIN, Origin("another"))
    go, begun = asyncio.Event(), 0

    async def crawl() -> bytes:
        nonlocal begun
        begun += 1
        await go.wait()
        return b"a picture"

    async def come_at_once() -> bytes:
        return b"a picture"

    submit = house.services.intake.submit
    async with asyncio.TaskGroup() as asking:
        for number in range(20):
            asking.create_task(submit(house.person(f"p{number}"), slow, IncomingRequest(crawl, "draw")))
        await eventually(lambda: begun == 8)
        async with asyncio.timeout(PATIENCE_S):
            for origin in others:
                await submit(house.person("bob"), origin, IncomingRequest(come_at_once, "draw"))
            await house.ask("bob")
        assert begun == 8
        go.set()
