"""The server in a thread and loop of its own, for tests that block or measure."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from .server import LoopbackTelegram

Result = TypeVar("Result")

_START_LIMIT_S = 10.0


class TelegramInThread:
    """Everything about it is done in its own loop: by do() for a function, by run() for a coroutine."""

    def __init__(self, clock: Callable[[], float] = time.time, *, local_folder: Path | None = None) -> None:
        self._clock = clock
        self._local_folder = local_folder
        self._opened: Future[LoopbackTelegram] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="loopback-telegram", daemon=True
        )
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self._opened.result(_START_LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def telegram(self) -> LoopbackTelegram:
        """For reading only."""
        return self._opened.result(0)

    def do(self, action: Callable[[LoopbackTelegram], Result]) -> Result:
        """The result of a function that runs in the server's loop."""

        async def act() -> Result:
            return action(self.telegram)

        return self.run(act())

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """The result of a coroutine that runs in the server's loop; this thread waits."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def run_from(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """The same for a caller that has a loop of its own, which goes on meanwhile."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with LoopbackTelegram.open(self._clock, local_folder=self._local_folder) as telegram:
            self._opened.set_result(telegram)
            await self._stop.wait()
