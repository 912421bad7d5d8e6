"""Front: the way of every request: faults, body, token, flood limits, inspection, action, answer; and their list."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from . import asking, editing, sending
from .call import BadBody, Call, read_body
from .errors import (
    ENDED_BY_WEBHOOK,
    LOGGED_OUT,
    NO_SUCH_METHOD,
    NOT_FOUND,
    TOO_LARGE,
    UNAUTHORIZED,
    ApiError,
    bad_request,
)
from .faults import Fault, Faults
from .flood import Flood
from .inspection import Inspection
from .polling import Polling
from .uploads import max_upload_bytes
from .webhook import Webhook
from .world import World

Json = dict[str, Any]
Hook = Callable[[Call, str], Awaitable[None] | None]

_ACTIONS: dict[str, Callable[[World, Call], Any]] = {**asking.METHODS, **sending.METHODS, **editing.METHODS}
_FORM_BYTES = 1_000_000


@dataclass(eq=False)
class Front:
    world: World
    polling: Polling
    webhook: Webhook
    inspection: Inspection
    faults: Faults = field(default_factory=Faults)
    flood: Flood = field(default_factory=Flood)
    calls: list[Call] = field(default_factory=list)
    on_call: Hook | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.match_info["method"], self.world.clock())
        cut = self.faults.take(call, is_read=False)
        if cut is not None:
            return await self._cut_the_upload(request, call)
        if (request.content_length or 0) > max_upload_bytes(self.world) + _FORM_BYTES:
            async for _ in request.content.iter_any():
                pass
            self.calls.append(call)
            return self._respond(call, TOO_LARGE.code, TOO_LARGE.to_json())
        try:
            await read_body(request, call)
        except BadBody as error:
            self.inspection.note(call, str(error))
            return self._respond(call, 400, bad_request(str(error)).to_json())
        self.calls.append(call)
        await self._tell(call, "before")
        fault = self.faults.take(call, is_read=True)
        response = await self._answer(call, fault, request.match_info["token"])
        await self._tell(call, "after")
        self.world.changes.notify()
        if fault is not None and fault.lost_answer:
            call.lost = True
            _abort(request)
        return response

    async def _answer(self, call: Call, fault: Fault | None, token: str) -> web.Response:
        if fault is not None:
            await asyncio.sleep(fault.slow_s)
            if fault.gate is not None:
                await fault.gate.wait()
            if fault.refusal is not None:
                return self._refuse_on_purpose(call, fault, fault.refusal)
        try:
            self._check_token(token)
            too_early = self.flood.judge(call)
            if too_early is not None:
                raise too_early
            self.inspection.inspect(call)
            result = await self._act(call)
        except ApiError as error:
            return self._respond(call, error.code, error.to_json())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Parameters of a shape that the action did not expect; the inspection says which, Telegram would say 400.
            self.inspection.note(call, f"not understood ({error!r}): {call.parameters}")
            return self._respond(call, 400, bad_request(repr(error)).to_json())
        except Exception as error:
            # A mistake of this server: the story must hear of it, and not only as the bot's trouble with a 500.
            self.inspection.note(call, f"the loopback itself failed: {error!r}")
            raise
        return self._respond(call, 200, {"ok": True, "result": result})

    async def _act(self, call: Call) -> Any:
        match call.method:
            case "getUpdates":
                return await self.polling.get_updates(call, has_webhook=bool(self.webhook.url))
            case "setWebhook":
                self.polling.end(ENDED_BY_WEBHOOK)
                return self.webhook.set(call)
            case "deleteWebhook":
                return self.webhook.remove(call)
            case "getWebhookInfo":
                return self.webhook.info()
        if call.method not in _ACTIONS:
            self.inspection.note(call, "this loopback has no such method")
            raise NO_SUCH_METHOD
        return _ACTIONS[call.method](self.world, call)

    def _check_token(self, token: str) -> None:
        number, _, secret = token.partition(":")
        if not number.isdigit() or not secret:
            raise NOT_FOUND
        if token != self.world.token:
            raise UNAUTHORIZED
        if self.world.is_logged_out:
            raise LOGGED_OUT

    def _refuse_on_purpose(self, call: Call, fault: Fault, refusal: ApiError) -> web.Response:
        if not fault.html:
            return self._respond(call, refusal.code, refusal.to_json())
        call.status = refusal.code
        return web.Response(status=refusal.code, text=fault.page, content_type="text/html")

    def _respond(self, call: Call, status: int, body: Json) -> web.Response:
        call.status, call.answer = status, body.get("result", body)
        headers = {}
        if "retry_after" in body.get("parameters", {}):
            headers["Retry-After"] = str(body["parameters"]["retry_after"])
        data = json.dumps(body).encode()
        return web.Response(status=status, body=data, content_type="application/json", headers=headers)

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
