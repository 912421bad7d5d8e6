"""Who may ask now: bans, the rate, and how many may wait."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.refusals import RefusalCode
from bot.service.limits import QueueLimits, RateLimit
from tests.loopback.expect import expect_refusal
from tests.loopback.house import GENEROUS, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def test_a_ban_names_its_reason_and_its_last_day(house_at: HouseAt) -> None:
    """Somebody who is banned reads why and until when; a ban for good names no day; a ban that is over is none."""
    async with house_at(works=False) as house:
        await house.admin("ban", person="scripted:bob", reason="too loud", days="2")
        with expect_refusal(RefusalCode.BANNED) as refusal:
            await house.ask("bob")
        assert refusal.text == "You may not ask for videos until 2027-01-17. Reason: too loud"
        house.clock.move(2 * 86_400)
        await house.ask("bob")
        await house.admin("ban", person="scripted:bob", reason="again")
        with expect_refusal(RefusalCode.BANNED) as refusal:
            await house.ask("bob")
        assert refusal.text == "You may not ask for videos. Reason: again"


async def test_the_longest_ban_has_a_day_too(house_at: HouseAt) -> None:
    """A ban for as many days as an admin can give is told in a sentence like any other."""
    async with house_at(works=False) as house:
        with expect_refusal(RefusalCode.BAD_ARGUMENT):
            await house.admin("ban", person="scripted:bob", reason="spam", days="999999999")
        await house.admin("ban", person="scripted:bob", reason="spam", days="36500")
        with expect_refusal(RefusalCode.BANNED) as refusal:
            await house.ask("bob")
        assert "until 2126" in refusal.text


async def test_a_ban_also_holds_for_what_is_being_checked(house_at: HouseAt) -> None:
    """The ban is looked at again in the very transaction that accepts; a ban before it wins."""
    async with house_at(works=False) as house:
        view = await house.ask("bob")
        await house.admin("ban", person="scripted:bob", reason="spam")
        await house.services.jobs.cancel(house.person("bob"), view.job.id)  # what waits is still theirs
        with expect_refusal(RefusalCode.BANNED):
            await house.admin("retry", job=view.job.id)


async def test_one_person_cannot_fill_the_queue(house_at: HouseAt) -> None:
    """Beyond their own limit somebody is refused, others are not; a job that begins makes room."""
    async with house_at(rules=replace(GENEROUS, queue=QueueLimits(2, 100, 1_000, 0))) as house:
        await house.ask("bob", "hold")
        await house.renderer.began(1)
        for _ in range(2):
            await house.ask("bob")
        with expect_refusal(RefusalCode.TOO_MANY_WAITING):
            await house.ask("bob")
        await house.ask("ann")


async def test_many_at_the_same_moment_do_not_pass_the_limit(house_at: HouseAt) -> None:
    """Twenty requests in one moment, with room for three: three are accepted, exactly."""
    async with house_at(rules=replace(GENEROUS, queue=QueueLimits(100, 3, 1_000, 0)), works=False) as house:
        asked = await asyncio.gather(*(house.ask(f"p{n}") for n in range(20)), return_exceptions=True)
        assert sum(not isinstance(one, BaseException) for one in asked) == 3
        assert house.services.queue.view().waiting == 3
        assert await house.broken_promises() == []


def test_a_minutes_worth_at_once_then_one_by_one() -> None:
    """Somebody may spend a minute's requests in one go; then they come back one each minute's share."""
    now_s = [0.0]
    rate = RateLimit(6, lambda: now_s[0])
    assert [rate.take("bob") for _ in range(7)] == [0, 0, 0, 0, 0, 0, 10.0]
    now_s[0] = 9.0
    assert rate.take("bob") == pytest.approx(1.0)
    assert rate.take("ann") == 0
    now_s[0] = 10.001
    assert [rate.take("bob"), rate.take("bob")] == [0, pytest.approx(10.0, abs=0.01)]


def test_a_flood_of_names_costs_no_memory() -> None:
    """Only the ten thousand who were seen last are remembered."""
    rate = RateLimit(1, lambda: 0.0)
    for number in range(20_000):
        rate.take(str(number))
    assert len(rate._buckets) == 10_000
