"""Whatever arrives in whatever pieces, and wherever the bot dies: every update is seen to, each lane in its order.

Each story is made by a seed, in simulated time: a platform that sends again what was not confirmed, handlers that take
their time, a disk that is full now and then, and deaths.
"""

import asyncio
import logging
import sqlite3
import tempfile
from collections import defaultdict
from pathlib import Path
from random import Random

import pytest
import structlog

from bot.service.board import Board
from bot.service.inbox import Inbox, NewUpdate
from bot.service.mailroom import Mailroom
from bot.store.database import FILE_NAME, Database
from bot.store.milestones import Change, after_commit, before_commit
from tests.loopback.clock import FixedClock
from tests.loopback.simulated_loop import Killed, SimulatedLoop

CHANNEL = "scripted"
_SHM = Path("/dev/shm")
_CHANGES = (Change.INBOX, Change.INBOX_OPEN, Change.INBOX_BEGUN, Change.INBOX_DONE)
_HANDLING_S = (0.0, 0.000_1, 0.003, 2.0)
_DEATHS = 2  # fewer than starts after which somebody would be suspected for good
_REST_S = 200.0


class Platform:
    """Sends updates in order, in pieces, and those again of which it was not told that they have arrived."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.lanes = {number: f"lane {random.randrange(4)}" for number in range(random.randrange(5, 40))}
        self.confirmed = 0

    async def send(self, room: Mailroom) -> None:
        while self.confirmed < len(self.lanes):
            end = min(self.confirmed + self._random.randrange(1, 8), len(self.lanes))
            piece = [NewUpdate(n, self.lanes[n], str(n)) for n in range(self.confirmed, end)]
            await room.take(piece)
            if self._random.random() < 0.8:  # else the word that they have arrived gets lost
                self.confirmed = end
            await asyncio.sleep(self._random.choice(_HANDLING_S))


class Story:
    """One seed's platform, desk and data folder, through the lives of the bot."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._random, self._folder = Random(seed), folder
        self.platform = Platform(self._random)
        self.ends: dict[int, int] = defaultdict(int)  # how often each update was seen to, to its end
        self.in_order: dict[str, list[int]] = defaultdict(list)  # first ends
        self._busy: set[str] = set()
        self.problems: list[str] = []
        self._now_s = 0.0

    def play(self) -> None:
        for _ in range(_DEATHS):
            self._live(may_die=True)
        self._live(may_die=False)
        rows = sqlite3.connect(self._folder / FILE_NAME)
        self.left_open: int = rows.execute("SELECT count(*) FROM inbox WHERE body IS NOT NULL").fetchone()[0]
        rows.close()

    def _live(self, *, may_die: bool) -> None:
        loop = SimulatedLoop(self._random, self._now_s)
        self._busy.clear()
        die_at, fails_at = self._fate(may_die)

        def reach(milestone: str) -> None:
            if milestone == fails_at and self._random.random() < 0.2:
                full = sqlite3.OperationalError("database or disk is full")
                full.sqlite_errorname = "SQLITE_FULL"
                raise full
            if milestone == die_at and self._random.random() < 0.2:
                loop.die()
                raise Killed

        if may_die and self._random.random() < 0.5:
            loop.die_after(self._random.randrange(1, 60))
        database = Database.open(self._folder, 0, reach)
        try:
            loop.run_until_complete(self._work(database))
        except asyncio.CancelledError:
            assert loop.is_dead
        finally:
            loop.is_dead = True
            loop.bury()
            self._now_s = loop.time()
            database._close()

    def _fate(self, may_die: bool) -> tuple[str, str]:
        moment = self._random.choice((before_commit, after_commit))
        dies = moment(self._random.choice(_CHANGES)) if may_die else ""
        return dies, before_commit(self._random.choice(_CHANGES))

    async def _work(self, database: Database) -> None:
        room = Mailroom(Inbox(database, FixedClock(), Board()), CHANNEL, self._handle, at_once=3)
        running = asyncio.create_task(room.run())
        while True:
            try:
                await self.platform.send(room)
                break
            except Exception:  # noqa: BLE001 (a full disk: the platform sends it again)
                continue
        await asyncio.sleep(_REST_S)
        if running.done():
            running.result()
        running.cancel()
        await asyncio.wait((running,))

    async def _handle(self, number: int, body: str) -> bool:
        lane = self.platform.lanes[number]
        if lane in self._busy or len(self._busy) >= 3 or body != str(number):
            self.problems.append(f"{number} of {lane} was begun beside {self._busy}: {body}")
        self._busy.add(lane)
        await asyncio.sleep(self._random.choice(_HANDLING_S))
        self._busy.discard(lane)
        self.ends[number] += 1
        if self.ends[number] == 1:
            self.in_order[lane].append(number)
        return True


@pytest.mark.parametrize("first_seed", [0, 100, 200])
def test_every_update_is_seen_to_in_order_whatever_happens(first_seed: int) -> None:
    """Nothing that a platform sends is lost, nothing of a chat overtakes, and only what a death broke is done twice."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        for seed in range(first_seed, first_seed + 100):
            with tempfile.TemporaryDirectory(dir=_SHM if _SHM.is_dir() else None) as folder:
                story = Story(seed, Path(folder))
                story.play()
            assert not story.problems, (seed, story.problems)
            assert story.left_open == 0, seed
            assert set(story.ends) == set(story.platform.lanes), seed
            assert max(story.ends.values()) <= 1 + _DEATHS, seed
            assert all(numbers == sorted(numbers) for numbers in story.in_order.values()), (seed, story.in_order)
    finally:
        structlog.configure(**before)


def test_many_suspects_keep_the_others_waiting_for_half_a_minute() -> None:
    """However many updates may have ended the bot, and however long each takes, new ones wait for 30 seconds in all."""
    begun_at: dict[int, float] = {}

    async def tell(database: Database) -> None:
        inbox = Inbox(database, FixedClock(), Board())
        await inbox.keep(CHANNEL, [NewUpdate(n, f"lane {n}", str(n)) for n in range(10)])
        await inbox.set_starts(CHANNEL, dict.fromkeys(range(10), 1))

        async def handle(number: int, body: str) -> bool:
            begun_at[number] = asyncio.get_running_loop().time()
            await asyncio.sleep(20.0)
            return True

        room = Mailroom(inbox, CHANNEL, handle)
        running = asyncio.create_task(room.run())
        await room.take([NewUpdate(10, "another", "10")])
        await asyncio.sleep(_REST_S)
        running.cancel()
        await asyncio.wait((running,))

    loop = SimulatedLoop(Random(1))
    with tempfile.TemporaryDirectory(dir=_SHM if _SHM.is_dir() else None) as folder:
        database = Database.open(Path(folder), 0)
        try:
            loop.run_until_complete(tell(database))
        finally:
            loop.bury()
            database._close()
    assert len(begun_at) == 11
    assert [number for number, at_s in begun_at.items() if at_s < 29.0] == [0, 1]
    assert max(begun_at.values()) < 31.0
