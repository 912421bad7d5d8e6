"""Starts everything that runs by itself in the right order, and stops it so that nothing accepted is lost."""

import asyncio
from dataclasses import dataclass

import structlog

from bot.service.admission import Admission
from bot.service.board import Board
from bot.service.delivery import Delivery
from bot.service.fair_queue import FairQueue
from bot.service.intake import Intake
from bot.service.lanes import Lanes
from bot.service.retention import Retention
from bot.service.worker import Worker

log = structlog.get_logger(__name__)

#: So long the last answers may take when everything else has stopped.
_LAST_ANSWERS_S = 5.0


@dataclass(frozen=True, slots=True)
class Machinery:
    """What runs by itself."""

    queue: FairQueue
    board: Board
    admission: Admission
    intake: Intake
    worker: Worker
    lanes: Lanes
    delivery: Delivery
    retention: Retention


class Lifecycle:
    """One run of the machinery."""

    def __init__(self, machinery: Machinery, hurry: asyncio.Event | None = None) -> None:
        self._m, self._hurry = machinery, hurry or asyncio.Event()
        self._lanes: asyncio.Task[None] | None = None
        self._delivery: asyncio.Task[None] | None = None
        self._retention: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Put back what a crash left running, delete its stray files, and begin to work."""
        await self._m.worker.recover()
        await self._m.retention.sweep()
        await self._m.queue.load()
        self._lanes = asyncio.create_task(self._m.lanes.run(), name="lanes")
        self._delivery = asyncio.create_task(self._m.delivery.run(), name="delivery")
        self._retention = asyncio.create_task(self._m.retention.run(), name="retention")

    async def failure(self) -> None:
        """Wait until a part ends that should not, and raise what it raised."""
        parts = [part for part in (self._lanes, self._delivery, self._retention) if part is not None]
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()
            raise RuntimeError(f"{part.get_name()} ended by itself")

    async def finish_work(self, grace_s: float) -> None:
        """Take nothing new; let running jobs finish for ``grace_s``, or until it hurries, then put them back."""
        self._m.admission.stop()
        self._m.lanes.stop()
        if self._lanes is not None:
            await self._unless_hurried(self._lanes, grace_s)
            self._m.lanes.give_up()
            await asyncio.wait((self._lanes,))
        await self._m.intake.settle()
        await self._m.worker.recover()  # a job that was claimed in the very moment of the stop

    async def stop(self) -> None:
        """Send the last answers that can be sent now, and end; work that is still under way is put back first."""
        self._m.admission.stop()
        if self._lanes is not None and not self._lanes.done():
            self._m.lanes.give_up()
            await asyncio.wait((self._lanes,))
        await self._m.intake.settle()
        if self._retention is not None:
            self._retention.cancel()
            await asyncio.wait((self._retention,))
        if self._delivery is not None:
            self._m.delivery.stop()
            await self._unless_hurried(self._delivery, _LAST_ANSWERS_S)
            self._delivery.cancel()
            await asyncio.wait((self._delivery,))
        self._m.board.close()
        for part in (self._lanes, self._delivery):
            if part is not None and not part.cancelled() and part.exception() is not None:
                log.error("a part had failed", part=part.get_name(), reason=repr(part.exception()))

    async def _unless_hurried(self, part: asyncio.Task[None], timeout_s: float) -> None:
        """Give a part so long to end by itself, or less once it hurries."""
        hurrying = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((part, hurrying), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
