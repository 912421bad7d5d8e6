"""What the bot does under load, printed as figures.

    python -m benchmarks.load [--quick]

Every part starts from an empty data folder. What is measured against what: ``render`` is at once, ``decode`` is at once
where the line says so; the database, the files, the page and the services are the real ones.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import httpx
import psutil

from benchmarks.load_bot import PHOTO
from bot.domain.job import JobState, Requester
from bot.store import jobs, people, queue_order
from bot.store.database import Connection, Database
from bot.store.job_row import NewJob
from bot.store.milestones import Change
from config.log import configure_logging
from generation.picture import Picture
from tests.loopback.house import ORIGIN, open_house

_AT_ONCE = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to see that it works")
    scale = 10 if parser.parse_args().quick else 1
    configure_logging("error", "auto", sys.stderr)
    with tempfile.TemporaryDirectory(prefix="animate-load-") as folder:
        root = Path(folder)
        asyncio.run(submit_times(root / "submit", rounds=max(20 // scale, 2)))
        asyncio.run(throughput(root / "throughput", count=2_000 // scale))
        asyncio.run(loop_lag(root / "lag", seconds=30 / scale))
        asyncio.run(memory(root / "memory", count=10_000 // scale))
        asyncio.run(claim_times(root / "claims", most=100_000 // scale))


class BotProcess:
    """``benchmarks.load_bot`` as a child, for as long as the block runs."""

    def __init__(self, folder: Path, mode: str) -> None:
        environ = {
            **os.environ,
            "ANIMATE_DATA_DIR": str(folder),
            "ANIMATE_WEB__PORT": "0",
            "ANIMATE_QUOTA__CAP": "1000000",
            "ANIMATE_QUEUE__MAX_WAITING": "1000000",
            "ANIMATE_QUEUE__MAX_WAITING_PER_PERSON": "1000000",
            "ANIMATE_QUEUE__REQUESTS_PER_MINUTE": "1000000",
            "ANIMATE_RETENTION__MIN_FREE_BYTES": "0",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load_bot", mode], env=environ, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._lines = self._process.stdout
        self.url = self._lines.readline().split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self.last_line = self._lines.read().strip().rpartition("\n")[2]
        self._process.wait(timeout=30)

    @property
    def rss_mb(self) -> float:
        return psutil.Process(self._process.pid).memory_info().rss / 1e6


async def submit_times(folder: Path, rounds: int) -> None:
    """How long ``POST /api/jobs`` takes with a hundred at once, over real HTTP; decoded at once, not rendered."""
    photo = PHOTO.read_bytes()
    with BotProcess(folder, "waiting") as bot:
        async with httpx.AsyncClient(
            base_url=bot.url, timeout=60, limits=httpx.Limits(max_connections=_AT_ONCE)
        ) as web:

            async def submit() -> float:
                began = time.perf_counter()
                answer = await web.post(
                    "api/jobs", files={"picture": ("p.jpg", photo, "image/jpeg")}, data={"seed": "1"}
                )
                answer.raise_for_status()
                return (time.perf_counter() - began) * 1000

            await asyncio.gather(*(submit() for _ in range(_AT_ONCE)))  # connections, first imports
            at_once = [ms for _ in range(rounds) for ms in await asyncio.gather(*(submit() for _ in range(_AT_ONCE)))]
            alone = [await submit() for _ in range(rounds * 5)]
    inside = json.loads(bot.last_line)["submit_ms"]
    print(f"submit, {_AT_ONCE} at once over HTTP, client and bot on the same cores: {_times(at_once)} ms")
    print(f"submit, {_AT_ONCE} at once, the service's part: {_times(inside)} ms (goal p99 < 150)")
    print(f"submit, one after the other over HTTP: {_times(alone)} ms")


async def throughput(folder: Path, count: int) -> None:
    """How many jobs a second go from a committed row to delivered, when rendering takes no time."""
    picture = Picture.from_rgb(bytes(96 * 64 * 3), 96, 64)
    async with open_house(folder, picture, works=False) as house:
        for number in range(count):
            await house.ask(f"person-{number % 50}")
    began = time.perf_counter()
    async with open_house(folder, picture) as house:
        await house.channel.called(count)
        spent_s = time.perf_counter() - began
        states = {job.state for job in await house.database.read(lambda tx: jobs.in_states(tx, list(JobState)))}
    assert states <= {JobState.DELIVERED, JobState.RENDERED}, states
    print(f"from row to delivered, instant engine: {count / spent_s:.0f} jobs/s of {count} (goal >= 50)")


async def loop_lag(folder: Path, seconds: float) -> None:
    """How late the event loop is while the camera engine renders and pictures are decoded, page and streams open."""
    photo = PHOTO.read_bytes()
    decoded = 0
    with BotProcess(folder, "camera") as bot:
        async with httpx.AsyncClient(base_url=bot.url, timeout=120) as web:
            until = time.perf_counter() + seconds

            async def ask_on() -> None:
                nonlocal decoded
                while time.perf_counter() < until:
                    answer = await web.post("api/jobs", files={"picture": ("p.jpg", photo)}, data={"preset": "fast"})
                    answer.raise_for_status()
                    decoded += 1

            async def read_on() -> None:
                async with web.stream("GET", "api/events") as events:
                    async for _ in events.aiter_raw():
                        if time.perf_counter() > until:
                            return

            await asyncio.gather(ask_on(), ask_on(), read_on())
            rendered = (await web.get("api/admin/board")).json()["stats"]["delivered_today"]
    lag_ms = json.loads(bot.last_line)["lag_ms"]
    print(
        f"event loop's lag over {seconds:.0f} s, camera rendering ({rendered} videos) and "
        f"{decoded / seconds:.1f} pictures/s decoded: {_times(lag_ms)} ms (goal p99 < 50)"
    )


async def memory(folder: Path, count: int) -> None:
    """How much memory the bot takes with many jobs waiting, against an empty queue."""
    with BotProcess(folder, "waiting") as bot:
        empty_mb = bot.rss_mb
    database = await asyncio.to_thread(Database.open, folder, _now_ms())
    await _fill(database, count)
    await database.close()
    with BotProcess(folder, "waiting") as bot:
        async with httpx.AsyncClient(base_url=bot.url, timeout=60) as web:
            began = time.perf_counter()
            board = (await web.get("api/admin/board")).json()
            board_ms = (time.perf_counter() - began) * 1000
        print(
            f"memory: {bot.rss_mb:.0f} MB with {board['queue']['waiting']} jobs waiting, {empty_mb:.0f} MB with none "
            f"(goal < 300); the operator's board takes {board_ms:.0f} ms then"
        )


async def claim_times(folder: Path, most: int) -> None:
    """How long it takes to take the next job, by the number that wait: of 500 people, and of one each."""
    for people_at_most in (500, most):
        databases: dict[int, Database] = {}
        for size in (10, 1_000, most):
            databases[size] = await asyncio.to_thread(Database.open, folder / f"{people_at_most}-{size}", _now_ms())
            await _fill(databases[size], size, people_at_most)
        inside_ms: dict[int, list[float]] = {size: [] for size in databases}
        whole_ms: dict[int, list[float]] = {size: [] for size in databases}
        for number in range(300):  # in turns, so that whatever else the machine does falls on all of them
            for size, database in databases.items():
                began = time.perf_counter()
                inside_ms[size].append(await database.write(Change.CLAIM, _timed_claim))
                whole_ms[size].append((time.perf_counter() - began) * 1000)
                await _fill(database, 1, people_at_most, first=size + number)  # as many as before
        print(f"claim, jobs of at most {people_at_most} people (goal: at most 1.2 x that of 10):")
        for size, database in databases.items():
            inside, whole = statistics.median(inside_ms[size]), statistics.median(whole_ms[size])
            ratio = inside / statistics.median(inside_ms[10])
            print(f"  {size} waiting: {inside:.3f} ms, {ratio:.2f} x; with commit {whole:.3f} ms")
            await database.close()


def _timed_claim(tx: Connection) -> float:
    began = time.perf_counter()
    job = queue_order.claim(tx, _now_ms())
    assert job is not None
    return (time.perf_counter() - began) * 1000


async def _fill(database: Database, count: int, people_at_most: int = 500, first: int = 0) -> None:
    def fill(tx: Connection) -> None:
        for number in range(first, first + count):
            requester = Requester("web", f"p{number % people_at_most}")
            people.touch(tx, requester, _now_ms())
            queue_order.insert(tx, _new_job(f"{number:020x}", requester), _now_ms())

    await database.write(Change.ACCEPT, fill)


def _new_job(job_id: str, requester: Requester) -> NewJob:
    return NewJob(
        id=job_id,
        requester=requester,
        origin=ORIGIN,
        key="",
        prompt="a lighthouse in the evening, slow push in",
        options={"preset": "balanced"},
        model="camera",
        preset="balanced",
        seed=7,
        width_px=704,
        height_px=448,
        frames=121,
        fps=24,
        steps=1,
        estimate_s=2.0,
        price_mcr=1000,
        has_end_picture=False,
    )


def _times(values_ms: Iterable[float]) -> str:
    ordered = sorted(values_ms)
    p50, p99 = (ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.99))
    return f"p50 {p50:.1f}, p99 {p99:.1f}, worst {ordered[-1]:.1f}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
