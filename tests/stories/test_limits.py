"""What a video costs, how much somebody may ask for, and what the operator can say."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.credits import Limit
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.service.quotas import QuotaLimits
from tests.loopback.house import GENEROUS
from tests.stories.conftest import OpenTown
from tests.stories.driver import OPERATOR, Credits, ToldNo
from tests.stories.people import Ask, told_no
from tests.stories.town import Town

FIVE_CREDITS = replace(GENEROUS, quota=QuotaLimits(Limit(5_000, 0)))


@pytest.mark.parametrize("preset", ["fast", "balanced", "best"])
async def test_the_price_is_known_before(town: Town, preset: str) -> None:
    """A video costs exactly what was said before it was asked for."""
    anna = await town.person("anna")
    price, before = await anna.price(preset), await anna.credits()
    ask = await anna.asks("hold", preset=preset)
    await ask.is_rendering()
    assert await anna.credits() == Credits(round(before.left - price, 1), price)
    town.renderer.release()
    await ask.gets_video()
    assert await anna.credits() == Credits(round(before.left - price, 1), 0)


async def test_credits_are_exact_when_ten_come_at_once(open_town: OpenTown) -> None:
    """Of ten wishes in one moment five credits take exactly five; each of the others is told why and when."""
    async with open_town(FIVE_CREDITS) as town:
        anna = await town.person("anna")
        answers = await asyncio.gather(*(anna.asks("hold") for _ in range(10)), return_exceptions=True)
        assert sum(isinstance(answer, Ask) for answer in answers) == 5
        no = Refused(RefusalCode.NO_CREDITS, level="person", price_mcr=1000, left_mcr=0, retry_after_s=None)
        assert [answer.text for answer in answers if isinstance(answer, ToldNo)] == [sentence(no)] * 5
        assert await anna.credits() == Credits(0, 5)
        assert await town.accepted() == 5


async def test_a_paused_bot_says_so(town: Town) -> None:
    """While the operator has paused the bot it takes nothing and says so; afterwards it goes on."""
    anna, operator = await town.person("anna"), await town.person(OPERATOR)
    await operator.command("pause")
    assert await told_no(anna.asks()) == sentence(Refused(RefusalCode.PAUSED))
    await operator.command("resume")
    await (await anna.asks()).gets_video()


async def test_whoever_is_banned_is_refused(town: Town) -> None:
    """Whoever is banned may not ask, and reads why; everybody else may."""
    anna, ben, operator = [await town.person(name) for name in ("anna", "ben", OPERATOR)]
    await operator.command("ban", person="anna", reason="spam")
    assert await told_no(anna.asks()) == sentence(Refused(RefusalCode.BANNED, reason="spam", until_ms=None))
    await (await ben.asks()).gets_video()
    await operator.command("unban", person="anna")
    await (await anna.asks()).gets_video()


async def test_an_admins_cancel_gives_back_and_is_told(town: Town) -> None:
    """Whose job an admin ends sees that it is cancelled, and has the credits back even when half was done."""
    anna, operator = await town.person("anna"), await town.person(OPERATOR)
    before = await anna.credits()
    ask = await anna.asks("half")
    await ask.is_rendering(percent=50)
    assert "given back" in await operator.command("cancel", job=ask.job)
    assert (await ask.is_cancelled()).credits == "returned"
    assert await anna.credits() == before


async def test_the_operator_sees_who_waits(town: Town) -> None:
    """The operator sees the jobs that wait, with what was asked for."""
    anna, operator = await town.person("anna"), await town.person(OPERATOR)
    await (await anna.asks("hold")).is_rendering()
    ask = await anna.asks("the boats sway")
    await ask.is_told(place=1)
    assert "the boats sway" in await operator.command("queue")


async def test_a_report_reaches_the_admin(town: Town) -> None:
    """What somebody finds wrong with a video the operator reads in their own words."""
    anna, ben, operator = [await town.person(name) for name in ("anna", "ben", OPERATOR)]
    ask = await anna.asks()
    await ask.gets_video()
    await ask.seen_by(ben).report("that is my house")
    assert "that is my house" in await operator.command("reports")


async def test_only_an_admin_can_command(town: Town) -> None:
    """Whoever is no admin cannot pause the bot."""
    anna, ben = await town.person("anna"), await town.person("ben")
    assert await told_no(ben.command("pause"))
    await (await anna.asks()).gets_video()
