"""Serves the app in the bot's own event loop, and stops without waiting for whoever still reads."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI

from bot.adapters.web.event_stream import OpenStreams

_BACKLOG = 128
_MAX_CONNECTIONS = 256  # a quarter of the files that a process may usually have open
_KEEP_ALIVE_S = 30  # uvicorn closes after 5 s, often under a client that is just about to ask again
_REQUEST_GRACE_S = 3.0
_FLUSH_GRACE_S = 0.5
_PROXIES = ["127.0.0.1", "::1"]  # whose X-Forwarded-For and -Proto are believed


class CannotListen(OSError):
    """The address is taken, not ours, or not allowed; ``errno`` says which."""

    def __init__(self, error: OSError, host: str, port: int) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.host, self.port = host, port


class WebServer:
    """Holds the address from the moment it is made; raises CannotListen where it cannot. Port 0 is any free one."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._socket = _bind(host, port)
        self._streams: OpenStreams | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Where the page is found from this machine: ``http://127.0.0.1:8090/``."""
        return f"http://{_shown_host(self._host)}:{self.port}/"

    async def start(self, app: FastAPI) -> None:
        """Serve what ``make_app`` made until ``stop``; returns when requests are taken."""
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            loop="none",
            http="h11",
            ws="none",
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_S,
            limit_concurrency=_MAX_CONNECTIONS,
            server_header=False,
            forwarded_allow_ips=_PROXIES,
        )
        self._streams, self._server = app.state.streams, _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        ready = asyncio.create_task(self._server.is_ready.wait())
        await asyncio.wait((self._serving, ready), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._serving.done():
            self._serving.result()

    async def stop(self) -> None:
        """Take nothing more, end the streams at once, and give other answers three seconds to be finished."""
        if self._server is None or self._serving is None or self._streams is None:
            self._socket.close()
            return
        self._server.should_exit = True
        await self._streams.close()
        await self._server.requests_done(_REQUEST_GRACE_S)
        # What is left is idle, or does not take what was written to it.
        done, _ = await asyncio.wait((self._serving,), timeout=_FLUSH_GRACE_S)
        if not done:
            self._server.drop_connections()
        await self._serving

    def hang_up(self) -> None:
        """End every connection now: whoever still sends or waits is gone for the app."""
        if self._server is not None:
            self._server.abort_connections()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: uvicorn would take them, and raise them again after its own stop."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()

    async def requests_done(self, timeout_s: float) -> None:
        if self.server_state.tasks:
            await asyncio.wait(tuple(self.server_state.tasks), timeout=timeout_s)

    def drop_connections(self) -> None:
        """End the requests that are still open, and their connections."""
        self.abort_connections()
        for task in list(self.server_state.tasks):
            task.cancel()

    def abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            with suppress(AttributeError):
                connection.transport.abort()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only then: without, each answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(error, host, port) from error
    listener.setblocking(False)
    return listener


def _shown_host(host: str) -> str:
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:  # every address of this machine
            return "127.0.0.1" if address.version == 4 else "[::1]"
        return str(address) if address.version == 4 else f"[{address}]"
    return host
