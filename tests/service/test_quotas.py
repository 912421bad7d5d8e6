"""Credits: a known price, held at the asking, used at delivery, returned when there is no video."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from bot.domain.credits import Limit
from bot.domain.job import CreditState
from bot.domain.refusals import RefusalCode
from bot.service.quotas import QuotaLimits
from bot.service.views import QuotaView
from tests.loopback.expect import expect_refusal
from tests.loopback.house import GENEROUS, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
DAY_S = 86_400


async def quota(house: House, name: str = "bob") -> QuotaView:
    return await house.services.quotas.view(house.person(name).id)


async def test_a_price_is_known_held_and_used(house_at: HouseAt) -> None:
    """What the offer says is held when it is accepted, and gone when the video has arrived."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(10_000, 0)))) as house:
        quote = house.services.offers.quote(96, 64, {"preset": "best"})
        view = await house.ask("bob", "hold", preset="best")
        await house.renderer.began(1)
        assert view.job.price_mcr == quote.price_mcr == 1_400
        assert ((await quota(house)).left_mcr, (await quota(house)).held_mcr) == (8_600, 1_400)
        house.renderer.release()
        assert (await house.until(view.job.id)).credits is CreditState.USED
        assert ((await quota(house)).left_mcr, (await quota(house)).held_mcr) == (8_600, 0)


async def test_what_comes_to_nothing_costs_nothing(house_at: HouseAt) -> None:
    """A failed job and one that was cancelled in time give every credit back."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(1_000, 0)))) as house:
        await house.until((await house.ask("bob", "refuse")).job.id)
        assert await quota(house) == QuotaView(1_000, 1_000, 0, 0, None, None)
        view = await house.ask("bob", "hold")
        await house.services.jobs.cancel(house.person("bob"), view.job.id)
        assert (await quota(house)).left_mcr == 1_000


async def test_credits_come_back_with_time(house_at: HouseAt) -> None:
    """The view tells when the next whole credit and all of them are there, and so it comes."""
    rules = replace(GENEROUS, quota=QuotaLimits(Limit(2_000, 2_000)))
    async with house_at(rules=rules, works=False) as house:
        first = await house.ask("bob", preset="fast")
        assert await quota(house) == QuotaView(1_500, 2_000, 2_000, 500, None, None)
        await house.ask("bob")
        with expect_refusal(RefusalCode.NO_CREDITS) as refusal:
            await house.ask("bob")
        assert refusal.text == (
            "Your credits are not enough: this costs 1, and 0.5 are left. A shorter or smaller video costs less."
        )
        await house.services.jobs.cancel(house.person("bob"), first.job.id)
        assert (await quota(house)).left_mcr == 1_000


async def test_the_refusal_says_when_there_will_be_enough(house_at: HouseAt) -> None:
    """Who has used up the credits reads how long it takes, waits so long, and is let in."""
    rules = replace(GENEROUS, quota=QuotaLimits(Limit(2_000, 2_000)))
    async with house_at(rules=rules) as house:
        for _ in range(2):
            await house.until((await house.ask("bob")).job.id)
        view = await quota(house)
        assert (view.left_mcr, view.next_credit_s, view.full_s) == (0, DAY_S / 2, DAY_S)
        with expect_refusal(RefusalCode.NO_CREDITS) as refusal:
            await house.ask("bob")
        assert refusal.text.endswith("There will be enough in 12 h.")
        house.clock.move(DAY_S / 2)
        await house.until((await house.ask("bob")).job.id)
        house.clock.move(30 * DAY_S)
        assert (await quota(house)).left_mcr == 2_000


async def test_a_place_and_everybody_have_limits_of_their_own(house_at: HouseAt) -> None:
    """A server's credits are shared by its members, everybody's by all; the sentence says whose were not enough."""
    limits = QuotaLimits(person=Limit(10_000, 0), place=Limit(2_000, 0), everyone=Limit(3_000, 0))
    async with house_at(rules=replace(GENEROUS, quota=limits), works=False) as house:
        first = await house.ask("bob", place="scripted:club")
        await house.ask("ann", place="scripted:club")
        with expect_refusal(RefusalCode.NO_CREDITS) as refusal:
            await house.ask("eve", place="scripted:club")
        assert refusal.text.startswith("The credits of this place are not enough")
        assert (await quota(house, "eve")).held_mcr == 0
        await house.ask("eve")
        with expect_refusal(RefusalCode.NO_CREDITS) as refusal:
            await house.ask("eve")
        assert refusal.text.startswith("Today's credits of everybody together are not enough")
        await house.services.jobs.cancel(house.person("bob"), first.job.id)
        await house.ask("eve", place="scripted:club")
        assert await house.broken_promises() == []


async def test_many_at_the_same_moment_spend_no_credit_twice(house_at: HouseAt) -> None:
    """Thirty requests in one moment with seven credits: seven jobs, exactly."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(7_000, 0))), works=False) as house:
        asked = await asyncio.gather(*(house.ask("bob") for _ in range(30)), return_exceptions=True)
        assert sum(not isinstance(one, BaseException) for one in asked) == 7
        assert ((await quota(house)).left_mcr, (await quota(house)).held_mcr) == (0, 7_000)
        assert await house.broken_promises() == []


async def test_nobody_new_starts_full(house_at: HouseAt) -> None:
    """Whoever has never asked has all credits, and looking makes no account."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(5_000, 1_000))), works=False) as house:
        assert (await quota(house, "new")).left_mcr == 5_000
        assert await house.database.read(lambda tx: tx.execute("SELECT count(*) FROM account").fetchone()[0]) == 0
