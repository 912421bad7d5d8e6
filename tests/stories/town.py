"""The town: one bot at work, the channel on which people meet it, and what a story may do to both."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.app.core import Outside, Rules, assemble
from bot.domain.job import Job, JobState
from bot.service.delivery import Answer, Channel, TryLater
from bot.service.lifecycle import Lifecycle
from bot.service.roles import Roles
from bot.service.worker import RenderPlan
from bot.store import jobs
from bot.store.checks import broken_promises
from bot.store.database import Database
from bot.store.files import JobFiles
from bot.store.milestones import Change
from generation.models import CAMERA
from generation.picture import Picture
from generation.request import ImageToVideoRequest
from tests.loopback.clock import FixedClock
from tests.loopback.expect import eventually
from tests.loopback.house import PATIENCE_S, InstantDecoder
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.scripted_shrinker import ScriptedShrinker
from tests.stories.driver import Street
from tests.stories.people import Ask, Person

_MAX_VIDEO_BYTES = 10_000_000


class WayBack:
    """A channel's delivery side, which a story can shut."""

    def __init__(self, channel: Channel, town: "Town") -> None:
        self._channel, self._town = channel, town

    @property
    def name(self) -> str:
        return self._channel.name

    async def deliver(self, answer: Answer) -> None:
        if self._town.is_cut_off:
            self._town.was_tried.set()
            raise TryLater
        await self._channel.deliver(answer)

    async def take_back(self, job: Job) -> None:
        await self._channel.take_back(job)


class Town:
    """The bot with a real database and real services; only the renderer is scripted, by the first word of a prompt."""

    def __init__(
        self,
        folder: Path,
        street: Street,
        picture: Picture,
        clock: FixedClock,
        rules: Rules,
        renderer: ScriptedRenderer,
    ) -> None:
        self._folder, self._street, self._picture, self._clock = folder, street, picture, clock
        self._rules = replace(rules, roles=Roles(frozenset({street.admin})))
        self._stack = AsyncExitStack()
        self.renderer = renderer
        self.is_cut_off = False  # nothing can be delivered until the next start
        self.was_tried = asyncio.Event()  # in vain
        self.files = JobFiles(folder)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, street: Street, picture: Picture, clock: FixedClock, rules: Rules, renderer: ScriptedRenderer
    ) -> AsyncIterator["Town"]:
        town = cls(folder, street, picture, clock, rules, renderer)
        await town.starts()
        try:
            yield town
            assert await town.broken_promises() == []
        finally:
            town.renderer.release()
            await town.stops()

    async def person(self, name: str) -> Person:
        return Person(name, await self._street.door(name), self.ended)

    async def starts(self) -> None:
        async with AsyncExitStack() as stack:
            self.database = await asyncio.to_thread(Database.open, self._folder, self._clock.now_ms())
            stack.push_async_callback(self.database.close)
            life = self._street.new_life()
            core = await assemble(self._outside(WayBack(life.channel, self)), self._rules)
            lifecycle = Lifecycle(core.machinery)
            stack.push_async_callback(lifecycle.stop)
            stack.push_async_callback(lifecycle.finish_work, 0)
            await lifecycle.start()
            await stack.enter_async_context(life.serve(core.services))
            self._stack = stack.pop_all()

    async def stops(self) -> None:
        await self._stack.aclose()

    async def restarts(self) -> None:
        """Stop as a service manager stops the bot, and start it again; nothing holds renders any more."""
        await self.stops()
        await self._comes_back()

    async def dies(self) -> None:
        """Be killed, and start again with what was on the disk in that moment."""
        self.is_cut_off = True
        next_folder = self._folder.with_name(f"{self._folder.name}-again")
        # Inside a transaction, so that nothing is written meanwhile.
        await self.database.write(Change.ADMIN, lambda _: shutil.copytree(self._folder, next_folder))
        await self.stops()  # which puts in order what nobody looks at any more
        self._folder = next_folder
        await self._comes_back()

    async def _comes_back(self) -> None:
        self.files, self.is_cut_off = JobFiles(self._folder), False
        self.renderer = type(self.renderer)()
        self.renderer.release()
        await self.starts()

    async def loses_picture(self, ask: Ask) -> None:
        """Delete what a job was made of, as retention does after its time."""
        self.files.delete_pictures(ask.job)

    async def renderings(self, count: int) -> list[ImageToVideoRequest]:
        """Wait until so many renders have begun, and return what they are to make."""
        async with asyncio.timeout(PATIENCE_S):
            await self.renderer.began(count)
        return self.renderer.seen

    async def ended(self, job_id: str) -> None:
        """Wait until the bot has taken down that a job is over: a moment after people see it."""

        async def is_over() -> bool:
            job = await self.database.read(lambda tx: jobs.find(tx, job_id))
            return job is None or job.is_over

        await eventually(is_over)

    async def accepted(self) -> int:
        """Return how many jobs there are."""
        return len(await self.database.read(lambda tx: jobs.in_states(tx, list(JobState))))

    async def broken_promises(self) -> list[str]:
        """Return every promise about rows and credits that does not hold."""
        return await self.database.read(lambda tx: list(broken_promises(tx)))

    async def until_tried_in_vain(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.was_tried.wait()

    def _outside(self, way_back: Channel) -> Outside:
        return Outside(
            database=self.database,
            files=self.files,
            decoder=InstantDecoder(self._picture),
            renderer=self.renderer,
            plan=RenderPlan(CAMERA, self.renderer.capabilities, _MAX_VIDEO_BYTES),
            channels={way_back.name: way_back},
            clock=self._clock,
            monotonic_s=lambda: self._clock.now_ms() / 1000,
            shrinker=ScriptedShrinker(),
        )
