"""One nursery for all bots that are killed, and a town for each story."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.chaos.nursery import Nursery
from tests.chaos.town import Town, new_town


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    if not hasattr(os, "fork"):
        pytest.skip("the bots that are killed are forks")
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
async def town(nursery: Nursery) -> AsyncIterator[Town]:
    async with new_town(nursery) as town:
        yield town
