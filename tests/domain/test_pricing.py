"""Prices: in proportion to the work, known before the picture, and one credit for the usual video."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import credits_text
from bot.domain.options import read_options
from bot.domain.pricing import price_mcr
from generation.models import CATALOGUE, DEFAULT_LTX, Model
from generation.request import VideoShape

MODELS = pytest.mark.parametrize("model", CATALOGUE.values(), ids=CATALOGUE)
SIDES = st.integers(2, 48).map(lambda n: 32 * n)
FRAMES = st.integers(1, 32).map(lambda k: 8 * k + 1)


def price(model: Model = DEFAULT_LTX, **values: object) -> int:
    return price_mcr(model, read_options("", {name: str(value) for name, value in values.items()}))


@MODELS
def test_the_balanced_preset_costs_one_credit(model: Model) -> None:
    """Whatever model runs, a picture without options costs exactly one credit, and so does saying its preset."""
    assert price(model) == price(model, preset="balanced", seed=7, camera="still") == 1000


@MODELS
def test_presets_cost_more_from_fast_to_best(model: Model) -> None:
    """Fast costs less than a credit, best more."""
    assert price(model, preset="fast") < 1000 < price(model, preset="best")


@pytest.mark.parametrize(
    ("values", "price_in_credits"),
    [
        ({"preset": "fast"}, "0.3"),  # 512 x 320, 97 frames, 20 steps: 0.278
        ({"preset": "best"}, "2.3"),  # 161 frames, 50 steps: 2.218
        ({"steps": 60}, "2"),
        ({"guidance": 1}, "0.5"),
        ({"guidance": 20}, "1"),
        ({"seconds": 10}, "2"),  # 241 frames
        ({"frames": 9, "steps": 1}, "0.1"),  # never less
        ({"width": 704, "height": 448}, "1"),
        ({"width": 352, "height": 224}, "0.3"),
        ({"width": 64}, "1"),
        ({"fps": 60}, "1"),
    ],
)
def test_prices_follow_the_work(values: dict[str, object], price_in_credits: str) -> None:
    """Pixels, frames, steps and guidance count; one side alone does not, as the other follows the picture."""
    assert credits_text(price(DEFAULT_LTX, **values)) == price_in_credits


@MODELS
@given(
    sides=st.tuples(SIDES, SIDES),
    frames=FRAMES,
    steps=st.integers(1, 200),
    guidance=st.sampled_from([1, 1.5, 20]),
    more=st.sampled_from(["width", "height", "frames", "steps", "guidance"]),
)
def test_more_work_never_costs_less(
    model: Model, sides: tuple[int, int], frames: int, steps: int, guidance: float, more: str
) -> None:
    """More of anything that is work costs as much or more; prices are whole tenths of a credit."""
    values = {"width": sides[0], "height": sides[1], "frames": frames, "steps": steps, "guidance": guidance}
    highest = {"width": 1536, "height": 1536, "frames": 257, "steps": 200, "guidance": 20}
    larger = min({"width": 32, "height": 32, "frames": 8}.get(more, 1) + values[more], highest[more])
    before, after = price(model, **values), price(model, **{**values, more: larger})
    assert 100 <= before <= after
    assert before % 100 == after % 100 == 0


@given(frames=FRAMES, steps=st.integers(1, 100))
def test_twice_the_steps_cost_twice_as_much_but_for_rounding(frames: int, steps: int) -> None:
    """A price is the exact proportion, rounded up to the next tenth of a credit."""
    exact = 1000 * frames * steps / (121 * 30)
    assert max(exact, 100) <= price(frames=frames, steps=steps) < max(exact, 100) + 100 + 1e-6


@given(picture=st.tuples(st.integers(64, 4000), st.integers(64, 4000)), side=st.none() | SIDES)
def test_no_request_has_more_pixels_than_were_paid_for(picture: tuple[int, int], side: int | None) -> None:
    """With one side given or none, whatever picture comes, the video stays within the budget that the price is of."""
    budget = 704 * 448
    shape = VideoShape.fit(*picture, frames=9, max_frame_pixels=budget, width_px=side)
    assert shape.frame_pixels <= budget


@pytest.mark.parametrize(
    ("mcr", "text"),
    [
        *((0, "0"), (99, "0"), (100, "0.1"), (500, "0.5"), (1000, "1"), (12_300, "12.3"), (17_543, "17.5")),
        *((10**9, "1000000"), (-500, "-0.5"), (-1000, "-1"), (-50, "-0.1")),
    ],
)
def test_credits_read_as_people_write_them(mcr: int, text: str) -> None:
    """Whole credits have no decimals, others one; a balance is never shown higher than it is."""
    assert credits_text(mcr) == text
