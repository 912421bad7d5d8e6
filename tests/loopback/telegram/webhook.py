"""Webhook: updates are sent to the bot's own address, each again until it is taken."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from .call import Call
from .errors import bad_request
from .updates import Waiting
from .world import World

Json = dict[str, Any]

_HOSTS_HERE = ("127.0.0.1", "localhost")
_PORTS = (443, 80, 88, 8443)
_AGAIN_AFTER_S = 0.05
_ANSWER_WITHIN_S = 10.0
_DEFAULT_CONNECTIONS = 40


@dataclass(frozen=True, slots=True)
class Post:
    """One attempt to hand over an update."""

    update_id: int
    #: 0 where there was no answer.
    status: int


@dataclass(eq=False)
class Webhook:
    """With reverse_proxy set ("http://127.0.0.1:8000"), public https addresses are reached there, path unchanged."""

    world: World
    url: str = ""
    secret: str = ""
    max_connections: int = _DEFAULT_CONNECTIONS
    reverse_proxy: str = ""
    posts: list[Post] = field(default_factory=list)
    last_error: str = ""
    _last_error_s: float = 0.0
    _lanes: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def set(self, call: Call) -> bool:
        url = call.text("url")
        parts = urlsplit(url)
        if url and not (parts.scheme == "http" and parts.hostname in _HOSTS_HERE):
            if parts.scheme != "https":
                raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
            if (parts.port or 443) not in _PORTS:
                raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        self.url, self.secret = url, call.text("secret_token")
        self.max_connections = call.number("max_connections") or _DEFAULT_CONNECTIONS
        self.last_error = ""
        if "allowed_updates" in call.parameters:
            self.world.updates.allowed = call.list("allowed_updates")
        if call.flag("drop_pending_updates"):
            self.world.updates.drop()
        return True

    def remove(self, call: Call) -> bool:
        self.url = self.secret = ""
        if call.flag("drop_pending_updates"):
            self.world.updates.drop()
        return True

    def info(self) -> Json:
        body: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates.waiting),
        }
        if self.url:
            body["max_connections"] = self.max_connections
        if self.last_error:
            body |= {"last_error_date": int(self._last_error_s), "last_error_message": self.last_error}
        return body

    async def run(self) -> None:
        """Hand over what comes: each chat in order, chats beside each other; until cancelled."""
        async with ClientSession(timeout=ClientTimeout(total=_ANSWER_WITHIN_S)) as session:
            try:
                while True:
                    await self.world.changes.until(self._next, limit_s=float("inf"))
                    lane, one = self._next() or ("", None)
                    if one is not None:
                        self._lanes[lane] = asyncio.create_task(self._hand_over(session, lane, one))
            finally:
                for task in self._lanes.values():
                    task.cancel()
                await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    def _next(self) -> tuple[str, Waiting] | None:
        if not self._target or len(self._lanes) >= self.max_connections:
            return None
        waiting = ((_lane(one.update), one) for one in self.world.updates.waiting)
        return next((pair for pair in waiting if pair[0] not in self._lanes), None)

    @property
    def _target(self) -> str:
        parts = urlsplit(self.url)
        if parts.hostname in _HOSTS_HERE:
            return self.url
        # Nothing is sent to a host that is not this one.
        return self.reverse_proxy.rstrip("/") + parts.path if self.url and self.reverse_proxy else ""

    async def _hand_over(self, session: ClientSession, lane: str, one: Waiting) -> None:
        try:
            status = await self._post(session, one.update)
            self.posts.append(Post(one.number, status))
            if 200 <= status < 300:
                self.world.updates.done(one)
            else:
                self.last_error = f"Wrong response from the webhook: {status}" if status else "Connection refused"
                self._last_error_s = self.world.clock()
                await asyncio.sleep(_AGAIN_AFTER_S)
        finally:
            del self._lanes[lane]
            self.world.changes.notify()

    async def _post(self, session: ClientSession, update: Json) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        try:
            async with session.post(self._target, json=update, headers=headers, allow_redirects=False) as response:
                await response.read()
                return response.status
        except (ClientError, OSError, TimeoutError):
            return 0


def _lane(update: Json) -> str:
    body = next(value for name, value in update.items() if name != "update_id")
    chat = (body.get("message") or body).get("chat") or {}
    return str(chat.get("id") or update["update_id"])
