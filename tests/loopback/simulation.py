"""A whole bot in simulated time: it lives, is restarted, dies anywhere, and every commit is looked at."""

import asyncio
import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.app.core import Core, Outside, Rules, assemble
from bot.domain.job import JobState
from bot.service.delivery import Answer, GoneForGood, TryLater
from bot.service.lifecycle import Lifecycle
from bot.service.worker import RenderPlan
from bot.store.database import Database
from bot.store.files import JobFiles
from generation.client import NO_LISTENER, RenderListener
from generation.models import CAMERA
from generation.picture import Picture
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.clock import FixedClock
from tests.loopback.commit_watch import CommitWatch
from tests.loopback.house import House, InstantDecoder
from tests.loopback.ledger_model import LedgerModel, Terms
from tests.loopback.scripted_channel import ScriptedChannel
from tests.loopback.scripted_renderer import ScriptedRenderer
from tests.loopback.simulated_loop import Killed, SimulatedLoop

#: So long, in simulated seconds, everything takes that need not wait for a clock or a platform.
REST_S = 100.0
_TIMES_S = (0.0, 0.000_1, 0.002, 0.01)


class SlowRenderer(ScriptedRenderer):
    """The scripted renderer, which takes its time."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random
        self.at_work = 0

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        self.at_work += 1
        try:
            await asyncio.sleep(self._random.choice(_TIMES_S))
            video = await super().render(request, out=out, max_bytes=max_bytes, listener=listener)
            await asyncio.sleep(self._random.choice(_TIMES_S))
            return video
        finally:
            self.at_work -= 1


@dataclass
class Platform:
    """What people see, over all lives of the bot."""

    random: Random
    arrived: defaultdict[str, list[tuple[JobState, bool]]] = field(default_factory=lambda: defaultdict(list))
    gone: set[str] = field(default_factory=set)  # jobs whose people cannot be reached, or were given up
    next: deque[str] = field(default_factory=deque)  # what becomes of the next answers
    lost: set[str] = field(default_factory=set)  # jobs whose video somebody deleted
    forgotten: set[str] = field(default_factory=set)  # jobs of people who have asked for that
    problems: list[str] = field(default_factory=list)


class SlowChannel(ScriptedChannel):
    """The way to the platform in one life of the bot."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform

    async def deliver(self, answer: Answer) -> None:
        platform, job = self._platform, answer.job
        await asyncio.sleep(platform.random.choice(_TIMES_S))
        fate = platform.next.popleft() if platform.next else "arrives"
        if fate == "later":
            raise TryLater(platform.random.choice((None, 1.0, 700.0)))
        if fate == "gone":
            platform.gone.add(job.id)
            raise GoneForGood("blocked")
        if fate == "bug":
            raise ZeroDivisionError("a bug in the channel")
        is_lost = answer.video is None or not answer.video.exists()
        if job.state is JobState.RENDERED and is_lost and job.id not in platform.lost | platform.forgotten:
            platform.problems.append(f"the video of {job.id} is not there")
        arrived = platform.arrived[job.id]
        if arrived and not answer.in_doubt:
            platform.problems.append(f"the end of {job.id} was told twice as if it were new")
        arrived.append((job.state, answer.in_doubt))
        await asyncio.sleep(platform.random.choice(_TIMES_S))
        if fate == "perhaps":
            raise TryLater(may_have_arrived=True)


@dataclass
class Life:
    """One process of the bot."""

    house: House
    renderer: SlowRenderer
    loop: SimulatedLoop


class Simulation:
    """The data folder, the platform and the time that outlive the bot's processes."""

    def __init__(self, folder: Path, picture: Picture, rules: Rules, random: Random) -> None:
        self.folder, self.picture, self.rules, self.random = folder, picture, rules, random
        self.clock = FixedClock()
        self.platform = Platform(random)
        quota = rules.quota
        terms = [limit and Terms(limit.cap_mcr, limit.per_day_mcr) for limit in (quota.place, quota.everyone)]
        ledger = LedgerModel(Terms(quota.person.cap_mcr, quota.person.per_day_mcr), *terms)
        self.watch = CommitWatch(
            folder, rules, ledger, lost_videos=self.platform.lost, forgotten=self.platform.forgotten
        )
        self.die_at: str | None = None  # a milestone
        self.failing_commits: Counter[str] = Counter()  # so many of the next ones of a kind
        self._now_s = 0.0
        self._database: Database | None = None

    def live(self, story: Callable[[Life], "asyncio.Future[None] | object"]) -> bool:
        """Start the bot, let ``story`` run and stop; False where the bot was killed before the end."""
        loop = SimulatedLoop(self.random, self._now_s)
        unexpected: list[str] = []
        loop.set_exception_handler(lambda _, context: unexpected.append(str(context)))
        try:
            loop.run_until_complete(self._live(loop, story))
        except asyncio.CancelledError:
            if not loop.is_dead:
                raise
        finally:
            is_dead, self.die_at = loop.is_dead, None
            self.failing_commits.clear()
            loop.is_dead = True
            loop.bury()
            self._now_s = loop.time()
            if self._database is not None:
                self._database._close()
                self._database = None
            self.watch.close()
        self.require(not unexpected or is_dead, f"{unexpected}")
        return not is_dead

    def require(self, is_so: object, problem: str) -> None:
        problems = [*self.watch.problems, *self.platform.problems]
        assert not problems, "\n".join(problems)
        assert is_so, problem

    async def _live(self, loop: SimulatedLoop, story: Callable[[Life], object]) -> None:
        def reach(milestone: str) -> None:
            self.watch.reached(milestone)
            if self.failing_commits[milestone] > 0:
                self.failing_commits[milestone] -= 1
                full = sqlite3.OperationalError("database or disk is full")
                full.sqlite_errorname = "SQLITE_FULL"
                raise full
            if milestone == self.die_at:
                loop.die()
                raise Killed

        renderer = SlowRenderer(self.random)
        channel = SlowChannel(self.platform)
        self._database = Database.open(self.folder, self.clock.now_ms(), reach)
        decoder = InstantDecoder(self.picture)
        files = JobFiles(self.folder)
        outside = Outside(
            database=self._database,
            files=files,
            decoder=decoder,
            renderer=renderer,
            plan=RenderPlan(CAMERA, renderer.capabilities, 10_000_000),
            channels={channel.name: channel},
            clock=self.clock,
            monotonic_s=loop.time,
            reach=reach,
        )
        self.watch.half_done.clear()
        core: Core = await assemble(outside, self.rules)
        lifecycle = Lifecycle(core.machinery)
        await lifecycle.start()
        house = House(core, self._database, files, renderer, channel, self.clock, decoder, lifecycle)
        life = Life(house, renderer, loop)
        await self.rest(life)
        await story(life)  # type: ignore[misc]
        self.failing_commits.clear()
        await lifecycle.finish_work(self.random.choice((0.0, 0.01, 5.0)))
        await lifecycle.stop()
        await self._database.close()
        self._database = None

    async def rest(self, life: Life) -> None:
        """Let the bot do all that it can do now, and look whether everything is where it belongs."""
        await asyncio.sleep(REST_S)
        house, rows = life.house, self.watch.rows
        wrong = self.watch.broken_promises()
        self.require(not wrong, wrong)
        for part in (house.lifecycle._lanes, house.lifecycle._delivery, house.lifecycle._retention):
            if part is not None and part.done():
                part.result()
                self.require(False, f"{part.get_name()} ended by itself")
        running = {row["id"] for row in rows.values() if row["state"] == "running"}
        self.require(len(running) == life.renderer.at_work, f"{running} run, {life.renderer.at_work} renders do")
        self.require(life.renderer.at_work <= self.rules.slots, "more at once than there are slots")
        await self._compare_queue(life, running)
        self._compare_files(running)
        self.watch.half_done |= {job_id for job_id in running if rows[job_id]["prompt"] == "half"}

    async def _compare_queue(self, life: Life, running: set[str]) -> None:
        queue, jobs = life.house.services.queue, self.watch.rows
        waiting = [row for row in jobs.values() if row["state"] == "queued"]
        view = queue.view()
        self.require((view.waiting, view.running) == (len(waiting), len(running)), f"{view}: {len(waiting)}, {running}")
        can_work = not view.paused and view.ready
        self.require(not waiting or not can_work or len(running) == self.rules.slots, f"{waiting} wait, a lane is free")
        for person in {row["requester"] for row in waiting}:
            mine = {row["id"] for row in waiting if row["requester"] == person}
            self.require(queue.waiting_of(person) == mine, f"{person} waits with {mine}")
        if not waiting:
            return
        ahead = {}
        for row in waiting:
            job = await life.house.job(row["id"])
            assert job is not None
            ahead[row["id"]] = queue.view_of(job).ahead
        order = self.watch.claim_order(self.clock.now_ms())
        right = {job_id: place for place, job_id in enumerate(order)}
        self.require(ahead == right, f"shown places {ahead}, jobs go {right}")

    def _compare_files(self, running: set[str]) -> None:
        found = {
            str(path.relative_to(self.folder))
            for part in ("pictures", "videos")
            for path in (self.folder / part).iterdir()
        }
        wanted = set()
        for row in self.watch.rows.values():
            if row["has_picture"]:
                wanted.add(f"pictures/{row['id']}.png")
            if row["has_video"]:
                wanted |= {f"videos/{row['id']}.mp4", f"videos/{row['id']}.jpg"}
            if row["id"] in self.watch.lost_videos:
                wanted.discard(f"videos/{row['id']}.mp4")
        arriving = {f"videos/{job_id}.mp4" for job_id in running}
        self.require(found - arriving == wanted, f"files: {found - arriving ^ wanted}")
