"""How the bot stops, and what it finds when it starts again: nothing accepted is lost, and nobody pays for a stop."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bot.domain.job import CreditState, JobState
from bot.service.board import BoardClosed
from bot.store.milestones import Change, before_commit
from generation.errors import ErrorCode, RenderLost
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.house import House
from tests.loopback.scripted_renderer import MP4, ScriptedRenderer

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def test_a_stop_with_grace_lets_the_running_job_finish(house_at: HouseAt) -> None:
    """Within the grace the running render ends as always, its person is told, and what waits keeps waiting."""
    renderer = ScriptedRenderer()
    async with house_at(renderer=renderer, grace_s=10) as house:
        running, waiting = await house.ask("bob", "hold"), await house.ask("ann")
        await renderer.began(1)
        asyncio.get_running_loop().call_later(0.05, renderer.release)
    assert [answer.job.id for answer in house.channel.arrived] == [running.job.id]
    assert len(renderer.seen) == 1
    async with house_at(renderer=renderer) as house:
        job = await house.job(running.job.id)
        assert job is not None
        assert job.state is JobState.DELIVERED
        assert (await house.until(waiting.job.id)).state is JobState.DELIVERED


async def test_a_stop_without_grace_puts_the_running_job_back_at_no_cost(house_at: HouseAt) -> None:
    """Ten stops in the middle of a render cost no attempt, no credits and no place: in the end there is the video."""
    for _ in range(3):
        renderer = ScriptedRenderer()
        async with house_at(renderer=renderer) as house:
            mine = await house.services.jobs.latest(house.person("bob"), 1)
            view = mine[0] if mine else await house.ask("bob", "hold")
            await renderer.began(1)
        assert not any(house.files.video("x").parent.iterdir())
    renderer = ScriptedRenderer()
    renderer.release()
    async with house_at(renderer=renderer) as house:
        job = await house.until(view.job.id)
        assert (job.state, job.lost_renders, job.credits) == (JobState.DELIVERED, 0, CreditState.USED)
        assert await house.broken_promises() == []


async def test_a_hurried_stop_does_not_wait_for_the_grace(house_at: HouseAt) -> None:
    """A second signal ends the wait for a running render at once; its job goes back."""
    async with asyncio.timeout(10):
        async with house_at(grace_s=3_600) as house:
            view = await house.ask("bob", "hold")
            await house.renderer.began(1)
            house.lifecycle._hurry.set()
        async with house_at(works=False) as house:
            job = await house.job(view.job.id)
            assert job is not None
            assert (job.state, job.lost_renders) == (JobState.QUEUED, 0)


class ServerOfItsOwn(ScriptedRenderer):
    """A renderer whose server ends with the bot: a render under way is lost then."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = asyncio.Event()

    async def render(self, request: ImageToVideoRequest, **how: object) -> RenderedVideo:  # type: ignore[override]
        self.seen.append(request)
        async with self._began:
            self._began.notify_all()
        await self.closed.wait()
        raise RenderLost(ErrorCode.SERVER_DIED, exit_code=0)


@pytest.mark.parametrize("change", [Change.TOLD, Change.DELIVERED])
async def test_a_part_that_dies_ends_the_bot_and_costs_no_job_an_attempt(house_at: HouseAt, change: Change) -> None:
    """Where a part breaks, the bot says so and stops rather than go on without it; the running job is put back."""
    is_broken = [True]

    def reach(milestone: str) -> None:
        if is_broken and milestone == before_commit(change):
            raise ZeroDivisionError("a bug in the delivery")

    async with house_at(works=False) as house:
        first = await house.ask("ann", "refuse" if change is Change.TOLD else "draw")
    quick = ScriptedRenderer()
    async with house_at(renderer=quick, reach=reach) as house:
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(5):
                await house.lifecycle.failure()
        assert caught.group_contains(ZeroDivisionError)
        is_broken.clear()
    async with house_at() as house:
        assert (await house.until(first.job.id)).state in (JobState.FAILED, JobState.DELIVERED)
        await house.channel.called(1)


async def test_after_a_part_died_a_stop_alone_puts_the_running_job_back(house_at: HouseAt) -> None:
    """A stop without a word before it, as after a fault, ends the render first, so that nobody blames the job."""
    renderer = ServerOfItsOwn()
    async with house_at(renderer=renderer) as house:
        view = await house.ask("bob")
        await renderer.began(1)
        await house.lifecycle.stop()
        renderer.closed.set()
        await asyncio.sleep(0.01)
        job = await house.job(view.job.id)
        assert job is not None
        assert (job.state, job.lost_renders) == (JobState.QUEUED, 0)


async def test_a_part_that_ends_by_itself_is_a_fault_too(house: House) -> None:
    """A part must not end quietly either: whoever runs the bot is told which one did."""
    house.core.machinery.delivery.stop()
    with pytest.raises(RuntimeError, match="delivery ended by itself"):
        await house.lifecycle.failure()


async def test_what_a_crash_left_is_put_right_at_the_start(house_at: HouseAt) -> None:
    """Rows that still say running go back, at no cost; files that no row knows are deleted."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        await house.database.write(
            Change.CLAIM, lambda tx: tx.execute("UPDATE job SET state = 'running', started_ms = 1").rowcount
        )
        await house.database.write(Change.CLAIM, lambda tx: tx.execute("UPDATE person SET waiting = 0").rowcount)
        await house.database.write(
            Change.CLAIM, lambda tx: tx.execute("UPDATE queue SET waiting = 0, active = 0").rowcount
        )
        strays = [
            house.files.video(view.job.id),
            house.files.video("stray"),
            house.files.picture("stray"),
            house.files.picture("x").with_name(".half.png.part"),
        ]
        for stray in strays:
            stray.write_bytes(b"left behind")
        assert await house.broken_promises() == []
        await house.lifecycle.start()
        job = await house.until(view.job.id)
        assert (job.state, job.lost_renders) == (JobState.DELIVERED, 0)
        assert house.files.video(view.job.id).read_bytes() == MP4
        assert not any(stray.exists() for stray in strays[1:])
        assert house.files.picture(view.job.id).exists()


async def test_a_stop_sends_every_reader_away(house_at: HouseAt) -> None:
    """Who waits for changes is told that there will be none."""
    async with house_at() as house:
        with house.services.board.subscribe(None) as changes:
            async with asyncio.timeout(5):
                await house.lifecycle.stop()
                with pytest.raises(BoardClosed):
                    await changes.changed()
