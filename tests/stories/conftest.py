"""Each story is told once on every channel."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.app.core import Rules
from generation.picture import Picture
from tests.loopback.clock import FixedClock
from tests.loopback.discord import LoopbackDiscord
from tests.loopback.house import GENEROUS
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.telegram import LoopbackTelegram
from tests.stories.driver import Street
from tests.stories.on_discord import Harbour
from tests.stories.on_telegram import Quay
from tests.stories.on_the_page import Page
from tests.stories.town import Town

OpenTown = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture(params=["page", "discord", "telegram"])
async def street(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    """The channel."""
    if request.param == "page":
        yield Page()
        return
    clock: FixedClock = request.getfixturevalue("clock")
    if request.param == "telegram":
        async with LoopbackTelegram.open(clock=lambda: clock.now_ms() / 1000) as telegram:
            yield Quay(telegram, clock)
        assert telegram.violations == []
        return
    async with LoopbackDiscord.open(clock=lambda: clock.now_ms() / 1000) as world:
        world.point_library_at(monkeypatch)
        yield Harbour(world, clock)
    assert world.violations == []
    assert world.protocol_errors == []


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def open_town(tmp_path: Path, street: Street, picture: Picture, clock: FixedClock) -> OpenTown:
    """Start a bot with other rules than the usual, under which nothing is refused."""

    def open_town(
        rules: Rules = GENEROUS, renderer: ScriptedRenderer | None = None
    ) -> AbstractAsyncContextManager[Town]:
        return Town.open(tmp_path / "data", street, picture, clock, rules, renderer or ScriptedRenderer())

    return open_town


@pytest.fixture
async def town(open_town: OpenTown) -> AsyncIterator[Town]:
    async with open_town() as town:
        yield town
