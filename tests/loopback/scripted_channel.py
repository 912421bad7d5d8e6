"""ScriptedChannel: a platform that takes answers, or does what a test has written down for the next ones."""

import asyncio
from collections import deque

from bot.domain.job import Job, JobState
from bot.service.delivery import Answer


class ScriptedChannel:
    """Keeps every answer that arrived. ``next_errors`` are raised first, one a call."""

    def __init__(self, name: str = "scripted") -> None:
        self.name = name
        self.calls: list[Answer] = []  # every try
        self.arrived: list[Answer] = []  # those that were taken
        self.taken_back: list[Job] = []
        self.next_errors: deque[BaseException] = deque()
        self._changed = asyncio.Condition()

    async def deliver(self, answer: Answer) -> None:
        async with self._changed:
            self.calls.append(answer)
            if not self.next_errors:
                assert answer.job.state is not JobState.RENDERED or (answer.video and answer.video.exists())
                self.arrived.append(answer)
            self._changed.notify_all()
        if self.next_errors:
            raise self.next_errors.popleft()

    async def take_back(self, job: Job) -> None:
        self.taken_back.append(job)
        if self.next_errors:
            raise self.next_errors.popleft()

    async def called(self, count: int) -> None:
        """Wait until ``deliver`` was called so often."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.calls) >= count)
