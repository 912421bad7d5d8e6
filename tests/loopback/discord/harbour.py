"""Harbour: one guild, one channel, two people, the sample bot; the stage of the stories about this server itself."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from discord import TextChannel
from PIL import Image

from .person import Person
from .places import Channel, Guild
from .sample_bot import SampleBot, running
from .server import LoopbackDiscord


@dataclass
class Watch:
    """A clock that stands still until it is moved."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Harbour:
    discord: LoopbackDiscord
    bot: SampleBot
    guild: Guild
    channel: Channel
    anna: Person
    ben: Person
    watch: Watch
    picture: bytes = field(default_factory=lambda: png())

    @property
    def place(self) -> TextChannel:
        """The channel as the bot knows it."""
        place = self.bot.get_channel(self.channel.id)
        assert isinstance(place, TextChannel)
        return place


@asynccontextmanager
async def harbour(
    monkeypatch: pytest.MonkeyPatch,
    *,
    first_response_s: float = 3.0,
    tier: int = 0,
    prepare: Callable[[LoopbackDiscord], None] = lambda _discord: None,
) -> AsyncIterator[Harbour]:
    """Everything running; at the end nothing may have been wrong that the story did not expect and clear."""
    watch = Watch()
    async with LoopbackDiscord.open(watch, first_response_s=first_response_s) as server:
        server.point_library_at(monkeypatch)
        guild = server.guild("Harbour", tier=tier)
        channel = guild.channel("sea")
        anna, ben = server.user("anna", locale="de"), server.user("ben")
        guild.join(anna)
        guild.join(ben)
        prepare(server)
        async with running(server) as bot:
            yield Harbour(server, bot, guild, channel, anna, ben, watch)
        assert server.violations == []
        assert server.protocol_errors == []


def png(width: int = 8, height: int = 6) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, "PNG")
    return out.getvalue()
