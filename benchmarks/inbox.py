"""How fast the inbox keeps what a platform sends, and how fast the mailroom sees to it, printed as figures.

    python -m benchmarks.inbox [--updates 100000]

Database and disk are the real ones, with a sync for each commit; what an update asks for is nothing at all.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from bot.service.board import Board
from bot.service.clock import SystemClock
from bot.service.inbox import Inbox, NewUpdate
from bot.service.mailroom import Mailroom
from bot.store.database import Database
from config.log import configure_logging

_CHANNEL = "telegram"
_BATCH = 100  # as many as Telegram hands over at once
_LANES = 1_000
_GOAL_PER_S = 2_000
_BODY = '{"message": "' + "x" * 1_000 + '"}'
_FLOOD, _LETTERS = 10_000, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=100_000)
    count = parser.parse_args().updates
    configure_logging("error", "auto", sys.stderr)
    with tempfile.TemporaryDirectory(prefix="animate-inbox-") as folder:
        asyncio.run(backlog(Path(folder) / "backlog", count))
        asyncio.run(flood(Path(folder) / "flood"))


async def backlog(folder: Path, count: int) -> None:
    """Keep so many updates in batches; then see to all of them, as after a night in which the bot was off."""
    database = await asyncio.to_thread(Database.open, folder, 0)
    inbox = Inbox(database, SystemClock(), Board())
    began_s = time.perf_counter()
    for start in range(0, count, _BATCH):
        await inbox.keep(_CHANNEL, [_update(number) for number in range(start, min(start + _BATCH, count))])
    kept_per_s = count / (time.perf_counter() - began_s)
    print(f"kept: {kept_per_s:.0f} updates/s in batches of {_BATCH}, {len(_BODY)} bytes each (goal {_GOAL_PER_S})")

    seen, all_seen = 0, asyncio.Event()
    before_bytes = psutil.Process().memory_info().rss
    most_bytes = before_bytes

    async def handle(number: int, body: str) -> bool:
        nonlocal seen, most_bytes
        seen += 1
        if seen % 1_000 == 0:
            most_bytes = max(most_bytes, psutil.Process().memory_info().rss)
        if seen == count:
            all_seen.set()
        return True

    began_s = time.perf_counter()
    await _work(Mailroom(inbox, _CHANNEL, handle), all_seen)
    took_s = time.perf_counter() - began_s
    print(
        f"seen to, after a start: {count / took_s:.0f} updates/s in {_LANES} lanes, each counted as begun and as done"
    )
    print(
        f"memory for a backlog of {count}: {(most_bytes - before_bytes) / 1e6:.0f} MB above {before_bytes / 1e6:.0f} MB"
    )
    await database.close()


async def flood(folder: Path) -> None:
    """Let one chat send thousands while another sends one at a time, and measure how long that one waits."""
    database = await asyncio.to_thread(Database.open, folder, 0)
    inbox = Inbox(database, SystemClock(), Board())
    sent_s: dict[int, float] = {}
    waits_ms: list[float] = []
    arrived, is_over = asyncio.Event(), asyncio.Event()

    async def handle(number: int, body: str) -> bool:
        if number in sent_s:
            waits_ms.append((time.perf_counter() - sent_s[number]) * 1_000)
            arrived.set()
        return True

    room = Mailroom(inbox, _CHANNEL, handle)

    async def send() -> None:
        for start in range(0, _FLOOD, _BATCH):
            await room.take([NewUpdate(number, "flood", _BODY) for number in range(start, start + _BATCH)])
        for number in range(_FLOOD, _FLOOD + _LETTERS):
            sent_s[number] = time.perf_counter()
            await room.take([NewUpdate(number, "a letter", _BODY)])
            await arrived.wait()
            arrived.clear()
        is_over.set()

    sending = asyncio.create_task(send())
    await _work(room, is_over)
    await sending
    p50, p99 = (statistics.quantiles(waits_ms, n=100, method="inclusive")[share - 1] for share in (50, 99))
    print(
        f"one chat beside another's {_FLOOD} updates, from its arrival: p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"longest {max(waits_ms):.1f} ms"
    )
    await database.close()


def _update(number: int) -> NewUpdate:
    return NewUpdate(number, f"chat {number * 7_919 % _LANES}", _BODY)


async def _work(room: Mailroom, until: asyncio.Event) -> None:
    working = asyncio.create_task(room.run())
    await until.wait()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


if __name__ == "__main__":
    main()
