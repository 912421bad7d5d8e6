"""Pictures from Discord's own servers, and from nowhere else: streamed, with a cap, without a redirect."""

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

import aiohttp

from generation.errors import ErrorCode, PictureRejected

CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})

_LIMIT_S = 30.0
_CHUNK_BYTES = 64 * 1024
_AT_ONCE = 16
_PAUSES_S = (0.0, 0.1, 0.5)  # before each try


class Linked(Protocol):
    """A file that Discord holds: an attachment, or what a form says of one."""

    @property
    def url(self) -> str: ...

    @property
    def size(self) -> int: ...


class DownloadFailed(Exception):
    """A picture could not be fetched: its link is over, foreign, or nobody answers."""


class Downloads:
    """Fetches attachments. ``hosts`` are taken with https only, unless one names its port: a test's own server."""

    def __init__(self, max_bytes: int, hosts: Collection[str] = CDN_HOSTS) -> None:
        self._max_bytes, self._hosts = max_bytes, frozenset(hosts)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_LIMIT_S), trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, url: str, stated_bytes: int = 0) -> bytes:
        """Return a file. Raises DownloadFailed, and PictureRejected for one that is larger than pictures may be."""
        self._require_room_for(stated_bytes)
        self._require_own_host(url)
        async with self._room:
            for pause_s in _PAUSES_S:
                await asyncio.sleep(pause_s)
                try:
                    return await self._read(url)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    failure = error
        raise DownloadFailed(repr(failure)) from failure

    def _require_own_host(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            is_known = parts.netloc in self._hosts and (parts.scheme == "https" or parts.port is not None)
        except ValueError as error:  # addresses stand in messages, too
            raise DownloadFailed("not an address") from error
        if not is_known:
            raise DownloadFailed(f"{parts.scheme}://{parts.netloc} is not Discord's")

    def _require_room_for(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise PictureRejected(ErrorCode.PICTURE_TOO_MANY_BYTES, bytes=size_bytes, max_bytes=self._max_bytes)

    async def _read(self, url: str) -> bytes:
        assert self._session is not None
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status >= 500 or answer.status == 429:
                raise aiohttp.ClientResponseError(answer.request_info, (), status=answer.status)
            if answer.status != 200:
                raise DownloadFailed(f"status {answer.status}")
            data = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                data += chunk
                self._require_room_for(len(data))
            return bytes(data)
