"""Requests to a Bot API server, and of each answer what the library's own would lose.

The library knows an answer by its status alone, reads pages of proxies aloud into the log, and holds files whole.
"""

import json
from http import HTTPStatus
from typing import Any

import httpx
from telegram.error import NetworkError
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.adapters.telegram.trouble import FloodWait, ForeignAnswer, OversizedRequest

_CONNECT_S = 10.0
_READ_S = 20.0
#: For a connection of one's own, where a hundred people want something at once.
_POOL_S = 10.0
#: For one piece of 64 kB to be taken by the network, not for a file: 10 kbit/s are enough.
_WRITE_S = 60.0
_DOWNLOAD_PIECE_BYTES = 64 * 1024


class FileTooLarge(Exception):
    """A file has more bytes than were to be taken."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(size_bytes)
        self.size_bytes = size_bytes


class ApiRequest(HTTPXRequest):
    """The library's own, with our limits, the operator's proxy and no other, and no redirect."""

    def __init__(self, connections: int, proxy: str = "") -> None:
        super().__init__(
            connection_pool_size=connections,
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            write_timeout=_READ_S,
            media_write_timeout=_WRITE_S,
            pool_timeout=_POOL_S,
            proxy=proxy or None,
            httpx_kwargs={"trust_env": False, "follow_redirects": False},
        )

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return status and body. Raises ForeignAnswer, OversizedRequest and FloodWait besides the library's errors."""
        status, body = await super().do_request(
            url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # of the gateway before the API: a page
            raise OversizedRequest(f"Too large a request, status {status}")
        if status >= HTTPStatus.BAD_REQUEST:
            _look_at_refusal(status, body)
        else:
            _require_result(status, body)
        return status, body

    async def download(self, url: str, max_bytes: int) -> bytes:
        """Return a file of at most so many bytes. Raises FileTooLarge, ForeignAnswer and NetworkError."""
        if self._client.is_closed:
            raise NetworkError("The connection has been closed")
        data = bytearray()
        try:
            async with self._client.stream("GET", url) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise ForeignAnswer(answer.status_code)
                async for piece in answer.aiter_bytes(_DOWNLOAD_PIECE_BYTES):
                    data += piece
                    if len(data) > max_bytes:
                        raise FileTooLarge(len(data))
        except httpx.HTTPError as error:
            raise NetworkError(type(error).__name__) from error
        return bytes(data)


def _require_result(status: int, body: bytes) -> None:
    """Raise ForeignAnswer for a page, and NetworkError for what Telegram itself may have said, but not to its end."""
    if not body.lstrip().startswith(b"{"):
        raise ForeignAnswer(status)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = {}
    if "result" not in said:  # nobody knows whether it was done
        raise NetworkError(f"No result in an answer with status {status}")


def _look_at_refusal(status: int, body: bytes) -> None:
    """Leave to the library what Telegram has said, but for what it would lose. Raises ForeignAnswer and FloodWait."""
    try:
        said = json.loads(body)
    except ValueError:  # UnicodeDecodeError too
        raise ForeignAnswer(status) from None
    if not isinstance(said, dict) or not isinstance(said.get("description"), str):
        raise ForeignAnswer(status)
    parameters = said.get("parameters")
    wait_s = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(wait_s, int | float):
        raise FloodWait(wait_s)
