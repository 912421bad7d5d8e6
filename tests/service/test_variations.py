"""What the buttons under a video offer: only what would give another video."""

import pytest

from bot.domain.job_verbs import Verb
from bot.service.variations import changes_for, longer_s, offered_verbs
from tests.loopback.house import House


@pytest.mark.parametrize(
    ("options", "offered"),
    [
        ({}, {Verb.BEST, Verb.LONGER}),
        ({"preset": "best"}, {Verb.LONGER}),
        ({"seconds": "10.7"}, {Verb.BEST}),
        ({"preset": "best", "seconds": "10.7"}, set()),
    ],
)
async def test_only_what_would_change_something_is_offered(
    house: House, options: dict[str, str], offered: set[Verb]
) -> None:
    """Best quality is offered below the best, and Longer below the longest."""
    job = (await house.ask("bob", "draw", **options)).job
    assert offered_verbs(job, house.services.offers) == offered


async def test_best_quality_and_longer_change_nothing_else(house: House) -> None:
    """Both keep the seed, so that the video is the same but for what was asked; Again leaves everything to chance."""
    job = (await house.ask("bob", "draw", seconds="2")).job
    offers = house.services.offers
    assert changes_for(Verb.BEST, job, offers) == {"preset": "best", "seed": str(job.seed)}
    changes = changes_for(Verb.LONGER, job, offers)
    assert (set(changes), changes["seed"]) == ({"seed", "seconds"}, str(job.seed))
    assert float(changes["seconds"] or 0) == pytest.approx(job.seconds * 1.5, abs=0.1)
    assert changes_for(Verb.AGAIN, job, offers) == {}


async def test_longer_ends_at_the_longest(house: House) -> None:
    """Longer goes no further than the engine, and is None where that would hardly be longer."""
    offers = house.services.offers
    longest = next(option.highest for option in offers.options if option.name == "seconds")
    assert longest is not None
    near = (await house.ask("bob", "draw", seconds=str(longest - 1))).job
    assert longer_s(near, offers) == longest
    for seconds in (longest - 0.4, longest):
        at_end = (await house.ask("bob", "draw", seconds=f"{seconds:g}")).job
        assert longer_s(at_end, offers) is None
