"""What every platform's status messages say alike."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bot.domain import chat_words as words
from bot.domain.job import Requester
from bot.service.status_facts import holds_up, ready_at
from bot.service.status_message import StatusMessage
from tests.loopback.house import House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
NOW_S = 1_000.0


@pytest.fixture
def message() -> StatusMessage[str]:
    return StatusMessage("a", Requester("scripted", "anna"), "quay")


@pytest.mark.parametrize(
    ("eta_s", "shown_s"), [(109.0, 1_100), (91.0, 1_100), (112.0, 1_112), (89.0, 1_089), (4.0, 1_004)]
)
def test_an_instant_stays_while_the_estimate_only_trembles(
    message: StatusMessage[str], eta_s: float, shown_s: int
) -> None:
    """An estimate that moves by less than a tenth changes nothing that is shown; one that moves by more does."""
    assert ready_at(message, 100.0, NOW_S) == 1_100
    assert ready_at(message, eta_s, NOW_S) == shown_s
    assert message.ready_at_s == shown_s


def test_seconds_before_the_end_do_not_count(message: StatusMessage[str]) -> None:
    """Near the end, where a tenth is less than a second, five seconds more or less change nothing."""
    assert ready_at(message, 3.0, NOW_S) == 1_003
    assert ready_at(message, 7.0, NOW_S) == 1_003
    assert ready_at(message, 9.0, NOW_S) == 1_009


def test_without_an_estimate_there_is_no_instant(message: StatusMessage[str]) -> None:
    """Where nothing is known any more the instant goes, and the next estimate is shown as it is."""
    ready_at(message, 100.0, NOW_S)
    assert ready_at(message, None, NOW_S) is None
    assert ready_at(message, 101.0, NOW_S) == 1_101


async def test_a_paused_queue_says_so(house: House) -> None:
    """While the queue is paused there is a reason why nothing moves, and none before and after."""
    await house.until((await house.ask("bob")).job.id)  # the engine is ready
    told = [holds_up(house.services)]
    for command in ("pause", "resume"):
        await house.admin(command)
        told.append(holds_up(house.services))
    assert told == ["", words.PAUSED, ""]


async def test_an_engine_that_is_not_ready_says_so(house_at: HouseAt) -> None:
    """Before the engine is ready there is a reason why nothing moves."""
    async with house_at(works=False) as house:
        assert holds_up(house.services) == words.NOT_READY
