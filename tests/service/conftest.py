"""A bot over a fresh data folder for each story."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from generation.picture import Picture
from tests.loopback.house import House, open_house


@pytest.fixture
def house_at(picture: Picture, tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[House]]:
    """Opens a bot as a story wants it; opened again, it is the same one after a restart."""
    return partial(open_house, tmp_path / "data", picture)


@pytest.fixture
async def house(house_at: Callable[..., AbstractAsyncContextManager[House]]) -> AsyncIterator[House]:
    """A bot at work that refuses nobody."""
    async with house_at() as house:
        yield house
