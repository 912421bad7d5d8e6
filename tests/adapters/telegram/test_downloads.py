"""Pictures are fetched as people sent them, no larger than allowed, and from nowhere but the Bot API."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram.error import NetworkError

from bot.adapters.telegram.downloads import DownloadFailed, Downloads
from bot.adapters.telegram.request import ApiRequest
from generation.errors import ErrorCode, PictureRejected
from tests.adapters.telegram.line import Line, open_line
from tests.adapters.telegram.scenes import Harbour, harbour
from tests.loopback.telegram import LoopbackTelegram

_MOST_BYTES = 100_000


@pytest.fixture
async def line(telegram: LoopbackTelegram) -> AsyncIterator[Line]:
    async with open_line(telegram) as line:
        yield line


@pytest.fixture
def downloads(line: Line) -> Downloads:
    return Downloads(line.posts, _MOST_BYTES)


def _file_id(scene: Harbour, data: bytes, size_bytes: int | None = None) -> str:
    sent = scene.anna.sends_file(scene.private, "a.png", data, "image/png", size_bytes=size_bytes)
    assert sent.document is not None
    return sent.document.file.file_id


async def test_a_picture_comes_as_it_was_sent(downloads: Downloads, scene: Harbour) -> None:
    """What was sent is what is fetched, byte for byte, up to the largest that is allowed."""
    data = bytes(range(250)) * 400
    assert len(data) == _MOST_BYTES
    assert await downloads.fetch(_file_id(scene, data), len(data)) == data


@pytest.mark.parametrize("stated_bytes", [0, _MOST_BYTES + 1])
async def test_a_picture_that_is_too_large_is_not_fetched(
    downloads: Downloads, scene: Harbour, telegram: LoopbackTelegram, stated_bytes: int
) -> None:
    """A picture above the limit is refused before its first byte, by what the message or Telegram says of its size."""
    with pytest.raises(PictureRejected) as refused:
        await downloads.fetch(_file_id(scene, bytes(_MOST_BYTES + 1)), stated_bytes)
    assert refused.value.code is ErrorCode.PICTURE_TOO_MANY_BYTES
    assert len(telegram.calls_to("getFile")) == (stated_bytes <= _MOST_BYTES)
    assert telegram.downloads == []


async def test_a_picture_that_is_larger_than_was_said_is_not_fetched_to_its_end(
    downloads: Downloads, scene: Harbour
) -> None:
    """Nobody has to believe what was said of a size: what is beyond the limit is refused while it comes."""
    with pytest.raises(PictureRejected) as refused:
        await downloads.fetch(_file_id(scene, bytes(_MOST_BYTES + 1), size_bytes=10), 10)
    assert refused.value.code is ErrorCode.PICTURE_TOO_MANY_BYTES


async def test_what_the_cloud_gives_to_no_bot_is_too_large(line: Line, scene: Harbour) -> None:
    """A file of more than twenty million bytes is refused as too large, with the limit that counts here."""
    downloads = Downloads(line.posts, 1_000_000_000)
    with pytest.raises(PictureRejected) as refused:
        await downloads.fetch(_file_id(scene, b"a picture", size_bytes=21_000_000))
    assert refused.value.code is ErrorCode.PICTURE_TOO_MANY_BYTES
    assert refused.value.values["max_bytes"] == 20_000_000


@pytest.mark.parametrize("status", [301, 401, 403, 404])
async def test_a_file_that_is_over_fails_at_once(
    downloads: Downloads, scene: Harbour, line: Line, telegram: LoopbackTelegram, status: int
) -> None:
    """A file that is not there any more is not tried again, and does not mean that the bot's token is revoked."""
    file_id = _file_id(scene, b"a picture")
    telegram.faults.next("/file/", status=status, count=None)
    with pytest.raises(DownloadFailed):
        await downloads.fetch(file_id)
    assert len(telegram.downloads) == 1
    assert line.revocations == []


@pytest.mark.parametrize("method", ["/file/", "getFile"])
@pytest.mark.parametrize("fault", [{"status": 503}, {"lost_answer": True}, {"reset": True}], ids=str)
async def test_a_server_that_stumbles_is_asked_again(
    downloads: Downloads, scene: Harbour, telegram: LoopbackTelegram, method: str, fault: dict[str, int | bool]
) -> None:
    """A failure of a moment costs a moment, not the picture."""
    file_id = _file_id(scene, b"a picture")
    telegram.faults.next(method, **fault)  # type: ignore[arg-type]
    assert await downloads.fetch(file_id) == b"a picture"


async def test_a_server_that_stays_down_is_left_alone(
    downloads: Downloads, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """After a few tries whoever asked is told."""
    file_id = _file_id(scene, b"a picture")
    telegram.faults.next("/file/", status=500, count=None)
    with pytest.raises(DownloadFailed):
        await downloads.fetch(file_id)
    assert len(telegram.downloads) == 3


async def test_a_refusal_for_its_pace_is_kept_to(
    downloads: Downloads, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """Where Telegram gives no file for half a minute it is not asked before, and nobody waits so long."""
    file_id = _file_id(scene, b"a picture")
    telegram.faults.next("getFile", retry_after=30, count=None)
    for _ in range(2):
        with pytest.raises(DownloadFailed):
            await downloads.fetch(file_id)
    assert len(telegram.calls_to("getFile")) == 1


async def test_an_id_that_is_none_is_told(downloads: Downloads, telegram: LoopbackTelegram) -> None:
    """An id that Telegram does not know leads to no file, and to no bug."""
    telegram.faults.next("getFile", status=400, description="Bad Request: wrong file_id", count=None)
    with pytest.raises(DownloadFailed):
        await downloads.fetch("nonsense")
    assert telegram.downloads == []


async def test_without_a_connection_whoever_asked_is_told(downloads: Downloads, line: Line) -> None:
    """While the bot is not logged in a picture cannot be fetched."""
    line.posts.use(None)
    with pytest.raises(DownloadFailed):
        await downloads.fetch("an id")


async def test_a_connection_that_is_closed_meanwhile_is_trouble_of_the_network(line: Line) -> None:
    """Where the bot logs out just before a file is fetched, that is no bug, and may be tried again."""
    await line.bot.shutdown()
    assert isinstance(line.bot.request, ApiRequest)
    with pytest.raises(NetworkError):
        await line.bot.request.download(f"{line.bot.base_file_url}/photos/file_1.jpg", _MOST_BYTES)


async def test_only_so_many_are_fetched_at_once(
    downloads: Downloads, scene: Harbour, telegram: LoopbackTelegram
) -> None:
    """However many ask at once, no more than sixteen pictures are on their way."""
    file_id = _file_id(scene, b"a picture")
    held = telegram.faults.hold("/file/", count=None)
    fetching = [asyncio.create_task(downloads.fetch(file_id)) for _ in range(40)]
    await telegram.until(lambda: held.hits == 16)
    assert held.hits == 16
    held.release()
    assert await asyncio.gather(*fetching) == [b"a picture"] * 40


async def test_a_local_server_shares_its_files(tmp_path: Path) -> None:
    """With a server of one's own a file of any allowed size is read where it lies, and nothing is downloaded."""
    async with LoopbackTelegram.open(local_folder=tmp_path) as telegram, open_line(telegram, local_mode=True) as line:
        scene = harbour(telegram)
        downloads = Downloads(line.posts, _MOST_BYTES)
        assert await downloads.fetch(_file_id(scene, b"a picture")) == b"a picture"
        with pytest.raises(PictureRejected):
            await downloads.fetch(_file_id(scene, bytes(_MOST_BYTES + 1), size_bytes=10))
        assert telegram.downloads == []
        file_id = _file_id(scene, b"gone")
        telegram.on_call = lambda call, stage: _empty(tmp_path) if stage == "after" else None
        with pytest.raises(DownloadFailed):
            await downloads.fetch(file_id)


async def test_nothing_beside_the_bot_is_read_for_a_picture(
    downloads: Downloads, scene: Harbour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server is not our own, a path that also names a file of ours is a path on that server."""
    file_id = _file_id(scene, b"a picture")
    stored = scene.telegram.world.files.find(file_id)
    assert stored is not None
    ours = tmp_path / stored.path
    ours.parent.mkdir(parents=True)
    ours.write_bytes(b"ours")
    monkeypatch.chdir(tmp_path)
    assert await downloads.fetch(file_id) == b"a picture"


def _empty(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
