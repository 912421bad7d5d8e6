"""The page as a channel of the stories: its real server on this machine, and a client for each person."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bot.adapters.web.access import OPERATOR as WEB_OPERATOR
from bot.adapters.web.access import Access
from bot.adapters.web.app import make_app
from bot.adapters.web.channel import WebChannel
from bot.adapters.web.server import WebServer
from bot.service.services import Services
from tests.loopback.house import PATIENCE_S
from tests.stories.driver import OPERATOR, PEOPLE, Credits, Door, Made, NotHere, Seen, Stage, ToldNo, Wish

_STAGES: Mapping[str, Stage] = {
    "queued": "waiting",
    "running": "rendering",
    "rendered": "rendering",
    "delivered": "delivered",
    "failed": "failed",
    "cancelled": "cancelled",
}


class Page:
    """The page; everybody has a token."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._updates = 0

    @property
    def admin(self) -> str:
        return WEB_OPERATOR.id

    def new_life(self) -> "PageLife":
        return PageLife(self)

    async def door(self, name: str) -> Door:
        return PageDoor(self, name)

    def use(self, client: httpx.AsyncClient | None) -> None:
        """Go through this client from now on; None: the bot is not there."""
        self._client = client

    @property
    def client(self) -> httpx.AsyncClient:
        assert self._client is not None, "the bot is not running"
        return self._client

    def new_key(self) -> str:
        self._updates += 1
        return f"update-{self._updates}"


class PageLife:
    """The server, from a start to a stop."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.channel = WebChannel()

    @asynccontextmanager
    async def serve(self, services: Services) -> AsyncIterator[None]:
        server = WebServer("127.0.0.1", 0)
        await server.start(make_app(services, Access(_token(OPERATOR), [(name, _token(name)) for name in PEOPLE])))
        try:
            async with httpx.AsyncClient(base_url=server.address, timeout=PATIENCE_S) as client:
                self._page.use(client)
                yield
        finally:
            self._page.use(None)
            await server.stop()


class PageDoor:
    """What one person does on the page, as the page's own script sends it."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._headers = {"Authorization": f"Bearer {_token(name)}"}

    async def ask(self, wish: Wish) -> str:
        return await self._send(wish, self._page.new_key())

    async def ask_twice(self, wish: Wish) -> None:
        key = self._page.new_key()
        assert await self._send(wish, key) == await self._send(wish, key)

    async def until(self, job: str, is_so: Callable[[Seen], bool]) -> Seen:
        url, seen = f"api/jobs/{job}/events", None
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                self._page.client.stream("GET", url, headers=self._headers) as events,
            ):
                assert events.status_code == 200, await events.aread()
                async for line in events.aiter_lines():
                    if line.startswith("data: "):
                        seen = _seen(json.loads(line.removeprefix("data: ")))
                        if is_so(seen):
                            return seen
        except TimeoutError:
            raise AssertionError(f"it never looked so; the last was {seen}") from None
        raise AssertionError(f"the job's stream ended; the last was {seen}")

    async def video(self, job: str) -> bytes:
        return (await self._call("GET", f"api/jobs/{job}/video")).content

    async def fetch(self, job: str) -> bytes:
        assert job in [one["id"] for one in await self._jobs()]
        return await self.video(job)

    async def cancel(self, job: str) -> None:
        await self._call("DELETE", f"api/jobs/{job}")

    async def again(self, job: str) -> str:
        return await self._again(job, {})

    async def best(self, job: str) -> str:
        old = (await self._call("GET", f"api/jobs/{job}")).json()
        return await self._again(job, {"preset": "best", "seed": str(old["seed"])})

    async def edit(self, job: str, prompt: str) -> str:
        return await self._again(job, {"prompt": prompt})

    async def delete(self, job: str) -> None:
        raise NotHere("the page deletes everything of a person, not one job")

    async def report(self, job: str, reason: str) -> None:
        await self._call("POST", f"api/jobs/{job}/report", json={"reason": reason})

    async def price(self, preset: str) -> float:
        offer = (await self._call("GET", "api/offer")).json()
        return float(next(one["price"] for one in offer["presets"] if one["name"] == preset))

    async def credits(self) -> Credits:
        quota = (await self._call("GET", "api/quota")).json()
        return Credits(quota["left"], quota["held"])

    async def history(self) -> list[str]:
        return [job["prompt"] for job in await self._jobs() if _seen(job).is_over]

    async def forget_me(self) -> None:
        await self._call("POST", "api/me/forget")

    async def stored(self) -> Mapping[str, object]:
        stored: Mapping[str, object] = (await self._call("GET", "api/me/export")).json()
        return stored

    async def command(self, name: str, arguments: Mapping[str, str]) -> str:
        given = {key: f"web:{value}" if key == "person" else value for key, value in arguments.items()}
        return (await self._call("POST", f"api/admin/commands/{name}", json=given)).text

    async def _send(self, wish: Wish, key: str) -> str:
        files = {"picture": ("picture.png", wish.picture)}
        if wish.end_picture is not None:
            files["end_picture"] = ("end.png", wish.end_picture)
        data = {"prompt": wish.prompt, **wish.options}
        return await self._accepted("api/jobs", key, files=files, data=data)

    async def _again(self, job: str, changes: Mapping[str, str]) -> str:
        return await self._accepted(f"api/jobs/{job}/again", self._page.new_key(), json=changes)

    async def _accepted(self, url: str, key: str, **body: Any) -> str:
        answer = await self._call("POST", url, headers={"Idempotency-Key": key}, **body)
        assert answer.status_code == 202
        return str(answer.json()["id"])

    async def _jobs(self) -> list[Any]:
        jobs: list[Any] = (await self._call("GET", "api/jobs")).json()["jobs"]
        return jobs

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        answer = await self._page.client.request(method, url, headers={**self._headers, **(headers or {})}, **body)
        if answer.status_code >= 400:
            raise ToldNo(answer.json()["message"])
        return answer


def _seen(job: Any) -> Seen:
    made = None if job["used_ai"] is None else Made(job["used_ai"], job["seed"], job["seconds"])
    return Seen(
        _STAGES[job["status"]],
        (job["width"], job["height"]),
        job["ahead"],
        100 * job["step"] // job["steps"] if job["steps"] else 0,
        "" if job["error"] is None else job["error"]["message"],
        job["credits"],
        made,
    )


def _token(name: str) -> str:
    return f"the-token-of-{name}-0123456789"
