"""Pictures that people have sent: only what the Bot API names, with a cap, and without a redirect."""

import asyncio
from pathlib import Path

from telegram.error import NetworkError
from telegram.ext import ExtBot

from bot.adapters.telegram.connection import Connection
from bot.adapters.telegram.limiter import Send
from bot.adapters.telegram.request import ApiRequest, FileTooLarge
from bot.adapters.telegram.trouble import ForeignAnswer, Trouble
from bot.service.delivery import TooLarge, TryLater
from generation.errors import ErrorCode, PictureRejected

#: What the cloud gives a bot of a file (core.telegram.org/bots/api#getfile).
CLOUD_LIMIT_BYTES = 20_000_000

_LIMIT_S = 60.0
_AT_ONCE = 16
_PAUSES_S = (0.0, 0.1, 0.5)  # before each try
_LONGEST_WAIT_S = 5.0  # where Telegram itself says how long; people wait


class DownloadFailed(Exception):
    """A picture could not be fetched: it is gone, or nobody answers."""


class Downloads:
    """Fetches files by their ids."""

    def __init__(self, connection: Connection, max_bytes: int) -> None:
        self._connection, self._max_bytes = connection, max_bytes
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, file_id: str, stated_bytes: int = 0) -> bytes:
        """Return a file. Raises DownloadFailed, and PictureRejected for one that is larger than pictures may be."""
        self._require_room_for(stated_bytes)
        failure: Exception = TryLater()
        asked_to_wait_s = 0.0
        async with self._room:
            for pause_s in _PAUSES_S:
                await asyncio.sleep(max(pause_s, asked_to_wait_s))
                try:
                    async with asyncio.timeout(_LIMIT_S):
                        return await self._read(file_id, stated_bytes)
                except TryLater as later:
                    failure, asked_to_wait_s = later, later.retry_after_s or 0.0
                    if asked_to_wait_s > _LONGEST_WAIT_S:
                        break
                except (NetworkError, TimeoutError) as error:
                    failure = error
        raise DownloadFailed(repr(failure)) from failure

    async def _read(self, file_id: str, stated_bytes: int) -> bytes:
        """Fetch a file once. Raises TryLater, NetworkError and TimeoutError besides what ``fetch`` raises."""
        bot = self._connection.bot
        try:
            with self._connection.errors():
                file = await bot.get_file(file_id)
        except TooLarge as error:  # it does not say how large
            size_bytes = max(stated_bytes, CLOUD_LIMIT_BYTES + 1)
            raise _too_large(size_bytes, min(self._max_bytes, CLOUD_LIMIT_BYTES)) from error
        except Trouble as error:
            raise DownloadFailed(repr(error)) from error
        self._require_room_for(file.file_size or 0)
        try:
            return await self._bytes_of(bot, file.file_path or "")
        except FileTooLarge as error:
            raise _too_large(error.size_bytes, self._max_bytes) from error
        except ForeignAnswer as answer:
            if answer.status < 500 and answer.status != 429:
                raise DownloadFailed(repr(answer)) from answer
            raise
        except OSError as error:
            raise DownloadFailed(repr(error)) from error

    async def _bytes_of(self, bot: ExtBot[Send], path: str) -> bytes:
        if bot.local_mode and not path.startswith(bot.base_file_url):
            return await asyncio.to_thread(_read_file, Path(path), self._max_bytes)
        # The library takes what happens to be the name of a file beside us for one of a local server.
        url = path if path.startswith(bot.base_file_url) else f"{bot.base_file_url}/{path}"
        request = bot.request
        assert isinstance(request, ApiRequest)
        return await request.download(url, self._max_bytes)

    def _require_room_for(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise _too_large(size_bytes, self._max_bytes)


def _too_large(size_bytes: int, max_bytes: int) -> PictureRejected:
    return PictureRejected(ErrorCode.PICTURE_TOO_MANY_BYTES, bytes=size_bytes, max_bytes=max_bytes)


def _read_file(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FileTooLarge(path.stat().st_size)
    return data
