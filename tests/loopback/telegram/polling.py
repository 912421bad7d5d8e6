"""Polling: getUpdates as Telegram answers it, at once or when something comes, and to one caller only."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.loopback.changes import NeverHappened

from .call import Call
from .errors import OTHER_POLLER, WEBHOOK_IS_ON, ApiError
from .world import World

Json = dict[str, Any]

_MAX_TIMEOUT_S = 50
_MAX_UPDATES = 100


@dataclass(eq=False)
class Polling:
    world: World
    _current: asyncio.Future[ApiError | None] | None = field(default=None, repr=False)

    async def get_updates(self, call: Call, *, has_webhook: bool) -> list[Json]:
        """What waits, or, within the timeout, what comes. ApiError 409 where somebody else asks meanwhile."""
        if has_webhook:
            raise WEBHOOK_IS_ON
        self.end(OTHER_POLLER)
        mine = self._current = asyncio.get_running_loop().create_future()
        updates = self.world.updates
        if "allowed_updates" in call.parameters:
            updates.allowed = call.list("allowed_updates")
        updates.confirm(call.number("offset"))
        limit = call.number("limit") or _MAX_UPDATES
        try:
            await self._until_something(mine, min(call.number("timeout"), _MAX_TIMEOUT_S))
            reason = mine.result() if mine.done() else None
            if reason is not None:
                raise reason
            return updates.serve(limit)
        finally:
            if self._current is mine:
                self._current = None

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for updates at this moment."""
        return self._current is not None

    def end(self, reason: ApiError | None) -> None:
        """Answer whoever waits now: with an error, or with what there is."""
        if self._current is not None and not self._current.done():
            self._current.set_result(reason)
            self.world.changes.notify()

    async def _until_something(self, ended: asyncio.Future[ApiError | None], timeout_s: float) -> None:
        if self.world.updates.waiting or timeout_s <= 0:
            return
        with suppress(NeverHappened):
            await self.world.changes.until(lambda: ended.done() or self.world.updates.waiting, limit_s=timeout_s)
