"""Pictures are fetched from Discord's own servers, whole, no larger than allowed, and from nowhere else."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.adapters.discord.downloads import DownloadFailed, Downloads
from generation.errors import ErrorCode, PictureRejected
from tests.adapters.discord.conftest import Bot
from tests.adapters.discord.scenes import harbour
from tests.loopback.discord import LoopbackDiscord, Upload

_MOST_BYTES = 100_000


@pytest.fixture
async def downloads(world: LoopbackDiscord) -> AsyncIterator[Downloads]:
    async with Downloads(_MOST_BYTES, {world.cdn_host}) as downloads:
        yield downloads


def _link(world: LoopbackDiscord, data: bytes) -> str:
    scene = harbour(world)
    message = scene.channel.message(scene.anna, "look", Upload("a.png", data))
    return world.world.cdn.url(message.attachments[0])


async def test_a_picture_comes_as_it_was_sent(world: LoopbackDiscord, downloads: Downloads) -> None:
    """What was uploaded to Discord is what is fetched, byte for byte, up to the largest that is allowed."""
    data = bytes(range(250)) * 400
    assert len(data) == _MOST_BYTES
    assert await downloads.fetch(_link(world, data), len(data)) == data


@pytest.mark.parametrize("stated_bytes", [0, _MOST_BYTES, _MOST_BYTES + 1])
async def test_a_picture_that_is_too_large_is_not_fetched_to_its_end(
    world: LoopbackDiscord, downloads: Downloads, stated_bytes: int
) -> None:
    """A picture above the limit is refused whatever was said of its size; where that is said, nothing is fetched."""
    link = _link(world, bytes(_MOST_BYTES + 1))
    with pytest.raises(PictureRejected) as refused:
        await downloads.fetch(link, stated_bytes)
    assert refused.value.code is ErrorCode.PICTURE_TOO_MANY_BYTES
    assert len(world.downloads) == (stated_bytes <= _MOST_BYTES)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.png",
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@example.org/a.png",
        "https://cdn.discordapp.com.example.org/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://anna@cdn.discordapp.com/a.png",
        "https://127.0.0.1/a.png",
        "http://[::1/a.png",
        "file:///etc/passwd",
        "",
    ],
)
async def test_nothing_comes_from_elsewhere(url: str) -> None:
    """An address that is not Discord's own, or not encrypted, is not even asked."""
    async with Downloads(_MOST_BYTES) as downloads:
        with pytest.raises(DownloadFailed, match=r"is not Discord's|not an address"):
            await downloads.fetch(url)


@pytest.mark.parametrize("status", [301, 302, 403, 404])
async def test_a_link_that_is_over_fails_at_once(world: LoopbackDiscord, downloads: Downloads, status: int) -> None:
    """A link that leads elsewhere, or to nothing any more, is not followed and not tried again."""
    link = _link(world, b"a picture")
    world.faults.next("GET", "/cdn/", status=status, count=None)
    with pytest.raises(DownloadFailed):
        await downloads.fetch(link)
    assert len(world.downloads) == 1


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"lost_answer": True}, {"reset": True}])
async def test_a_server_that_stumbles_is_asked_again(
    world: LoopbackDiscord, downloads: Downloads, fault: dict[str, int | bool]
) -> None:
    """A failure of a moment costs a moment, not the picture."""
    link = _link(world, b"a picture")
    world.faults.next("GET", "/cdn/", **fault)  # type: ignore[arg-type]
    assert await downloads.fetch(link) == b"a picture"


async def test_a_server_that_stays_down_is_left_alone(world: LoopbackDiscord, downloads: Downloads) -> None:
    """After a few tries whoever asked is told."""
    link = _link(world, b"a picture")
    world.faults.next("GET", "/cdn/", status=500, count=None)
    with pytest.raises(DownloadFailed):
        await downloads.fetch(link)
    assert len(world.downloads) == 3


async def test_only_so_many_are_fetched_at_once(world: LoopbackDiscord, downloads: Downloads) -> None:
    """However many ask at once, no more than sixteen pictures are on their way."""
    link = _link(world, b"a picture")
    held = world.faults.hold("GET", "/cdn/", count=None)
    fetching = [asyncio.create_task(downloads.fetch(link)) for _ in range(40)]
    await world.until(lambda: held.hits == 16)
    assert held.hits == 16
    held.release()
    assert await asyncio.gather(*fetching) == [b"a picture"] * 40


async def test_a_picture_that_cannot_be_fetched_is_told_and_costs_nothing(bot: Bot, world: LoopbackDiscord) -> None:
    """Whoever's picture cannot be fetched reads so, and nothing was begun."""
    scene = harbour(world)
    world.faults.next("GET", "/cdn/", status=404, count=None)
    sent = await scene.ask(scene.anna)
    await sent.changes.until(lambda: "could not be fetched" in " ".join(one.text for one in sent.followups))
    assert await bot.jobs() == []
