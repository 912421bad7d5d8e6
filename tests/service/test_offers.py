"""What can be asked for here, what it costs and gives: told before anybody asks, and held to afterwards."""

import pytest

from bot.domain.option_table import OPTIONS
from generation.errors import ErrorCode
from tests.loopback.expect import expect_refusal
from tests.loopback.house import House


async def test_presets_tell_price_length_and_time(house: House) -> None:
    """Each preset has its price and length; its time is there once this machine has made one."""
    offers = {offer.name: offer for offer in house.services.offers.presets()}
    assert {name: offer.price_mcr for name, offer in offers.items()} == {"fast": 500, "balanced": 1_000, "best": 1_400}
    assert offers["balanced"].seconds == pytest.approx(121 / 24)
    assert {offer.eta_s for offer in offers.values()} == {None}
    await house.until((await house.ask("bob")).job.id)
    times = {offer.name: offer.eta_s for offer in house.services.offers.presets()}
    assert times["balanced"] == pytest.approx(2.0, rel=0.1)
    assert times["fast"] is not None
    assert times["best"] is not None
    assert times["fast"] < times["best"]


@pytest.mark.parametrize("options", [{}, {"preset": "fast"}, {"seconds": "2"}, {"width": "64", "height": "96"}])
async def test_a_quote_is_what_the_job_then_is(house: House, options: dict[str, str]) -> None:
    """Price, size, frames and rate of a quote are those of the job that is asked for with the same options."""
    quote = house.services.offers.quote(96, 64, options)
    job = (await house.ask("bob", **options)).job
    assert (quote.price_mcr, quote.width_px, quote.height_px) == (job.price_mcr, job.width_px, job.height_px)
    assert (quote.frames, quote.fps) == (job.frames, job.fps)
    left, top, width, height = quote.crop
    assert 0 <= left <= left + width <= 1
    assert 0 <= top <= top + height <= 1
    assert width == 1 or height == 1


async def test_a_quote_tells_the_queue(house: House) -> None:
    """How many wait, and when the video would be there, as things stand."""
    await house.until((await house.ask("bob")).job.id)
    await house.ask("bob", "hold")
    await house.renderer.began(2)
    await house.ask("ann")
    quote = house.services.offers.quote(96, 64, {})
    assert (quote.ahead, quote.eta_s) == (1, pytest.approx(6.0, abs=1.0))


async def test_only_what_the_engine_can_do_is_offered(house: House) -> None:
    """An engine without steps, guidance and negative prompt does not show them, and a quote for one is refused."""
    shown = {option.name for option in house.services.offers.options}
    assert {option.name for option in OPTIONS} - shown == {"steps", "guidance", "negative"}
    with expect_refusal(ErrorCode.NOT_SUPPORTED):
        house.services.offers.quote(96, 64, {"steps": "30"})
    with expect_refusal(ErrorCode.NOT_A_CHOICE):
        house.services.offers.quote(96, 64, {"preset": "faster"})
