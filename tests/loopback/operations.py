"""What people, admins and the world may do to a bot in a simulation: drawn at random, told in one line each."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType

from bot.domain.job import END_STATES, JobState, Requester
from bot.domain.refusals import Refused
from bot.service.views import IncomingRequest, JobView
from bot.store.errors import StoreError
from bot.store.milestones import MILESTONES, Change, before_commit
from generation.errors import GenerationError
from tests.loopback.house import ADMIN, ORIGIN
from tests.loopback.ledger_model import Terms
from tests.loopback.simulation import Life, Simulation

_PEOPLE = ("ann", "bob", "cid", "dan")
_PLACES = ("", "", "scripted:club")
_WORDS = (
    *("draw",) * 6,
    *("hold",) * 4,
    *("half", "half", "still", "linger", "linger", "lost", "lost-once", "busy-once"),
    *("refuse", "encode", "encode-once", "unavailable-once", "bug"),
)
_SIZES: tuple[Mapping[str, str], ...] = ({}, {}, {"seconds": "1"}, {"preset": "fast"}, {"seconds": "10"})
_FATES = ("later", "perhaps", "gone", "bug")
#: What a bot commits all the time.
_OFTEN = (
    *(Change.ACCEPT, Change.REVISE, Change.CLAIM, Change.REQUEUE, Change.RENDERED, Change.FAIL, Change.CANCEL),
    *(Change.DELIVERED, Change.DELIVERED, Change.TOLD, Change.POSTPONE, Change.FORGET, Change.EXPIRE, Change.ADMIN),
)
#: What may be drawn, and how often.
_WEIGHTS = MappingProxyType(
    {
        "submit": 30,
        "submit broken": 2,
        "submit too much": 1,
        "submit twice at once": 3,
        "submit again": 5,
        "revise": 6,
        "revise twice at once": 2,
        "go away": 3,
        "cancel": 10,
        "cancel twice at once": 3,
        "cancel a stranger's": 1,
        "admin cancel": 3,
        "promote": 12,
        "retry": 3,
        "pause": 2,
        "resume": 4,
        "drain": 1,
        "grant": 3,
        "set limit": 2,
        "ban": 2,
        "unban": 2,
        "forget": 3,
        "report": 2,
        "expire": 3,
        "the clock moves": 5,
        "release": 4,
        "a video is lost": 2,
        "the platform fails": 6,
        "a commit fails": 8,
        "rest": 8,
        "restart": 3,
        "kill after calls": 6,
        "kill at milestone": 6,
    }
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that happens; ``job`` counts through the jobs so far. Not waited for: the next one comes at once."""

    name: str
    person: str
    job: int
    word: str
    place: str
    size: Mapping[str, str]
    key: str
    number: float
    milestone: str
    change: Change
    fate: str
    is_waited_for: bool
    pause_s: float  # then

    def __str__(self) -> str:
        told = {
            "submit": f"{self.person}, {self.word}, {dict(self.size)}, place {self.place!r}, key {self.key!r}",
            "kill after calls": f"{1 + abs(int(self.number * 40))}",
            "kill at milestone": self.milestone,
            "the platform fails": self.fate,
            "a commit fails": f"{self.change}, {1 + (self.number > 0.5)} times",
            "the clock moves": f"{self.number * 50_000:.0f} s",
        }.get(self.name, f"{self.person}, job {self.job}, {self.number:.2f}")
        return f"{self.name}: {told}{'' if self.is_waited_for else ' (not waited for)'}"


def draw_operation(random: Random) -> Operation:
    name = random.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))[0]
    return Operation(
        name=name,
        person=random.choice(_PEOPLE),
        job=random.choice((-1, -1, -2, -3, random.randrange(40))),
        word=random.choice(_WORDS),
        place=random.choice(_PLACES),
        size=random.choice(_SIZES),
        key=random.choice(("", "", "k1", "k2", "k3")),
        number=random.uniform(-0.3, 1.0),
        milestone=random.choice(MILESTONES),
        change=random.choice(_OFTEN),
        fate=random.choice(_FATES),
        is_waited_for=random.random() < 0.7,
        pause_s=random.choice((0.0, 0.0, 0.005, 0.05, 2.0)),
    )


class Operator:
    """Does operations in one life of the bot."""

    def __init__(self, simulation: Simulation, life: Life, accepted: dict[tuple[str, str], str]) -> None:
        self._sim, self._life, self._house = simulation, life, life.house
        self._accepted = accepted  # by person and key, the job
        self._under_way: set[asyncio.Task[None]] = set()
        self._one_command = asyncio.Lock()

    async def do(self, operation: Operation) -> None:
        """Do it, or for one that is not waited for begin it."""
        task = asyncio.create_task(self._do(operation))
        self._under_way.add(task)
        # The ledger of the test takes a command's instant from the clock.
        changes_credits = operation.name in ("grant", "set limit", "the clock moves", "expire")
        if operation.is_waited_for or changes_credits:
            await self.finish()
        await asyncio.sleep(operation.pause_s)

    async def finish(self) -> None:
        """Wait for all that was begun; raise what it raised."""
        while self._under_way:
            done, self._under_way = self._under_way, set()
            await asyncio.gather(*done)

    async def _do(self, o: Operation) -> None:
        who = self._house.person(o.person)
        job_id = self._job_id(o.job)
        jobs = self._house.services.jobs
        owner = self._owner(job_id)
        match o.name:
            case "submit":
                await self._submit(o, who)
            case "submit broken":
                await self._refused(self._house.services.intake.submit(who, ORIGIN, IncomingRequest(b"broken")))
            case "submit too much":
                await self._refused(self._house.services.intake.submit(who, ORIGIN, IncomingRequest(b"x" * 1001)))
            case "submit twice at once":
                await asyncio.gather(self._submit(o, who), self._submit(o, who))
            case "go away":  # the connection breaks while the request is taken
                task = asyncio.create_task(self._submit(o, who))
                await asyncio.sleep(abs(o.number) * 0.02)
                task.cancel()
                await asyncio.wait((task,))
            case "submit again":
                await self._may_be_refused(
                    self._house.services.intake.again(owner, replace(ORIGIN, place=o.place), job_id, {"prompt": o.word})
                )
            case "cancel":
                self._sim.watch.owner_cancels.add(job_id)
                await self._may_be_refused(jobs.cancel(owner, job_id))
            case "cancel twice at once":
                self._sim.watch.owner_cancels.add(job_id)
                await asyncio.gather(*(self._may_be_refused(jobs.cancel(owner, job_id)) for _ in range(2)))
            case "cancel a stranger's":
                await self._refused(jobs.cancel(Requester("scripted", "eve"), job_id))
            case "report":
                await self._may_be_refused(self._house.services.reports.report(who, job_id, "not nice"))
            case "forget":
                await self._may_be_refused(self._house.services.privacy.forget(who))
            case _:
                await self._do_more(o, who, job_id)

    async def _do_more(self, o: Operation, who: Requester, job_id: str) -> None:
        match o.name:
            case "revise":
                await self._revise(o, who)
            case "revise twice at once":
                await asyncio.gather(self._revise(o, who), self._revise(replace(o, word="hold"), who))
            case "admin cancel" | "promote" | "retry":
                if o.name == "admin cancel":
                    self._sim.watch.admin_cancels.add(job_id)
                await self._command(o.name.removeprefix("admin "), job=job_id)
            case "pause" | "resume" | "drain":
                await self._command(o.name)
            case "ban":
                await self._command("ban", person=who.id, reason="rude", **({"days": "0.5"} if o.number > 0.3 else {}))
            case "unban":
                await self._command("unban", person=who.id)
            case "grant" | "set limit":
                await self._change_credits(o, who)
            case _:
                await self._let_the_world(o)

    async def _let_the_world(self, o: Operation) -> None:
        match o.name:
            case "expire":
                self._sim.clock.move(86_400 * 1.5)
                await self._may_be_refused(self._house.core.machinery.retention.expire())
            case "the clock moves":
                self._sim.clock.move(o.number * 50_000)
                self._house.core.machinery.delivery.wake()
            case "a video is lost":
                rendered = [row["id"] for row in self._sim.watch.rows.values() if row["state"] == "rendered"]
                for job_id in rendered[:1]:
                    self._sim.watch.lost_videos.add(job_id)
                    self._house.files.video(job_id).unlink(missing_ok=True)
            case "release":
                self._life.renderer.release()
            case "the platform fails":
                self._sim.platform.next.append(o.fate)
            case "a commit fails":
                self._sim.failing_commits[before_commit(o.change)] += 1 + (o.number > 0.5)
            case "rest":
                self._sim.failing_commits.clear()
                others = [task for task in self._under_way if task is not asyncio.current_task()]
                if others:
                    await asyncio.wait(others)
                await self._sim.rest(self._life)
            case "kill after calls":
                self._life.loop.die_after(1 + abs(int(o.number * 40)))
            case "kill at milestone":
                self._sim.die_at = o.milestone
            case _:
                raise ValueError(o.name)

    async def _submit(self, o: Operation, who: Requester) -> None:
        request = IncomingRequest(b"a picture", o.word, dict(o.size), key=o.key)
        view = await self._may_be_refused(
            self._house.services.intake.submit(who, replace(ORIGIN, place=o.place), request)
        )
        if view is None:
            return
        job_id, watch = view.job.id, self._sim.watch
        self._sim.require(job_id in watch.known, f"{job_id} was promised, and no row was committed")
        if o.key:
            known = self._accepted.setdefault((who.id, o.key), job_id)
            changed = {known, job_id} & (watch.forgotten | watch.replaced)
            self._sim.require(known == job_id or changed, f"{known} and {job_id} of one key")
            if job_id not in watch.replaced:
                self._accepted[who.id, o.key] = job_id

    async def _revise(self, o: Operation, who: Requester) -> None:
        key, watch = o.key or "k1", self._sim.watch
        waiting = [row for row in watch.rows.values() if row["state"] == "queued" and row["key"]]
        if waiting:
            row = waiting[o.job % len(waiting)]
            who, key = self._owner(row["id"]), row["key"]
        try:
            revision = await self._house.services.intake.revise(who, key, o.word, dict(o.size))
        except (Refused, GenerationError, StoreError):
            return
        if revision.replaced is not None and revision.view is not None:
            job_id = revision.view.job.id
            self._sim.require(revision.replaced in watch.replaced, f"{revision.replaced} was not replaced")
            self._sim.require(job_id in watch.known, f"{job_id} was promised, and no row was committed")
            if job_id not in watch.replaced:
                self._accepted[who.id, key] = job_id

    async def _change_credits(self, o: Operation, who: Requester) -> None:
        ledger, now_ms = self._sim.watch.ledger, self._sim.clock.now_ms()
        if o.name == "grant":
            amount = round(o.number * 4, 1)
            await self._command(
                "grant",
                lambda: ledger.grant(who.id, round(amount * 1000), now_ms),
                person=who.id,
                credits=str(amount),
            )
        elif o.number > 0.8:
            await self._command("set-limit", lambda: ledger.limit(who.id, None, now_ms), person=who.id)
        else:
            cap, per_day = round(abs(o.number) * 8, 1), round(abs(o.number) * 20, 1)
            terms = Terms(round(cap * 1000), round(per_day * 1000))
            await self._command(
                "set-limit",
                lambda: ledger.limit(who.id, terms, now_ms),
                person=who.id,
                cap=str(cap),
                **{"per-day": str(per_day)},
            )

    async def _command(self, command: str, change: Callable[[], None] | None = None, **arguments: str) -> None:
        async with self._one_command:
            self._sim.watch.begin_command(change)
            await self._may_be_refused(self._house.services.admin.run(ADMIN, command, arguments))
            self._sim.watch.begin_command(None)

    async def _may_be_refused(self, asking: "asyncio.Future[JobView] | object") -> JobView | None:
        try:
            return await asking  # type: ignore[misc, no-any-return]
        except (Refused, GenerationError, StoreError):
            return None

    async def _refused(self, asking: object) -> None:
        self._sim.require(await self._may_be_refused(asking) is None, "it was not refused")

    def _job_id(self, number: int) -> str:
        known = list(self._sim.watch.known)
        return known[number % len(known)] if known else "none"

    def _owner(self, job_id: str) -> Requester:
        row = self._sim.watch.known.get(job_id)
        return self._house.person(_PEOPLE[0] if row is None else row["requester"].partition(":")[2])


async def come_to_an_end(simulation: Simulation, life: Life) -> None:
    """Let all be well again, and wait until every accepted job has come to its end and everybody knows."""
    house, watch, platform = life.house, simulation.watch, simulation.platform
    platform.next.clear()
    life.renderer.release()
    await Operator(simulation, life, {})._command("resume")
    for _ in range(200):
        await simulation.rest(life)
        outbox = watch.connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
        if not outbox and all(row["state"] in END_STATES for row in watch.rows.values()):
            break
        simulation.clock.move(3_600)
        house.core.machinery.delivery.wake()
    for row in watch.rows.values():
        simulation.require(row["state"] in END_STATES, f"{row['id']} is {row['state']} for ever")
        arrived = {state for state, _ in platform.arrived[row["id"]]}
        if row["id"] in platform.lost and row["state"] == "failed":  # it may have arrived before
            arrived.discard(JobState.RENDERED)
        told = "rendered" if row["state"] in ("delivered", "undeliverable") else row["state"]
        simulation.require(arrived <= {told}, f"{row['id']} is {row['state']}, people saw {arrived}")
        if row["state"] == "undeliverable":
            simulation.require(row["id"] in platform.gone, f"{row['id']} could have been delivered")
        elif row["id"] in watch.replaced:
            simulation.require(not arrived, f"people saw an end of {row['id']}, which was replaced")
        elif row["id"] not in platform.gone:
            simulation.require(arrived, f"nobody was told that {row['id']} is {row['state']}")
    simulation.require(not list(watch.ledger.open_jobs()), "credits are held for ever")
