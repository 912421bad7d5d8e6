"""ScriptedPainter: a platform that takes down how each status message is edited, or refuses as a test has written."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain import chat_words as words
from bot.domain.job import Job, JobState
from bot.domain.refusals import Refused
from bot.service.services import Services
from bot.service.status_message import Budget, StatusMessage
from bot.service.views import JobView

NETWORK_S = 0.1


@dataclass(frozen=True)
class Edit:
    """One edit of a message, as the platform sees it."""

    at_s: float
    address: str
    job_id: str
    text: str


@dataclass(eq=False)
class ScriptedPainter:
    """Shows prompt, place and progress. An address is a chat and a number: ``quay/7``."""

    services: Services
    chat_every_s: Callable[[str], float | None] = lambda chat: None
    channel: str = "scripted"
    edits: list[Edit] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)  # for the next edits, one each
    refusal: Exception | None = None  # for every edit
    gave_way: list[str] = field(default_factory=list)
    is_there: asyncio.Event = field(default_factory=asyncio.Event)
    network: asyncio.Event = field(default_factory=asyncio.Event)  # not set: an edit that has begun does not arrive

    def __post_init__(self) -> None:
        self.is_there.set()
        self.network.set()

    def address_of(self, job: Job) -> str:
        return job.origin.address

    def budget(self, message: StatusMessage[str]) -> Budget | None:
        chat = message.address.partition("/")[0]
        every_s = self.chat_every_s(chat)
        return None if every_s is None else Budget(chat, every_s)

    async def until_ready(self) -> None:
        await self.is_there.wait()

    def give_way(self, message: StatusMessage[str]) -> None:
        self.gave_way.append(message.address)

    async def paint(self, message: StatusMessage[str]) -> bool:
        try:
            view = await self.services.jobs.get(message.requester, message.job_id)
        except Refused:
            return False
        if view.job.state not in (JobState.QUEUED, JobState.RUNNING):
            return False
        message.is_waiting = view.job.state is JobState.QUEUED
        text = _text(view)
        if text == message.shown:
            return True
        loop = asyncio.get_running_loop()
        message.edited_s = loop.time()
        self.edits.append(Edit(loop.time(), message.address, view.job.id, text))
        await asyncio.sleep(NETWORK_S)
        await self.network.wait()
        if self.errors:
            raise self.errors.pop(0)
        if self.refusal is not None:
            raise self.refusal
        message.edited_s, message.shown = loop.time(), text
        return True

    def of(self, address: str) -> list[Edit]:
        """Return the edits of one message."""
        return [edit for edit in self.edits if edit.address == address]


def _text(view: JobView) -> str:
    if view.render is None:
        return f"{view.job.prompt}: {words.place_in_queue(view.ahead)}"
    return f"{view.job.prompt}: {words.progress_bar(view.render.step, view.render.steps)}"
