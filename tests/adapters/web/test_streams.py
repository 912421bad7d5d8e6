"""What a page is told without asking, to whom, and how a stream ends; and the whole bot, as an operator starts it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from bot.adapters.web.event_stream import EventStream, EventWriter, OpenStreams
from bot.adapters.web.server import WebServer
from tests.adapters.web.conftest import (
    ANNAS_TOKEN,
    BENS_TOKEN,
    OPERATOR_TOKEN,
    STILL,
    TIMEOUT_S,
    OpenSite,
    Site,
    WebBot,
    people_with_tokens,
    progress,
    until,
)

ROCKET = Path(__file__).parents[3] / "docs" / "photos" / "rocket.jpg"


class Event(NamedTuple):
    """One event as a browser gets it."""

    name: str
    data: Any


class Stream:
    """Reads events as a browser does."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Event | None:
        """Wait for the next event; None: the stream is over."""
        name = data = ""
        async with asyncio.timeout(TIMEOUT_S):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                match field:
                    case "event":
                        name = value
                    case "data":
                        data += value
                    case "":
                        if name and not value:
                            return Event(name, json.loads(data))
        return None

    async def until(self, name: str, **facts: object) -> Any:
        """Wait for an event of this name whose data has these facts, and return the data."""
        while (event := await self.next()) is not None:
            if event.name == name and facts.items() <= event.data.items():
                return event.data
        raise AssertionError(f"the stream ended without {name} {facts}")

    async def comment(self) -> None:
        """Wait for a line that a browser ignores."""
        async with asyncio.timeout(TIMEOUT_S):
            async for line in self._lines:
                if line.startswith(":"):
                    return

    async def rest(self) -> list[str]:
        names = []
        while (event := await self.next()) is not None:
            names.append(event.name)
        return names


@asynccontextmanager
async def listening(client: httpx.AsyncClient, path: str = "/api/events") -> AsyncIterator[Stream]:
    async with client.stream("GET", path, timeout=TIMEOUT_S) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)


@pytest.fixture
async def served(open_site: OpenSite) -> AsyncIterator[Site]:
    async with open_site(is_served=True) as site:
        yield site


# --- what is told


async def test_a_page_is_told_its_state_and_then_what_changes(served: Site) -> None:
    """First everything that is so, then each step of a job, and queue and credits when they are others."""
    old = await served.submit()
    await served.renderer.running()
    await served.client.delete(f"/api/jobs/{old['id']}")
    async with listening(served.client) as stream:
        first = await stream.next()
        assert first is not None
        assert first.name == "state"
        assert [job["id"] for job in first.data["jobs"]] == [old["id"]]
        assert first.data["queue"]["waiting"] == 0
        assert first.data["quota"]["left"] == 20.0

        job = await served.submit(prompt="it yawns")
        listener = await served.renderer.running()
        await stream.until("job", id=job["id"], status="running")
        listener.on_progress(progress(4))
        await stream.until("job", id=job["id"], phase="draw", step=4)
        listener.on_still(STILL)
        await stream.until("job", id=job["id"], still=1)
        served.renderer.finish()
        delivered = await stream.until("job", id=job["id"], status="delivered")
        assert delivered["has_video"] is True
    async with listening(served.client) as stream:
        state = (await stream.next()).data
        assert state["quota"]["left"] == 19.0


async def test_credits_are_told_when_they_change(served: Site) -> None:
    """Credits that are set aside, and those that come back, are seen at once, without a question."""
    async with listening(served.client) as stream:
        await stream.until("state")
        job = await served.submit()
        await stream.until("quota", left=19.0, held=1.0)
        await served.client.delete(f"/api/jobs/{job['id']}")
        await stream.until("quota", left=20.0, held=0.0)


async def test_places_in_the_queue_are_told_as_it_moves(served: Site) -> None:
    """A waiting job is told again when one before it has gone, and only then."""
    _, second, third = [await served.submit() for _ in range(3)]
    await served.renderer.running()
    async with listening(served.client) as stream:
        state = await stream.until("state")
        assert {job["id"]: job["ahead"] for job in state["jobs"]}[third["id"]] == 1
        await served.client.delete(f"/api/jobs/{second['id']}")
        await stream.until("job", id=third["id"], ahead=0)


async def test_a_stream_shows_nobody_elses_jobs(open_site: OpenSite) -> None:
    """Each person's stream holds their own jobs only, the operator's stream as well; all see the queue."""
    async with (
        open_site(is_served=True, access=people_with_tokens) as site,
        site.as_person(ANNAS_TOKEN) as anna,
        site.as_person(BENS_TOKEN) as ben,
        site.as_person(OPERATOR_TOKEN) as operator,
        listening(ben) as bens,
        listening(operator) as operators,
    ):
        job = await site.submit(anna, prompt="a secret")
        (await site.renderer.running()).on_progress(progress(1))
        site.renderer.finish()
        await site.status(job["id"], "delivered")
        own = [await site.submit(client) for client in (ben, operator)]
        for stream, mine in zip((bens, operators), own, strict=True):
            seen: list[Event] = []
            while not any(event.name == "job" for event in seen):
                event = await stream.next()
                assert event is not None
                seen.append(event)
            assert seen[-1].data["id"] == mine["id"]
            assert "queue" in {event.name for event in seen}
            assert "a secret" not in str(seen)
        assert (await anna.get("/api/events", headers={"Authorization": "Bearer none"})).status_code == 401


async def test_seven_tabs_are_told_the_same(served: Site) -> None:
    """Seven streams of one person at once each hear of every job's end, and other requests pass beside them."""

    async def watch() -> list[str]:
        async with listening(served.client) as stream:
            await stream.until("state")
            ready.release()
            ended: set[str] = set()
            while len(ended) < 3:
                event = await stream.next()
                assert event is not None
                if event.name == "job" and event.data["status"] == "cancelled":
                    ended.add(event.data["id"])
            return sorted(ended)

    ready = asyncio.Semaphore(0)
    tabs = [asyncio.create_task(watch()) for _ in range(7)]
    for _ in tabs:
        await ready.acquire()
    jobs = [await served.submit() for _ in range(3)]
    for job in jobs:
        await served.client.delete(f"/api/jobs/{job['id']}")
    assert await asyncio.gather(*tabs) == [sorted(job["id"] for job in jobs)] * 7


async def test_one_job_is_followed_to_its_end(served: Site) -> None:
    """A job's own stream begins with how it is, and ends by itself when the job has ended."""
    job = await served.submit()
    path = f"/api/jobs/{job['id']}/events"
    async with listening(served.client, path) as stream:
        assert (await stream.until("job"))["id"] == job["id"]
        await served.renderer.running()
        served.renderer.finish()
        await stream.until("job", status="delivered")
        assert await stream.rest() == []
    async with listening(served.client, path) as stream:
        assert (await stream.until("job"))["status"] == "delivered"
        assert await stream.rest() == []


async def test_a_silent_stream_shows_that_it_lives(open_site: OpenSite) -> None:
    """Where nothing happens a comment is sent now and then, so that nothing between takes the stream for dead."""
    async with open_site(is_served=True, heartbeat_s=0.05) as site, listening(site.client) as stream:
        await stream.until("state")
        for _ in range(3):
            await stream.comment()


async def test_the_operators_board_is_told_at_most_once_a_second(served: Site) -> None:
    """However much happens, the board comes once a second, and the last one is true."""
    async with listening(served.client, "/api/admin/events") as stream:
        await stream.until("board")
        began_s = time.monotonic()
        job = await served.submit()
        listener = await served.renderer.running()
        for step in range(50):
            listener.on_progress(progress(step, 50))
        boards = []
        while not boards or not any(job["step"] == 49 for job in boards[-1]["running"]):
            boards.append(await stream.until("board"))
        assert boards[-1]["running"][0]["requester"] == {"id": "web:local", "name": "local"}
        assert len(boards) <= time.monotonic() - began_s + 1
        assert boards[-1]["running"][0]["id"] == job["id"]


# --- how it ends


async def test_whoever_goes_away_leaves_nothing_behind(served: Site) -> None:
    """When a page is closed, its stream's tasks and its place at the board are gone."""
    async with listening(served.client) as stream, listening(served.client, "/api/admin/events") as board:
        await stream.until("state")
        await board.until("board")
        assert len(served.app.state.streams) == 2
    await until(lambda: not served.app.state.streams and not _tasks_of_the_web_server())
    assert not served.services.board._subscriptions


async def test_a_stop_says_goodbye_and_does_not_wait(open_site: OpenSite) -> None:
    """With streams open the server is down at once, and every reader has heard `bye`."""
    async with open_site(is_served=True) as site:
        greeted: asyncio.Queue[None] = asyncio.Queue()
        tabs = [asyncio.create_task(_names_until_the_end(site, greeted)) for _ in range(3)]
        for _ in tabs:
            await greeted.get()
        began_s = time.monotonic()
        await site.server.stop()
        assert time.monotonic() - began_s < 1  # 0.2 s on an idle machine; requests may take three seconds
        assert await asyncio.gather(*tabs) == [["bye"]] * 3
        with pytest.raises(httpx.ConnectError):
            await site.client.get("/healthz")


async def _names_until_the_end(site: Site, greeted: asyncio.Queue[None]) -> list[str]:
    async with listening(site.client) as stream:
        await stream.until("state")
        greeted.put_nowait(None)
        return await stream.rest()


def _tasks_of_the_web_server() -> list[str]:
    files = [task.get_coro().cr_code.co_filename for task in asyncio.all_tasks()]
    return [file for file in files if "bot/adapters/web" in file or "protocols/http" in file]


async def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    """A stream that nobody reads waits alone with what it has to tell; a stop takes about a second, not for ever."""
    app, streams, written = FastAPI(), OpenStreams(), asyncio.Event()
    app.state.streams = streams

    async def tell_without_end(writer: EventWriter) -> None:
        while True:
            written.set()
            await writer.write("x" * 1_000_000)

    async def stream() -> EventStream:
        return streams.answer(tell_without_end)

    app.add_api_route("/stream", stream, response_class=EventStream, status_code=200)
    server = WebServer("127.0.0.1", 0)
    await server.start(app)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with suppress(TimeoutError):  # until nothing more fits between the two
        while True:
            async with asyncio.timeout(0.3):
                await written.wait()
                written.clear()
    assert len(streams) == 1
    began_s = time.monotonic()
    await server.stop()
    assert time.monotonic() - began_s < 2.5
    assert not _tasks_of_the_web_server()
    writer.close()


async def test_when_the_bot_stops_every_stream_is_told(open_site: OpenSite) -> None:
    """The end of the bot's own work ends the streams with `bye`, before the server itself stops."""
    async with open_site(is_served=True) as site, listening(site.client) as stream:
        await stream.until("state")
        site.services.board.close()
        assert await stream.rest() == ["bye"]
        async with listening(site.client) as late:
            assert (await late.rest())[-1] == "bye"


# --- the whole bot


async def test_a_photograph_becomes_a_video_in_the_running_bot(web_bot: WebBot) -> None:
    """Started from the command line, the bot takes a token, a photograph and a sentence, and gives an MP4."""
    async with httpx.AsyncClient(base_url=web_bot.url, timeout=30) as client:
        assert (await client.get("/api/me")).status_code == 401
        assert (await client.post("/login", json={"token": web_bot.operator_token})).status_code == 204
        assert (await client.get("/api/me")).json()["is_operator"] is True
        options = {"prompt": "slow push in", "preset": "fast", "seconds": "1", "seed": "3"}
        answer = await client.post("/api/jobs", files={"picture": ROCKET.read_bytes()}, data=options)
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["id"]
        async with listening(client, f"/api/jobs/{job_id}/events") as stream:
            job = await stream.until("job", status="delivered")
        assert (job["used_ai"], job["seed"]) == (False, 3)
        video = (await client.get(f"/api/jobs/{job_id}/video")).content
        assert video[4:8] == b"ftyp"
        assert len(video) == job["video_bytes"]
    web_bot.process.terminate()
    async with asyncio.timeout(TIMEOUT_S):
        assert await web_bot.process.wait() == 0
