"""Session: what the gateway remembers of a shard, so that a broken connection loses nothing."""

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11


@dataclass(eq=False)
class Connection:
    """One websocket; what is sent goes out in order, by one task."""

    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport | None
    compresses: bool
    session: "Session | None" = None
    received: list[float] = field(default_factory=list)
    _outgoing: "asyncio.Queue[Json | None]" = field(default_factory=asyncio.Queue)

    def send(self, op: int, data: Any = None, name: str | None = None, sequence: int | None = None) -> None:
        self._outgoing.put_nowait({"op": op, "d": data, "t": name, "s": sequence})

    def finish(self) -> None:
        """Nothing more will be sent."""
        self._outgoing.put_nowait(None)

    async def write(self) -> None:
        compressor = zlib.compressobj()
        while (payload := await self._outgoing.get()) is not None:
            text = json.dumps(payload, separators=(",", ":"))
            try:
                if self.compresses:
                    data = compressor.compress(text.encode()) + compressor.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)
                else:
                    await self.socket.send_str(text)
            except ConnectionError:
                return

    async def close(self, code: int) -> None:
        await self.socket.close(code=code)

    def cut(self) -> None:
        """Break the line without a word."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


@dataclass(eq=False)
class Session:
    id: str
    shard_id: int
    shard_count: int
    intents: int
    connection: Connection | None
    resumable: bool = True
    sequence: int = 0
    _past: list[tuple[int, str, Any]] = field(default_factory=list)

    @property
    def is_connected(self) -> bool:
        return self.connection is not None

    def dispatch(self, name: str, data: Any) -> None:
        self.sequence += 1
        self._past.append((self.sequence, name, data))
        if self.connection is not None:
            self.connection.send(DISPATCH, data, name, self.sequence)

    def replay(self, connection: Connection, after: int) -> int:
        """Send again what came after this sequence; says how many events that was."""
        self.connection = connection
        missed = [event for event in self._past if event[0] > after]
        for sequence, name, data in missed:
            connection.send(DISPATCH, data, name, sequence)
        return len(missed)
