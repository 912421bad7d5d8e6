"""Downloads: the paths that getFile gave, fetched."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from .call import Call
from .faults import Faults
from .world import World

DOWNLOAD = "/file/"


@dataclass(eq=False)
class Downloads:
    world: World
    faults: Faults
    calls: list[Call] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        call = Call(DOWNLOAD, self.world.clock(), parameters={"path": path})
        self.calls.append(call)
        fault = self.faults.take(call, is_read=False) or self.faults.take(call, is_read=True)
        if fault is not None:
            if (fault.reset or fault.lost_answer) and request.transport is not None:
                call.lost = True
                request.transport.abort()
            await asyncio.sleep(fault.slow_s)
            if fault.gate is not None:
                await fault.gate.wait()
        refusal = None if fault is None else fault.refusal
        stored = self.world.files.at_path(path)
        is_known = stored is not None and self.world.local_folder is None
        if request.match_info["token"] != self.world.token:
            call.status = 401
        else:
            call.status = refusal.code if refusal is not None else 200 if is_known else 404
        self.world.changes.notify()
        if fault is not None and fault.html:
            return web.Response(status=call.status, text=fault.page, content_type="text/html")
        if call.status != 200 or stored is None:
            return web.json_response(
                {
                    "ok": False,
                    "error_code": call.status,
                    "description": refusal.description if refusal else "Not Found",
                },
                status=call.status,
            )
        return web.Response(body=stored.data, content_type="application/octet-stream")
