"""A stop is no accident: what runs is finished or put back, and whoever cannot start says why."""

import asyncio
import signal
import socket
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.service.delivery import Answer
from generation.picture import Picture
from tests.chaos.books import require_right
from tests.chaos.nursery import ROOT, TOKENS, Home
from tests.chaos.town import Town
from tests.loopback.house import open_house
from tests.loopback.scripted_channel import ScriptedChannel

STEPS = {"steps": "40"}  # 0.8 s


async def test_a_stop_lets_the_running_job_finish(town: Town) -> None:
    """Within its grace time a bot that is stopped brings what it renders to the person, and takes nothing new."""
    anna = town["anna"]
    bot = await town.bear({"ANIMATE_SHUTDOWN__GRACE_S": "30"})
    running, waiting = await anna.ask("draw", **STEPS), await anna.ask("draw")
    await anna.until(running, "running")
    bot.kill(signal.SIGTERM)
    refused = await _until_refused(town)
    assert refused.json()["code"] == "stopping"
    assert await bot.ended() == 0
    states = "SELECT count(*) FROM job WHERE id = ? AND state = ?"
    assert town.home.number(states, running.job_id, "delivered")
    assert town.home.number(states, waiting.job_id, "queued")
    require_right(await town.end(await town.bear()))


async def test_a_stop_without_grace_puts_the_running_job_back(town: Town) -> None:
    """A job whose render a stop has ended waits again, has lost no try, and is finished after the next start."""
    anna = town["anna"]
    bot = await town.bear()
    asked = await anna.ask("draw", **STEPS)
    await anna.until(asked, "running")
    bot.kill(signal.SIGTERM)
    assert await bot.ended() == 0
    assert town.home.number("SELECT count(*) FROM job WHERE state = 'queued' AND lost_renders = 0 AND credits = 'held'")
    bot = await town.bear()
    await anna.until(asked, "delivered")
    require_right(await town.end(bot))


async def test_a_second_signal_ends_the_grace(town: Town) -> None:
    """Who asks twice is obeyed within two seconds, whatever is rendered, watched or uploaded at that moment."""
    anna = town["anna"]
    bot = await town.bear({"ANIMATE_SHUTDOWN__GRACE_S": "600"})
    asked = await anna.ask("never-ends")
    await anna.until(asked, "running")
    url = await bot.address()
    assert url is not None
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    watching, upload = await asyncio.open_connection(host, int(port)), await asyncio.open_connection(host, int(port))
    head = f"HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKENS['anna']}\r\n"
    watching[1].write(f"GET /api/events {head}\r\n".encode())
    assert b"200" in await watching[0].readline()
    form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n"
    upload[1].write(f"POST /api/jobs {head}{form}\r\n--x\r\n".encode())
    bot.kill(signal.SIGTERM)
    await _until_refused(town)
    started_s = asyncio.get_running_loop().time()
    bot.kill(signal.SIGTERM)
    assert await bot.ended() == 0
    assert asyncio.get_running_loop().time() - started_s < 2
    for _, writer in (watching, upload):
        writer.close()
    bot = await town.bear()
    await anna.cancel(asked)
    require_right(await town.end(bot))


class _SilentChannel(ScriptedChannel):
    """A platform that takes an answer and never says so."""

    async def deliver(self, answer: Answer) -> None:
        await super().deliver(answer)
        await asyncio.Event().wait()


async def test_a_second_signal_waits_for_no_platform(picture: Picture, tmp_path: Path) -> None:
    """A platform that does not answer holds a hurried stop up no longer than anything else."""
    hurry, loop = asyncio.Event(), asyncio.get_running_loop()
    async with open_house(tmp_path, picture, channel=_SilentChannel(), hurry=hurry) as house:
        await house.ask("anna")
        await house.channel.called(1)
        loop.call_later(0.5, hurry.set)
        started_s = loop.time()
    assert loop.time() - started_s < 2


async def test_two_bots_do_not_share_a_folder(town: Town) -> None:
    """The second bot of a data folder says so and ends; the first one does not notice."""
    bot = await town.bear()
    second = await _run(town.home)
    assert second.code == 1
    assert second.said == (
        f"Another bot is running with the data folder {town.home.data}. "
        "Stop it first, or set ANIMATE_DATA_DIR to another.\n"
    )
    await town["anna"].until(await town["anna"].ask("draw"), "delivered")
    require_right(await town.end(bot))


async def test_a_port_that_is_taken_is_named(town: Town) -> None:
    """A bot whose port another program has says which one, and ends."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = await _run(town.home, {"ANIMATE_WEB__PORT": str(port)})
    assert ended.code == 1
    assert ended.said == (
        f"127.0.0.1:{port}: Address already in use. Set ANIMATE_WEB__PORT to another port, or to 0 for any free one.\n"
    )


@pytest.mark.parametrize("is_newer", [True, False], ids=["newer", "damaged"])
async def test_a_database_that_cannot_be_used_is_left_alone(town: Town, *, is_newer: bool) -> None:
    """A bot whose database is newer or damaged says so and ends, and not a byte of the file has changed."""
    path = town.home.data / "animate.db"
    if is_newer:
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 999")
        database.close()
    else:
        path.write_bytes(b"no database at all" * 1000)
    before = path.read_bytes()
    ended = await _run(town.home)
    assert ended.code == 1
    what = "was written by a newer version" if is_newer else "is damaged"
    assert ended.said.startswith(f"The database {path} {what}")
    assert ended.said.count("\n") == 1
    assert path.read_bytes() == before


@dataclass(frozen=True, slots=True)
class _Ended:
    code: int
    said: str


async def _run(home: Home, settings: Mapping[str, str] | None = None) -> _Ended:
    """Run ``animate-bot run`` as an operator does, to its end, which must come soon."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=home.environ({"PYTHONPATH": str(ROOT), "ANIMATE_LOG__LEVEL": "error", **(settings or {})}),
        cwd=home.folder,
    )
    assert process.stderr is not None
    said = await process.stderr.read()
    return _Ended(await process.wait(), said.decode())


async def _until_refused(town: Town) -> httpx.Response:
    """Ask until the bot says that it stops."""
    while True:
        answer = await town["ben"].request("POST", "/api/jobs", 202, 503, files={"picture": b"any"})
        if answer.status_code == 503:
            return answer
