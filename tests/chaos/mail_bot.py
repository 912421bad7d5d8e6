"""A bot that lives by letters, and is killed: a platform that is a file, with the real inbox, services and database.

Each line of the file is an update. Beside it stands how many of them were confirmed: the others are sent again.
"""

import asyncio
import json
from functools import partial
from pathlib import Path

from bot.domain.job import Origin, Requester
from bot.service.clock import SystemClock
from bot.service.inbox import NewUpdate
from bot.service.mailroom import Mailroom
from bot.service.services import Services
from bot.service.views import IncomingRequest
from bot.store.milestones import Reach
from config.settings import Settings
from tests.chaos.chat_bot import live_in_chat
from tests.loopback.scripted_channel import ScriptedChannel

CHANNEL = "mail"
ANNA = Requester(CHANNEL, "anna", "Anna")
_OLD_PLACE, NEW_PLACE = "mail:old", "mail:new"
_AT_ONCE = 2  # updates that the platform hands over together


def confirmed_path(updates: Path) -> Path:
    return updates.with_suffix(".confirmed")


class MailAdapter:
    """Takes updates from the file, and does what they say."""

    def __init__(self, updates: Path) -> None:
        self.channel = ScriptedChannel(CHANNEL)
        self._updates = updates

    async def run(self, services: Services) -> None:
        room = Mailroom(services.inbox, CHANNEL, partial(self._handle, services))
        async with asyncio.TaskGroup() as work:
            work.create_task(room.run())
            work.create_task(self._receive(room))

    async def _receive(self, room: Mailroom) -> None:
        sent = [NewUpdate(n, "anna", line) for n, line in enumerate(self._updates.read_text().splitlines(), 1)]
        confirmed = confirmed_path(self._updates)
        start = int(confirmed.read_text()) if confirmed.exists() else 0
        while start < len(sent):
            await room.take(sent[start : start + _AT_ONCE])
            start += _AT_ONCE
            part = confirmed.with_suffix(".part")  # it may be killed while it writes: the platform forgets nothing
            part.write_text(str(start))
            part.replace(confirmed)

    async def _handle(self, services: Services, number: int, body: str) -> bool:
        match json.loads(body):
            case ["ask", prompt]:
                request = IncomingRequest(b"a picture", prompt, key=f"m{number}")
                await services.intake.submit(ANNA, Origin(CHANNEL, _OLD_PLACE), request)
            case ["change", asked, prompt]:
                await services.intake.revise(ANNA, f"m{asked}", prompt, {})
            case ["note", text]:
                await services.notebook.keep(CHANNEL, "a question", ANNA.id, text)
            case ["move"]:
                await services.places.moved(_OLD_PLACE, NEW_PLACE)
            case ["cancel", prompt]:
                for view in await services.jobs.latest(ANNA, 100):
                    if view.job.prompt == prompt and not view.job.is_over:
                        await services.jobs.cancel(ANNA, view.job.id)
        return True


async def live_by_mail(settings: Settings, updates: str, reach: Reach) -> None:
    """Be a bot to whom the updates of a file are sent, until SIGTERM."""
    await live_in_chat(settings, MailAdapter(Path(updates)), SystemClock(), reach, render_s=0.0)
