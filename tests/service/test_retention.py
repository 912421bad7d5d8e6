"""Retention: files stay as long as the settings say, and under a cap."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from bot.domain.job import JobState
from bot.domain.refusals import RefusalCode
from bot.service.delivery import TryLater
from bot.service.retention import KeepRules
from tests.loopback.expect import expect_refusal
from tests.loopback.house import GENEROUS, ORIGIN, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
DAY_S = 86_400


async def delivered(house: House) -> str:
    """Have a video made, and a second go by."""
    view = await house.ask("bob")
    await house.until(view.job.id, JobState.DELIVERED)
    house.clock.move(1)
    return view.job.id


def kept(house: House) -> tuple[set[str], set[str]]:
    """Return of which jobs there are pictures and videos."""
    pictures, videos = house.files.picture("x").parent, house.files.video("x").parent
    return {path.stem for path in pictures.iterdir()}, {path.stem for path in videos.iterdir()}


async def test_files_go_at_their_age(house_at: HouseAt) -> None:
    """Pictures go after their days and videos after theirs, counted from the end of the job; the row stays."""
    async with house_at(rules=replace(GENEROUS, keep=KeepRules(1, 2, 0))) as house:
        old = await delivered(house)
        house.clock.move(DAY_S)
        young = await delivered(house)
        await house.core.machinery.retention.expire()
        assert kept(house) == ({young}, {old, young})
        with expect_refusal(RefusalCode.PICTURE_GONE):
            await house.services.intake.again(house.person("bob"), ORIGIN, old, {})
        house.clock.move(DAY_S)
        await house.core.machinery.retention.expire()
        assert kept(house) == (set(), {young})
        with expect_refusal(RefusalCode.VIDEO_GONE):
            await house.services.jobs.video(house.person("bob"), old)
        with expect_refusal(RefusalCode.PICTURE_GONE):
            await house.services.jobs.picture(house.person("bob"), old)
        assert (await house.services.jobs.get(house.person("bob"), old)).job.state is JobState.DELIVERED


async def test_above_the_cap_the_oldest_go_and_not_one_more(house_at: HouseAt) -> None:
    """With room for two of five, the two that ended last stay."""
    async with house_at() as house:
        ids = [await delivered(house) for _ in range(5)]
        each_bytes = house.files.used_bytes() // 5
    async with house_at(rules=replace(GENEROUS, keep=KeepRules(30, 30, 2 * each_bytes)), works=False) as house:
        await house.core.machinery.retention.expire()
        assert kept(house) == (set(ids[3:]), set(ids[3:]))
        await house.core.machinery.retention.expire()
        assert kept(house) == (set(ids[3:]), set(ids[3:]))


async def test_what_is_under_way_is_not_touched(house_at: HouseAt) -> None:
    """Neither age nor cap takes the files of a job that waits, runs or is being delivered."""
    async with house_at(rules=replace(GENEROUS, keep=KeepRules(0, 0, 1))) as house:
        house.channel.next_errors.append(TryLater())
        rendered = await house.until((await house.ask("bob")).job.id, JobState.RENDERED)
        running, waiting = await house.ask("bob", "hold"), await house.ask("bob")
        await house.renderer.began(2)
        house.clock.move(1_000 * DAY_S)
        await house.core.machinery.retention.expire()
        assert kept(house) == ({rendered.id, running.job.id, waiting.job.id}, {rendered.id})
        house.renderer.release()
        assert (await house.until(waiting.job.id)).state is JobState.DELIVERED


async def test_a_file_that_is_gone_already_is_no_trouble(house_at: HouseAt) -> None:
    """What somebody has deleted by hand is written off, and the rest follows."""
    async with house_at(rules=replace(GENEROUS, keep=KeepRules(1, 1, 0))) as house:
        first, second = await delivered(house), await delivered(house)
        house.files.delete_video(first)
        house.files.delete_pictures(second)
        house.clock.move(2 * DAY_S)
        await house.core.machinery.retention.expire()
        assert kept(house) == (set(), set())


async def test_a_strays_sweep_leaves_what_rows_know(house_at: HouseAt) -> None:
    """At the start only files without a row go; those of old and waiting jobs stay."""
    async with house_at() as house:
        old = await delivered(house)
    async with house_at(works=False) as house:
        waiting = await house.ask("bob")
        house.files.video("stray").write_bytes(b"x")
        await house.core.machinery.retention.sweep()
        assert kept(house) == ({old, waiting.job.id}, {old})
