"""A whole bot without channels and GPU: the real services over a real database, scripted at its edges only."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.app.core import Core, Outside, Rules, assemble
from bot.domain.credits import Limit
from bot.domain.job import END_STATES, Job, JobState, Origin, Requester
from bot.service.lifecycle import Lifecycle
from bot.service.limits import QueueLimits
from bot.service.quotas import QuotaLimits
from bot.service.retention import KeepRules
from bot.service.roles import Roles
from bot.service.services import Services
from bot.service.views import Circumstances, IncomingRequest, JobView
from bot.service.worker import RenderPlan
from bot.store import jobs
from bot.store.checks import broken_promises
from bot.store.database import Database
from bot.store.files import JobFiles
from bot.store.milestones import Reach, nobody_listens
from generation.errors import ErrorCode, PictureRejected
from generation.models import CAMERA
from generation.picture import Picture
from tests.loopback.clock import FixedClock
from tests.loopback.scripted_channel import ScriptedChannel
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.scripted_shrinker import ScriptedShrinker

ADMIN = Requester("scripted", "admin", "Ada")
ORIGIN = Origin("scripted")
#: So long a story waits for something that must happen.
PATIENCE_S = 20.0
#: Rules under which nothing is refused unless a test changes them.
GENEROUS = Rules(
    queue=QueueLimits(10_000, 1_000_000, 1_000_000, 0),
    quota=QuotaLimits(Limit(1_000_000_000, 0)),
    keep=KeepRules(30, 30, 0),
    roles=Roles(frozenset({ADMIN.id})),
    give_up_after_s=86_400,
    max_picture_bytes=1_000,
)


class InstantDecoder:
    """Takes any bytes for the same small picture; ``broken`` for none."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.decoded = 0

    async def decode(self, data: bytes) -> Picture:
        self.decoded += 1
        if data == b"broken":
            raise PictureRejected(ErrorCode.PICTURE_BROKEN)
        return self.picture


@dataclass
class House:
    """The bot at work, and its edges in the test's hands."""

    core: Core
    database: Database
    files: JobFiles
    renderer: ScriptedRenderer
    channel: ScriptedChannel
    clock: FixedClock
    decoder: InstantDecoder
    lifecycle: Lifecycle
    shrinker: ScriptedShrinker = field(default_factory=ScriptedShrinker)
    people: dict[str, Requester] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        return self.core.services

    def person(self, name: str) -> Requester:
        return self.people.setdefault(name, Requester("scripted", name, name.title()))

    async def ask(self, name: str, prompt: str = "draw", key: str = "", place: str = "", **options: str) -> JobView:
        """Have a person ask for a video."""
        request = IncomingRequest(b"a picture", prompt, options, key=key)
        return await self.services.intake.submit(self.person(name), replace(ORIGIN, place=place), request)

    async def ask_in(self, name: str, place: str, circumstances: Circumstances) -> JobView:
        """Have a person ask for a video in a place, in one of its rooms or with a role."""
        request = IncomingRequest(b"a picture", "draw", circumstances=circumstances)
        return await self.services.intake.submit(self.person(name), replace(ORIGIN, place=place), request)

    async def job(self, job_id: str) -> Job | None:
        return await self.database.read(lambda tx: jobs.find(tx, job_id))

    async def until(self, job_id: str, *states: JobState) -> Job:
        """Wait until a job is in one of the states, or without any until it has ended and its person knows."""
        with self.services.board.subscribe(None) as changes:
            while True:
                async with asyncio.timeout(PATIENCE_S):
                    job = await self.job(job_id)
                    assert job is not None
                    if job.state in (states or END_STATES):
                        return job
                    await changes.changed()

    async def admin(self, command: str, **arguments: str) -> Mapping[str, object]:
        """Run an admin command and return its data."""
        names = {name.replace("_", "-"): value for name, value in arguments.items()}
        answer = await self.services.admin.run(ADMIN, command, names)
        return {"message": answer.message, "data": answer.data}

    async def broken_promises(self) -> list[str]:
        """Return every promise about rows and credits that does not hold."""
        return await self.database.read(lambda tx: list(broken_promises(tx)))


@asynccontextmanager
async def open_house(
    folder: Path,
    picture: Picture,
    *,
    rules: Rules = GENEROUS,
    renderer: ScriptedRenderer | None = None,
    channel: ScriptedChannel | None = None,
    clock: FixedClock | None = None,
    works: bool = True,
    grace_s: float = 0.0,
    reach: Reach = nobody_listens,
    hurry: asyncio.Event | None = None,
) -> AsyncIterator[House]:
    """Give a bot over ``folder``; the same folder again is the same bot after a restart.

    ``works=False``: nothing is rendered and delivered, so that what waits stays.
    """
    renderer, channel, clock = renderer or ScriptedRenderer(), channel or ScriptedChannel(), clock or FixedClock()
    decoder, shrinker = InstantDecoder(picture), ScriptedShrinker()
    database = await asyncio.to_thread(Database.open, folder, clock.now_ms(), reach)
    files = JobFiles(folder)
    outside = Outside(
        database=database,
        files=files,
        decoder=decoder,
        renderer=renderer,
        plan=RenderPlan(CAMERA, renderer.capabilities, 10_000_000),
        channels={channel.name: channel},
        clock=clock,
        monotonic_s=lambda: clock.now_ms() / 1000,
        reach=reach,
        shrinker=shrinker,
    )
    core = await assemble(outside, rules)
    lifecycle = Lifecycle(core.machinery, hurry)
    if works:
        await lifecycle.start()
    else:
        await core.machinery.queue.load()
    try:
        yield House(core, database, files, renderer, channel, clock, decoder, lifecycle, shrinker)
    finally:
        await lifecycle.finish_work(grace_s)
        await lifecycle.stop()
        await database.close()
