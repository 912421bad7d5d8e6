"""Gateway: the websocket side, with sessions that can be resumed, and the ways in which it can fail."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from aiohttp import WSMsgType, web

from . import guild_payloads
from .places import Guild
from .session import (
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    PRESENCE,
    RECONNECT,
    REQUEST_MEMBERS,
    RESUME,
    VOICE_STATE,
    Connection,
    Session,
)
from .world import World

Json = dict[str, Any]

GOING_AWAY, UNKNOWN_ERROR, UNKNOWN_OPCODE, NOT_AUTHENTICATED = 1001, 4000, 4001, 4003
AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED, RATE_LIMITED = 4004, 4005, 4008
MAX_EVENTS_PER_MINUTE = 120

_GUILDS, _GUILD_MESSAGES, _DIRECT_MESSAGES, _MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15


@dataclass(frozen=True, slots=True)
class Resume:
    session_id: str
    after: int
    replayed: int
    accepted: bool


class Gateway:
    def __init__(self, world: World, protocol_errors: list[str]) -> None:
        self._world = world
        self._protocol_errors = protocol_errors
        self._sessions: dict[str, Session] = {}
        self._to_refuse = 0
        self.url = ""
        self.heartbeat_interval_ms = 41_250
        self.ignores_heartbeats = False
        self.connections: list[Connection] = []
        self.handshakes_refused = 0
        self.heartbeats = 0
        self.identifies: list[Json] = []
        self.resumes: list[Resume] = []
        self.presences: list[Json] = []

    # --- what tests do

    @property
    def is_ready(self) -> bool:
        """Whether the bot is connected with a live session."""
        return any(session.is_connected for session in self._sessions.values())

    async def drop(self, *, resumable: bool = True, code: int = UNKNOWN_ERROR) -> None:
        """Close every connection; without resumable, the sessions are forgotten as well."""
        if not resumable:
            self._sessions.clear()
        await asyncio.gather(*(connection.close(code) for connection in list(self.connections)))

    def cut(self) -> None:
        """Break every connection without a word, as a lost network does."""
        for connection in list(self.connections):
            connection.cut()

    def invalidate(self) -> None:
        """Tell every connection that its session is over and cannot be resumed."""
        self._sessions.clear()
        for connection in self.connections:
            connection.session = None
            connection.send(INVALID_SESSION, data=False)

    def ask_to_reconnect(self) -> None:
        for connection in self.connections:
            connection.send(RECONNECT)

    def refuse_next_handshake(self, count: int = 1) -> None:
        """Answer the next attempts to connect with 503."""
        self._to_refuse += count

    # --- what the world does

    def send(self, name: str, data: Json, guild: Guild | None) -> int:
        """Send an event to the shard of that guild; says how many sessions heard it, or will when they resume."""
        heard = 0
        for session in list(self._sessions.values()):
            shard_id = (guild.id >> 22) % session.shard_count if guild is not None else 0
            if session.shard_id == shard_id and _wanted(session.intents, name, guild):
                session.dispatch(name, self._without_content(session, name, data, guild))
                heard += 1
        return heard

    def _without_content(self, session: Session, name: str, data: Json, guild: Guild | None) -> Json:
        bot_id = str(self._world.bot.id)
        if not name.startswith("MESSAGE_") or "content" not in data or guild is None:
            return data
        if session.intents & _MESSAGE_CONTENT or data["author"]["id"] == bot_id:
            return data
        if any(user["id"] == bot_id for user in data["mentions"]):
            return data
        return data | {"content": "", "attachments": [], "embeds": [], "components": []}

    # --- the socket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self._to_refuse > 0:
            self._to_refuse -= 1
            self.handshakes_refused += 1
            self._world.changes.notify()
            return web.Response(status=503)
        compression = request.query.get("compress")
        if compression not in (None, "zlib-stream"):
            self._protocol_errors.append(f"gateway: compression {compression!r} is not modelled")
        socket = web.WebSocketResponse(max_msg_size=0, timeout=0.2)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, compresses=compression == "zlib-stream")
        self.connections.append(connection)
        writer = asyncio.create_task(connection.write())
        connection.send(HELLO, {"heartbeat_interval": self.heartbeat_interval_ms, "_trace": []})
        try:
            await self._listen(connection)
        finally:
            self.connections.remove(connection)
            if connection.session is not None and connection.session.connection is connection:
                connection.session.connection = None
            connection.finish()
            await writer
            self._world.changes.notify()
        return socket

    async def _listen(self, connection: Connection) -> None:
        steps: dict[int, Callable[[Connection, Any], int | None]] = {
            HEARTBEAT: self._heartbeat,
            IDENTIFY: self._identify,
            RESUME: self._resume,
            PRESENCE: self._presence,
            REQUEST_MEMBERS: self._members,
            VOICE_STATE: lambda _connection, _data: None,
        }
        async for frame in connection.socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            payload = json.loads(frame.data)
            step = steps.get(payload["op"])
            close_code = UNKNOWN_OPCODE if step is None else step(connection, payload["d"])
            close_code = close_code or self._count(connection)
            self._world.changes.notify()
            if close_code is not None:
                await connection.close(close_code)
                return

    def _count(self, connection: Connection) -> int | None:
        now = time.monotonic()
        connection.received = [at for at in connection.received if now - at < 60] + [now]
        if len(connection.received) <= MAX_EVENTS_PER_MINUTE:
            return None
        self._protocol_errors.append(f"gateway: more than {MAX_EVENTS_PER_MINUTE} events in a minute")
        return RATE_LIMITED

    def _heartbeat(self, connection: Connection, _data: Any) -> None:
        self.heartbeats += 1
        if not self.ignores_heartbeats:
            connection.send(HEARTBEAT_ACK)

    def _identify(self, connection: Connection, data: Json) -> int | None:
        self.identifies.append(data)
        if data["token"] != self._world.token:
            return AUTHENTICATION_FAILED
        if connection.session is not None:
            return ALREADY_AUTHENTICATED
        shard_id, shard_count = data.get("shard") or (0, 1)
        session = Session(token_hex(16), shard_id, shard_count, data["intents"], connection)
        self._sessions[session.id] = session
        connection.session = session
        if data.get("presence"):
            self.presences.append(data["presence"])
        self._greet(session)
        return None

    def _greet(self, session: Session) -> None:
        guilds = [
            guild
            for guild in self._world.guilds.values()
            if guild.bot_installed and (guild.id >> 22) % session.shard_count == session.shard_id
        ]
        session.dispatch("READY", guild_payloads.ready(self._world, session, guilds))
        if session.intents & _GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", guild_payloads.guild(self._world, guild))

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if data["token"] != self._world.token:
            return AUTHENTICATION_FAILED
        session = self._sessions.get(data["session_id"] or "")
        after = data["seq"] or 0
        if session is None:
            self.resumes.append(Resume(str(data["session_id"]), after, 0, accepted=False))
            connection.send(INVALID_SESSION, data=False)
            return None
        connection.session = session
        replayed = session.replay(connection, after)
        self.resumes.append(Resume(session.id, after, replayed, accepted=True))
        session.dispatch("RESUMED", {"_trace": []})
        return None

    def _presence(self, connection: Connection, data: Json) -> int | None:
        if connection.session is None:
            return NOT_AUTHENTICATED
        self.presences.append(data)
        return None

    def _members(self, connection: Connection, data: Json) -> int | None:
        if connection.session is None:
            return NOT_AUTHENTICATED
        chunk = {"guild_id": data["guild_id"], "members": [], "chunk_index": 0, "chunk_count": 1, "not_found": []}
        connection.session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})
        return None


def _wanted(intents: int, name: str, guild: Guild | None) -> bool:
    if name.startswith("MESSAGE_"):
        return bool(intents & (_GUILD_MESSAGES if guild else _DIRECT_MESSAGES))
    if name.startswith(("GUILD_", "CHANNEL_", "THREAD_")):
        return bool(intents & _GUILDS)
    return True
