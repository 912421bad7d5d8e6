"""Front: the way of every request: route, faults, body, token, rate limit, action, answer; and the list of them all."""

import asyncio
import inspect
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .call import Answer, BadBody, Call, read_body
from .errors import NOT_FOUND, UNAUTHORIZED, ApiError, invalid_body
from .faults import Fault, Faults
from .rates import Rates
from .schema import Schema
from .world import World

Json = dict[str, Any]
Action = Callable[[World, Call], Answer]
Hook = Callable[[Call, str], Awaitable[None] | None]

_INVALID = (401, 403, 429)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    action: Action
    needs_token: bool = True

    def match(self, method: str, path: str) -> dict[str, str] | None:
        names, values = self.template.split("/"), path.split("/")
        if method != self.method or len(names) != len(values):
            return None
        params: dict[str, str] = {}
        for name, value in zip(names, values, strict=True):
            if name.startswith("{"):
                params[name[1:-1]] = unquote(value)
            elif name != unquote(value):
                return None
        return params


@dataclass(eq=False)
class Front:
    world: World
    routes: Sequence[Route]
    schema: Schema
    protocol_errors: list[str]
    faults: Faults = field(default_factory=Faults)
    rates: Rates = field(default_factory=Rates)
    calls: list[Call] = field(default_factory=list)
    on_call: Hook | None = None
    invalid_requests: int = 0
    max_invalid_requests: int = 10_000

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        route, params = self._find(request.method, path)
        call = Call(
            request.method,
            path,
            route.template if route else "",
            self.world.clock(),
            params,
            dict(request.query),
            authorization=request.headers.get("Authorization"),
        )
        fault = self.faults.take(call)
        if fault is not None and fault.reset:
            return await self._cut_the_upload(request, call)
        try:
            await read_body(request, call)
        except BadBody as error:
            self.protocol_errors.append(f"{call.method} {path}: {error}")
            return self._respond(call, 400, {"message": "Bad Request", "code": 0}, {})
        self.calls.append(call)
        await self._tell(call, "before")
        response = await self._answer(route, call, fault)
        await self._tell(call, "after")
        self.world.changes.notify()
        if fault is not None and fault.lost_answer:
            call.lost = True
            _abort(request)
        return response

    async def _answer(self, route: Route | None, call: Call, fault: Fault | None) -> web.Response:
        spoiled = None if fault is None else await self._spoil(call, fault)
        if spoiled is not None:
            return spoiled
        if route is None:
            self.protocol_errors.append(f"no such route: {call.method} {call.path}")
            return self._respond(call, 404, ApiError(NOT_FOUND).to_json(), {})
        if route.needs_token and not self._is_authorized(call):
            return self._respond(call, 401, ApiError(UNAUTHORIZED).to_json(), {})
        verdict = self.rates.judge(call)
        if verdict.retry_after_s is not None:
            return self._too_many(call, verdict.headers, verdict.retry_after_s, is_global=verdict.is_global)
        try:
            self.schema.collect(call)
            answer = route.action(self.world, call)
        except ApiError as error:
            call.error_code = error.code
            if error.misuse is not None:
                self.protocol_errors.append(f"{call.method} {call.path}: {error.misuse}")
            return self._respond(call, error.status, error.to_json(), verdict.headers)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # A body of a shape that the action did not expect: the schema says which, and Discord would say 400.
            self.protocol_errors.append(f"{call.method} {call.path}: not understood ({error!r}): {call.json}")
            return self._respond(
                call, 400, invalid_body("body", "NOT_UNDERSTOOD", repr(error)).to_json(), verdict.headers
            )
        except Exception as error:
            # A mistake of this server: the story must hear of it, and not only as the bot's trouble with a 500.
            self.protocol_errors.append(f"{call.method} {call.path}: the loopback itself failed: {error!r}")
            raise
        return self._respond(call, answer.status, answer.json, verdict.headers)

    async def _spoil(self, call: Call, fault: Fault) -> web.Response | None:
        await asyncio.sleep(fault.slow_s)
        if fault.gate is not None:
            await fault.gate.wait()
        if fault.status is not None:
            call.error_code = fault.code
            return self._respond(call, fault.status, {"message": "on purpose", "code": fault.code}, {})
        if fault.retry_after_s is not None:
            return self._too_many(call, {}, fault.retry_after_s, is_global=fault.is_global)
        return None

    def _find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        for route in self.routes:
            params = route.match(method, path)
            if params is not None:
                return route, params
        return None, {}

    def _is_authorized(self, call: Call) -> bool:
        if call.authorization is None:
            self.protocol_errors.append(f"{call.method} {call.path}: no Authorization header")
            return False
        if call.authorization == f"Bot {self.world.token}":
            return True
        if call.authorization.removeprefix("Bot ") not in self.world.old_tokens:
            self.protocol_errors.append(f"{call.method} {call.path}: a token that was never given out")
        return False

    def _too_many(self, call: Call, headers: dict[str, str], retry_after_s: float, *, is_global: bool) -> web.Response:
        more = {"Retry-After": f"{retry_after_s:.3f}", "X-RateLimit-Scope": "global" if is_global else "user"}
        if is_global:
            more["X-RateLimit-Global"] = "true"
        body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": is_global}
        return self._respond(call, 429, body, headers | more)

    def _respond(self, call: Call, status: int, body: Any, headers: dict[str, str]) -> web.Response:
        call.status, call.answer = status, body
        if status in _INVALID:
            self.invalid_requests += 1
            if self.invalid_requests == self.max_invalid_requests + 1:
                self.protocol_errors.append(f"more than {self.max_invalid_requests} answers of 401, 403 and 429")
        # discord.py takes only exactly this content type for JSON, and a 429 without Via for a ban.
        headers = {"Via": "1.1 loopback", "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())} | headers
        if body is None:
            return web.Response(status=status, headers=headers)
        return web.Response(
            status=status, body=json.dumps(body).encode(), content_type="application/json", headers=headers
        )

    async def _cut_the_upload(self, request: web.Request, call: Call) -> web.StreamResponse:
        await request.content.readany()
        call.lost = True
        self.calls.append(call)
        _abort(request)
        self.world.changes.notify()
        return web.Response()

    async def _tell(self, call: Call, stage: str) -> None:
        if self.on_call is not None:
            result = self.on_call(call, stage)
            if inspect.isawaitable(result):
                await result


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
