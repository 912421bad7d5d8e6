"""Downloads: the CDN's side of the port, from which the bot fetches what people uploaded."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from .call import Call
from .faults import Fault, Faults
from .files import StoredFile
from .world import World


@dataclass(eq=False)
class Downloads:
    world: World
    faults: Faults
    calls: list[Call] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = Call("GET", request.path, "/cdn/{path}", self.world.clock(), query=dict(request.query))
        self.calls.append(call)
        fault = self.faults.take(call)
        if fault is not None:
            await _spoil(request, call, fault)
        stored = self._file_at(request)
        refusal = fault.status if fault is not None else None
        call.status = refusal or (200 if stored is not None else 404)
        self.world.changes.notify()
        if stored is None or call.status != 200:
            return web.Response(status=call.status, text="This content is no longer available.")
        return web.Response(body=stored.data, content_type=stored.content_type or "application/octet-stream")

    def _file_at(self, request: web.Request) -> StoredFile | None:
        parts = request.match_info["path"].split("/")
        if len(parts) < 3 or not parts[-2].isdigit():
            return None
        return self.world.cdn.fetch(int(parts[-2]), request.query.get("ex", "0"), request.query.get("hm", ""))


async def _spoil(request: web.Request, call: Call, fault: Fault) -> None:
    if (fault.reset or fault.lost_answer) and request.transport is not None:
        call.lost = True
        request.transport.abort()
    if fault.slow_s:
        await asyncio.sleep(fault.slow_s)
    if fault.gate is not None:
        await fault.gate.wait()
