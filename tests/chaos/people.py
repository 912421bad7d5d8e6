"""People who do not give up: each request is sent again, with the same key, until a bot that lives has answered it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.nursery import OPERATOR_TOKEN, TOKENS

POLL_S = 0.02
#: What a prompt must come to, where it is not a video; what never ends is cancelled by whoever asked.
ENDS = {"refuse": "failed", "sigkill": "failed", "never-ends": "cancelled"}
_SMALL = {"frames": "9", "width": "64", "height": "64", "steps": "2"}
_UNAVAILABLE = 503


class Door:
    """Where the bot is found now."""

    def __init__(self) -> None:
        self._url = ""
        self._changed = asyncio.Condition()

    async def show(self, url: str) -> None:
        async with self._changed:
            self._url = url
            self._changed.notify_all()

    async def find(self, gone: str = "") -> str:
        """Wait for an address other than one where nobody answers any more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._url not in ("", gone))
            return self._url


@dataclass
class Asked:
    """A request as its sender remembers it."""

    key: str
    prompt: str
    job_id: str = ""  # once it was answered
    answers: set[str] = field(default_factory=set)  # every id that was ever given for it
    end: str = ""  # what it must come to; empty: any end
    credits: str = ""  # what must become of its credits; empty: as the end says
    is_forgotten: bool = False

    def may_end(self, state: str, failure_code: str, *, servers_die: bool) -> bool:
        """Whether an end is right; where render servers are killed at random, any job may be lost twice."""
        return self.end in ("", state) or (servers_die and (state, failure_code) == ("failed", "server_died"))


class Person:
    """One person, who does one thing after the other."""

    def __init__(self, name: str, door: Door) -> None:
        self.name, self._door = name, door
        self.asked: list[Asked] = []
        self._keys = 0
        token = OPERATOR_TOKEN if name == "operator" else TOKENS[name]
        self._http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30)

    @property
    def id(self) -> str:
        return f"web:{self.name}"

    async def close(self) -> None:
        await self._http.aclose()

    async def request(self, method: str, path: str, *expected: int, **content: Any) -> httpx.Response:
        """Return the first answer; none of ``expected`` is an error of the test."""
        url = await self._door.find()
        while True:
            try:
                answer = await self._http.request(method, url.rstrip("/") + path, **content)
            except httpx.TransportError:
                url = await self._door.find(gone=url)
                continue
            if answer.status_code == _UNAVAILABLE and _UNAVAILABLE not in expected:  # as it says: try again soon
                await asyncio.sleep(POLL_S)
                continue
            assert answer.status_code in expected, f"{method} {path}: {answer.status_code} {answer.text}"
            return answer

    async def ask(self, prompt: str, picture: bytes = b"any", /, **options: str) -> Asked:
        """Ask for a small video, unless ``options`` say otherwise; an empty one takes a usual one away."""
        asked = self._remember(prompt)
        fields = {name: text for name, text in {**_SMALL, **options, "prompt": prompt}.items() if text}
        return await self._ask(asked, "/api/jobs", files={"picture": picture}, data=fields)

    async def ask_again(self, old: Asked) -> Asked:
        """Have an old job made once more; where its picture is gone nothing is asked."""
        asked = self._remember(old.prompt)
        return await self._ask(asked, f"/api/jobs/{old.job_id}/again")

    async def job(self, asked: Asked) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.request("GET", f"/api/jobs/{asked.job_id}", 200)).json()
        return answer

    async def jobs(self) -> list[dict[str, Any]]:
        """Return the last jobs as the page lists them."""
        found: list[dict[str, Any]] = (await self.request("GET", "/api/jobs?limit=100", 200)).json()["jobs"]
        return found

    async def until(self, asked: Asked, *states: str) -> dict[str, Any]:
        """Wait for one of the states; another end is an error of the test."""
        while (job := await self.job(asked))["status"] not in states:
            assert job["ended_at"] is None, f"{job['status']}, not {states}: {asked}"
            await asyncio.sleep(POLL_S)
        return job

    async def until_half_done(self, asked: Asked) -> None:
        while True:
            job = await self.job(asked)
            if job["steps"] and 2 * job["step"] >= job["steps"]:
                return
            await asyncio.sleep(POLL_S)

    async def cancel(self, asked: Asked) -> None:
        """Cancel a job; one that was about to end may be quicker."""
        if asked.prompt != "never-ends":
            asked.end = ""
        await self.request("DELETE", f"/api/jobs/{asked.job_id}", 200, 409)

    async def report(self, asked: Asked) -> None:
        await self.request("POST", f"/api/jobs/{asked.job_id}/report", 204, json={"reason": "upside down"})

    async def forget(self) -> None:
        """Have everything deleted."""
        for asked in self.asked:
            asked.is_forgotten = True
        await self.request("POST", "/api/me/forget", 200)

    async def command(self, name: str, **arguments: str) -> None:
        await self.request("POST", f"/api/admin/commands/{name}", 200, json=arguments)

    async def quota(self) -> dict[str, float]:
        answer: dict[str, float] = (await self.request("GET", "/api/quota", 200)).json()
        return answer

    def _remember(self, prompt: str) -> Asked:
        self._keys += 1
        asked = Asked(f"{self.name}-{self._keys}", prompt, end=ENDS.get(prompt, "delivered"))
        self.asked.append(asked)
        return asked

    async def _ask(self, asked: Asked, path: str, **content: Any) -> Asked:
        answer = await self.request("POST", path, 202, 404, 410, headers={"Idempotency-Key": asked.key}, **content)
        if answer.status_code != 202:  # of a picture that is gone: nothing was asked
            self.asked.remove(asked)
            return asked
        asked.job_id = answer.json()["id"]
        asked.answers.add(asked.job_id)
        return asked
