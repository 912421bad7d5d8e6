"""The guard before the whole app: whose requests come in, how large they may be, and what every answer carries."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.adapters.web.errors import error_response
from bot.adapters.web.hosts import HostRule
from bot.domain.refusals import RefusalCode, Refused
from generation.errors import ErrorCode, GenerationError, PictureRejected

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        # Not "no-referrer": with that a browser's own form sends ``Origin: null``, and it is refused here.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
)
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})  # Sec-Fetch-Site; none: typed, bookmarked, or by the operator's hand
_MAX_ECHO_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a request's body may be, and how long it may take."""

    max_picture_bytes: int
    upload_path: str = "/api/jobs"  # where two pictures and their fields arrive
    max_fields_bytes: int = 1_000_000
    webhook_paths: frozenset[str] = frozenset()  # where platforms post
    max_webhook_bytes: int = 1_000_000
    max_other_bytes: int = 64_000
    idle_s: float = 30.0  # without a byte
    total_s: float = 600.0
    linger_s: float = 5.0  # how long a body that is too large is still taken, and dropped

    def max_bytes(self, path: str) -> int:
        if path == self.upload_path:
            return 2 * self.max_picture_bytes + self.max_fields_bytes
        return self.max_webhook_bytes if path in self.webhook_paths else self.max_other_bytes

    def refusal(self, path: str) -> Refused | GenerationError:
        if path == self.upload_path:
            return PictureRejected(ErrorCode.PICTURE_TOO_MANY_BYTES, bytes=None, max_bytes=self.max_picture_bytes)
        return Refused(RefusalCode.TOO_LARGE, max_kb=self.max_bytes(path) // 1000)


class Guard:
    """ASGI middleware: refuses foreign hosts (421), foreign sites (403) and bodies that are too large (413)."""

    def __init__(self, app: ASGIApp, hosts: HostRule, limits: BodyLimits) -> None:
        self._app, self._hosts, self._limits = app, hosts, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._limits)
        refusal = self._refusal(scope)
        if refusal is not None:
            await error_response(refusal)(scope, exchange.receive, exchange.send)
        elif exchange.announces_too_much:
            await exchange.refuse()
        else:
            await self._app(scope, exchange.receive, exchange.send)

    def _refusal(self, scope: Scope) -> Refused | None:
        if scope["path"] in self._limits.webhook_paths:  # there a word counts that no site knows, and no cookie
            return None
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._hosts.allows(hosts[0]):
            return Refused(RefusalCode.FOREIGN_HOST, host=", ".join(hosts)[:_MAX_ECHO_CHARACTERS])
        if not _is_from_own_site(scope["method"], headers):
            return Refused(RefusalCode.FOREIGN_SITE)
        return None


def _is_from_own_site(method: str, headers: Headers) -> bool:
    """Whether a request comes from our own page, or from something that is no page at all.

    A browser says so in ``Sec-Fetch-Site``, but only to https and loopback addresses; to others it sends ``Origin``
    with whatever writes.
    """
    is_reading = method in _READING_METHODS
    site = headers.get("sec-fetch-site")
    if site is not None:
        is_link = is_reading and headers.get("sec-fetch-mode") == "navigate"
        return site in _OWN_SITES or is_link
    origin = headers.get("origin")
    return is_reading or origin is None or origin.partition("://")[2].lower() == headers["host"].lower()


class _Exchange:
    """One request and its answer: counts the one, completes the headers of the other."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: BodyLimits) -> None:
        self._path: str = scope["path"]
        self._receive, self._send, self._limits = receive, send, limits
        self._max_bytes = limits.max_bytes(self._path)
        self._received_bytes = 0
        self._is_received = False
        self._is_too_much = False
        self._deadline_s = asyncio.get_running_loop().time() + limits.total_s
        length = Headers(scope=scope).get("content-length", "")
        self.announces_too_much = length.isdecimal() and int(length) > self._max_bytes
        self._scope = scope

    async def refuse(self) -> None:
        """Answer that the body is too large, without having read it."""
        self._is_too_much = True
        await error_response(self._limits.refusal(self._path), 413)(self._scope, self._receive, self.send)

    async def receive(self) -> Message:
        """The request's next part; raises the limits' refusal, or Refused where nothing comes any more."""
        if self._is_received:
            return await self._receive()  # only the disconnect is left, and that may take its time
        left_s = self._deadline_s - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(self._limits.idle_s, left_s)):
                message = await self._receive()
        except TimeoutError:
            self._is_too_much = True
            raise Refused(RefusalCode.MALFORMED_REQUEST, detail="the upload takes too long") from None
        self._received_bytes += len(message.get("body", b""))
        self._is_received = not message.get("more_body", False)
        if self._received_bytes > self._max_bytes:
            self._is_too_much = True
            raise self._limits.refusal(self._path)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
            if self._is_too_much:
                headers["Connection"] = "close"
        elif self._is_too_much and not message.get("more_body", False):
            # Closed at once, the connection would be reset while the other side is still sending, and many a client
            # then never reads the answer.
            await self._send({**message, "more_body": True})
            await self._drop_the_rest()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _drop_the_rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.linger_s):
                while (await self._receive()).get("more_body", False):
                    pass
