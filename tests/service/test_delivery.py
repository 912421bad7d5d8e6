"""How people are told of the ends of their jobs: once, in the end, and whatever happens on the way."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.job import CreditState, Job, JobState, Origin
from bot.domain.refusals import FailureCode
from bot.service.delivery import Answer, GoneForGood, TryLater
from bot.service.delivery_times import send_limit_s
from bot.service.views import IncomingRequest
from bot.store.milestones import FileMoment
from tests.loopback.expect import eventually
from tests.loopback.house import GENEROUS, House
from tests.loopback.scripted_channel import ScriptedChannel

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
DAY_S = 86_400.0


@dataclass(frozen=True)
class Due:
    """A row of the outbox."""

    attempts: int
    wait_s: float
    in_doubt: bool


async def due(house: House, job: Job) -> Due | None:
    now_ms = house.clock.now_ms()
    row = await house.database.read(lambda tx: tx.execute("SELECT * FROM outbox WHERE job = ?", (job.id,)).fetchone())
    return None if row is None else Due(row["attempts"], (row["not_before_ms"] - now_ms) / 1000, bool(row["in_doubt"]))


async def postponed(house: House, job: Job, attempts: int) -> Due:
    """Wait until a try has been written down as postponed."""
    rows: list[Due] = []

    async def is_postponed() -> bool:
        row = await due(house, job)
        rows[:] = [] if row is None or row.attempts != attempts else [row]
        return bool(rows)

    await eventually(is_postponed)
    return rows[0]


async def told_to_wait(house: House, job: Job) -> Due:
    """Wait until a try has been written down which the platform has put off."""
    rows: list[Due] = []

    async def is_put_off() -> bool:
        row = await due(house, job)
        rows[:] = [] if row is None or row.wait_s <= 0 else [row]
        return bool(rows)

    await eventually(is_put_off)
    return rows[0]


async def rendered(house: House, name: str = "bob") -> Job:
    return await house.until((await house.ask(name)).job.id, JobState.RENDERED)


async def try_again(house: House, seconds: float) -> None:
    """Let time pass, and have the delivery look."""
    house.clock.move(seconds)
    house.core.machinery.delivery.wake()


async def test_later_is_tried_later_and_later(house: House) -> None:
    """A platform that cannot take it is tried after 5 s, 30 s, 2 min and 10 min, each up to a fifth more."""
    house.channel.next_errors.extend(TryLater() for _ in range(5))
    job = await rendered(house)
    for attempts, backoff_s in enumerate((5, 30, 120, 600, 600), start=1):
        row = await postponed(house, job, attempts)
        assert backoff_s <= row.wait_s <= backoff_s * 1.2 + 0.001
        assert not row.in_doubt
        await try_again(house, row.wait_s)
    assert (await house.until(job.id, JobState.DELIVERED)).credits is CreditState.USED
    assert [answer.attempts for answer in house.channel.calls] == [0, 1, 2, 3, 4, 5]
    assert await due(house, job) is None


async def test_two_that_wait_do_not_come_back_in_step(house_at: HouseAt) -> None:
    """The waits are spread by chance, so that what failed together does not knock together."""
    channel = ScriptedChannel()
    channel.next_errors.extend(TryLater() for _ in range(8))
    async with house_at(channel=channel) as house:
        jobs = [await rendered(house) for _ in range(8)]
        waits = {(await postponed(house, job, 1)).wait_s for job in jobs}
        assert len(waits) > 1


async def test_a_platform_that_says_when_is_not_tried_before(house: House) -> None:
    """The wait that a platform asks for is kept, and never shortened to our own."""
    house.channel.next_errors.append(TryLater(90.0))
    job = await rendered(house)
    row = await told_to_wait(house, job)
    assert 90 <= row.wait_s <= 108.001
    await try_again(house, 89)
    await house.until((await house.ask("ann")).job.id)  # the delivery has looked since
    assert [answer.job.id for answer in house.channel.calls].count(job.id) == 1


async def test_being_told_to_wait_is_no_failure(house: House) -> None:
    """However often a platform says when to come again, it is asked just then; patience is kept for failures."""
    house.channel.next_errors.extend([*(TryLater(2.0) for _ in range(5)), TryLater()])
    job = await rendered(house)
    for calls in range(1, 6):
        await house.channel.called(calls)
        row = await told_to_wait(house, job)
        assert 2 <= row.wait_s <= 2.4 + 0.001
        assert row.attempts == 0
        await try_again(house, row.wait_s)
    assert 5 <= (await postponed(house, job, 1)).wait_s <= 6.001


async def test_a_doubt_is_passed_on_until_it_is_settled(house: House) -> None:
    """After a try without an answer, every further one is told that the answer may be there already."""
    house.channel.next_errors.extend([TryLater(may_have_arrived=True), TryLater()])
    job = await rendered(house)
    await try_again(house, (await postponed(house, job, 1)).wait_s)
    row = await postponed(house, job, 2)
    assert row.in_doubt
    await try_again(house, row.wait_s)
    await house.until(job.id, JobState.DELIVERED)
    assert [answer.in_doubt for answer in house.channel.calls] == [False, True, True]


async def test_a_platform_that_refuses_for_good_is_not_asked_again(house: House) -> None:
    """A person who blocked the bot has used the credits, and the admins read why nothing arrived."""
    house.channel.next_errors.append(GoneForGood("bot was blocked"))
    job = await house.until((await house.ask("bob")).job.id)
    assert (job.state, job.credits) == (JobState.UNDELIVERABLE, CreditState.USED)
    board = await house.services.admin.overview(house.person("admin"))
    assert board.notices[0]["message"] == f"The video of job {job.id} could not be delivered: bot was blocked."
    assert await due(house, job) is None
    assert await house.services.jobs.video(house.person("bob"), job.id)
    assert await house.broken_promises() == []


async def test_a_refusal_without_a_reason_is_still_a_sentence(house: House) -> None:
    """Where a platform gives no reason, the admins read a whole sentence all the same."""
    house.channel.next_errors.append(GoneForGood())
    job = await house.until((await house.ask("bob")).job.id)
    board = await house.services.admin.overview(house.person("admin"))
    assert board.notices[0]["message"] == f"The video of job {job.id} could not be delivered: no reason was given."


async def test_a_failure_that_cannot_be_told_is_let_be(house: House) -> None:
    """Whoever cannot be reached is not told of a failure either, and keeps the credits that came back."""
    house.channel.next_errors.append(GoneForGood("kicked"))
    job = await house.until((await house.ask("bob", "refuse")).job.id)

    async def is_dropped() -> bool:
        return await due(house, job) is None

    await eventually(is_dropped)
    after = await house.job(job.id)
    assert after is not None
    assert (after.state, after.credits) == (JobState.FAILED, CreditState.RETURNED)
    assert await house.broken_promises() == []


async def test_it_is_given_up_after_the_time(house_at: HouseAt) -> None:
    """What could not be delivered for as long as the settings say is undeliverable, and the admins read it."""
    async with house_at(rules=replace(GENEROUS, give_up_after_s=60)) as house:
        house.channel.next_errors.extend(TryLater() for _ in range(2))
        job = await rendered(house)
        await postponed(house, job, 1)
        await try_again(house, 61)
        job = await house.until(job.id)
        assert job.state is JobState.UNDELIVERABLE
        board = await house.services.admin.overview(house.person("admin"))
        assert "tried for too long" in str(board.notices[0]["message"])


async def test_a_channel_hears_that_a_try_is_the_last(house_at: HouseAt) -> None:
    """The channel is told which try is the last, so that it can say where the video was expected that none comes."""
    async with house_at(rules=replace(GENEROUS, give_up_after_s=60)) as house:
        house.channel.next_errors.extend(TryLater() for _ in range(3))
        job = await rendered(house)
        await try_again(house, (await postponed(house, job, 1)).wait_s)
        await postponed(house, job, 2)
        await try_again(house, 61)
        await house.until(job.id)
        assert [answer.is_last for answer in house.channel.calls] == [False, False, True]


@pytest.mark.parametrize(("megabytes", "least_s"), [(0, 120), (10, 300), (50, 2 * 400)])
def test_a_large_file_may_be_long_on_its_way(tmp_path: Path, megabytes: int, least_s: float) -> None:
    """Fifty megabytes get through a line of one megabit a second, also where they have to be sent twice."""
    video = tmp_path / "video.mp4"
    with video.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    assert least_s <= send_limit_s(video) <= 3_600
    assert send_limit_s(None) == send_limit_s(tmp_path / "gone.mp4") >= 120


async def test_time_without_the_bot_is_no_time_of_trying(house_at: HouseAt) -> None:
    """After two days off, a platform that is not there in the first second does not cost the video."""
    channel = ScriptedChannel()
    channel.next_errors.append(TryLater())
    async with house_at(channel=channel) as house:
        job = await rendered(house)
        await postponed(house, job, 1)
        clock = house.clock
    clock.move(2 * DAY_S)
    channel.next_errors.append(TryLater())
    async with house_at(channel=channel, clock=clock) as house:
        row = await postponed(house, job, 2)
        await try_again(house, row.wait_s)
        assert (await house.until(job.id, JobState.DELIVERED)).state is JobState.DELIVERED


async def test_a_channel_that_is_switched_off_is_waited_for(house_at: HouseAt) -> None:
    """An answer for a channel that this bot does not run waits until one of that name is there again."""
    async with house_at(channel=ScriptedChannel("another")) as house:
        job = await rendered(house)
        assert not (await postponed(house, job, 1)).in_doubt
    async with house_at() as house:
        assert (await house.until(job.id, JobState.DELIVERED)).state is JobState.DELIVERED


async def test_a_bug_in_a_channel_stops_nobody_else(house: House) -> None:
    """An adapter that breaks over one answer is asked again later, in doubt; other answers go through meanwhile."""
    house.channel.next_errors.append(ZeroDivisionError("a bug of the adapter"))
    job = await rendered(house)
    row = await postponed(house, job, 1)
    assert row.in_doubt
    assert (await house.until((await house.ask("ann")).job.id, JobState.DELIVERED)).state is JobState.DELIVERED
    await try_again(house, row.wait_s)
    assert (await house.until(job.id, JobState.DELIVERED)).state is JobState.DELIVERED


async def test_a_video_that_is_gone_is_a_failure_with_the_credits_back(house: House) -> None:
    """Where the file has vanished before it was delivered, the person is told so and pays nothing."""
    house.channel.next_errors.append(TryLater())
    job = await rendered(house)
    row = await postponed(house, job, 1)
    house.files.delete_video(job.id)
    await try_again(house, row.wait_s)
    ended = await house.until(job.id)
    await house.channel.called(2)
    assert (ended.state, ended.credits) == (JobState.FAILED, CreditState.RETURNED)
    assert ended.failure is not None
    assert ended.failure.code == FailureCode.VIDEO_LOST
    [told] = house.channel.arrived
    assert (told.job.state, told.video) == (JobState.FAILED, None)
    board = await house.services.admin.overview(house.person("admin"))
    assert board.notices[0]["message"] == f"The video of job {job.id} was gone before it was delivered."


async def test_after_a_restart_everything_is_tried_at_once_and_in_doubt(house_at: HouseAt) -> None:
    """Nobody knows how long the bot was away, nor whether its last message arrived: everything is due again."""
    channel = ScriptedChannel()
    channel.next_errors.extend([TryLater(3_600), TryLater(3_600)])
    async with house_at(channel=channel) as house:
        jobs = [await rendered(house) for _ in range(2)]
        for job in jobs:
            await told_to_wait(house, job)
    async with house_at(channel=channel) as house:
        for job in jobs:
            await house.until(job.id, JobState.DELIVERED)
    assert [answer.in_doubt for answer in channel.calls] == [False, False, True, True]


class SlowChannel(ScriptedChannel):
    """Takes an answer only when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()

    async def deliver(self, answer: Answer) -> None:
        await super().deliver(answer)
        await self.may_end.wait()


@pytest.mark.parametrize("prompt", ["draw", "refuse"])
async def test_one_end_is_told_once_however_slow_a_look_is(house_at: HouseAt, prompt: str) -> None:
    """A look into the outbox that began before an answer arrived, and ends after it, sends nothing a second time."""
    channel = SlowChannel()
    async with house_at(channel=channel) as house:
        view = await house.ask("bob", prompt)
        await channel.called(1)
        looked, told, reader = threading.Event(), threading.Event(), house.database._reader

        def trace(statement: str) -> None:
            if statement == "ROLLBACK" and not looked.is_set():  # what was read is about to be handed over
                looked.set()
                told.wait(5)

        reader.set_trace_callback(trace)
        house.core.machinery.delivery.wake()
        await asyncio.to_thread(looked.wait, 5)
        channel.may_end.set()
        await eventually(lambda: not house.core.machinery.delivery._under_way)
        told.set()
        await house.until((await house.ask("ann")).job.id, JobState.DELIVERED)
        reader.set_trace_callback(None)
        assert [answer.job.id for answer in channel.calls].count(view.job.id) == 1


async def test_many_answers_go_out_side_by_side(house_at: HouseAt) -> None:
    """One slow answer holds up no other: up to sixteen are on their way at once, and the rest follows."""
    channel = SlowChannel()
    async with house_at(channel=channel) as house:
        views = [await house.ask("bob") for _ in range(20)]
        await channel.called(16)
        for view in views:
            await house.until(view.job.id, JobState.RENDERED, JobState.DELIVERED)
        assert len(channel.calls) == 16
        channel.may_end.set()
        for view in views:
            await house.until(view.job.id, JobState.DELIVERED)
        assert len(channel.calls) == 20


async def test_somebody_forgotten_is_not_told(house: House) -> None:
    """An answer that waits for its next try is dropped with everything else of a forgotten person."""
    house.channel.next_errors.append(TryLater())
    job = await rendered(house)
    row = await postponed(house, job, 1)
    await house.services.privacy.forget(house.person("bob"))
    await try_again(house, row.wait_s)
    await house.until((await house.ask("ann")).job.id, JobState.DELIVERED)
    assert [answer.job.requester.user for answer in house.channel.calls] == ["bob", "ann"]


async def test_whoever_is_forgotten_while_the_video_is_sent_breaks_nothing(house_at: HouseAt) -> None:
    """Being forgotten in the middle of the sending ends in nothing stored, and the delivery goes on."""
    channel = SlowChannel()
    async with house_at(channel=channel) as house:
        view = await house.ask("bob")
        await channel.called(1)
        await house.services.privacy.forget(house.person("bob"))
        channel.may_end.set()
        await house.until((await house.ask("ann")).job.id, JobState.DELIVERED)
        assert await house.job(view.job.id) is None
        assert await house.broken_promises() == []


async def test_each_answer_goes_where_its_request_came_from(house: House) -> None:
    """The channel gets back the very address that it gave."""
    origin = Origin("scripted", "scripted:place", "message 7 of chat 9")
    view = await house.services.intake.submit(house.person("bob"), origin, IncomingRequest(b"a picture"))
    await house.until(view.job.id, JobState.DELIVERED)
    assert house.channel.arrived[0].job.origin == origin


async def test_the_moment_after_the_sending_has_a_name(house_at: HouseAt) -> None:
    """Between the platform's yes and our row there is a moment that a test can stop at."""
    reached: list[str] = []
    async with house_at(reach=reached.append) as house:
        await house.until((await house.ask("bob")).job.id, JobState.DELIVERED)
    assert FileMoment.SENT in reached


async def test_a_channel_that_is_back_is_tried_at_once(house: House) -> None:
    """What waits for a channel is brought as soon as that can be reached again, however long the pause was to be."""
    house.channel.next_errors.extend([TryLater(), TryLater(), TryLater()])
    job = await rendered(house)
    for attempts in (1, 2, 3):
        await postponed(house, job, attempts)
        if attempts < 3:
            await try_again(house, 200)
    await house.services.channel_is_back("another")
    assert await due(house, job) is not None
    await house.services.channel_is_back(house.channel.name)
    assert (await house.until(job.id)).state is JobState.DELIVERED


async def test_a_pause_that_the_platform_has_asked_for_is_kept(house: House) -> None:
    """A platform that has said when to come again is not asked before, also when it was gone meanwhile."""
    house.channel.next_errors.append(TryLater(60.0))
    job = await rendered(house)
    before = await told_to_wait(house, job)
    await house.services.channel_is_back(house.channel.name)
    assert await due(house, job) == before
    await try_again(house, 80)
    assert (await house.until(job.id)).state is JobState.DELIVERED
