"""LoopbackDiscord: the whole service on one port of this machine, and the language in which tests speak about it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.loopback.changes import PATIENCE_S, Changes, Found

from . import routes_application, routes_channels, routes_interactions
from .call import Call
from .downloads import Downloads
from .faults import Faults
from .front import Front, Hook
from .gateway import Gateway
from .message import Message
from .person import FIRST_RESPONSE_S, Person
from .places import Channel, Guild
from .rates import Rates
from .schema import Schema
from .world import World

_MAX_REQUEST_BYTES = 512 * 1024 * 1024


class LoopbackDiscord:
    """Made by open(); everything in it belongs to the event loop in which it was opened."""

    def __init__(self, clock: Callable[[], float], first_response_s: float) -> None:
        self.changes = Changes(self.describe)
        self.world = World(clock, self.changes)
        self.protocol_errors: list[str] = []
        self.gateway = Gateway(self.world, self.protocol_errors)
        self.world.send = self.gateway.send
        self._schema = Schema()
        routes = [*routes_application.ROUTES, *routes_channels.ROUTES, *routes_interactions.ROUTES]
        self._front = Front(self.world, routes, self._schema, self.protocol_errors)
        self._first_response_s = first_response_s
        self._landlord: Person | None = None
        self._downloads = Downloads(self.world, self._front.faults)
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        clock: Callable[[], float] = time.time,
        *,
        first_response_s: float = FIRST_RESPONSE_S,
        port: int = 0,
        shards: int = 1,
    ) -> "AsyncIterator[LoopbackDiscord]":
        """Serve on 127.0.0.1 in the running loop until the block ends."""
        discord = cls(clock, first_response_s)
        discord.world.recommended_shards = shards
        app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        app.router.add_get("/gateway", discord.gateway.handle)
        app.router.add_get("/gateway/", discord.gateway.handle)
        app.router.add_get("/cdn/{path:.+}", discord._downloads.handle)
        app.router.add_route("*", "/api/v10/{path:.*}", discord._front.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        discord._listen_on(runner.addresses[0][1])
        try:
            yield discord
        finally:
            discord.faults.clear()
            await discord.gateway.drop(code=1001)
            await runner.cleanup()

    def _listen_on(self, port: int) -> None:
        self.port = port
        self.world.cdn.origin = f"http://127.0.0.1:{port}"
        self.gateway.url = self.world.gateway_url = f"ws://127.0.0.1:{port}/gateway"

    # --- where it is, and who the bot is

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def cdn_host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def application_id(self) -> int:
        return self.world.application_id

    def point_library_at(self, monkeypatch: Any) -> None:
        """Make discord.py in this process talk to this server; a pytest.MonkeyPatch undoes it."""
        import yarl
        from discord.gateway import DiscordWebSocket
        from discord.http import Route

        monkeypatch.setattr(Route, "BASE", self.api)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(self.gateway.url))

    # --- the people and the places

    def user(self, name: str, *, locale: str = "en-US", has_installed: bool = False, upload_limit: int = 0) -> Person:
        """A new person; has_installed means that they added the bot to their own account."""
        person = Person(
            self.world.next_id(),
            name,
            locale=locale,
            has_installed=has_installed,
            upload_limit_bytes=upload_limit,
            world=self.world,
            first_response_s=self._first_response_s,
        )
        self.world.users[person.id] = person
        return person

    def guild(
        self,
        name: str,
        *,
        tier: int = 0,
        owner: Person | None = None,
        bot_installed: bool = True,
        locale: str = "en-US",
    ) -> Guild:
        """A new guild, with the bot in it unless it is said otherwise."""
        if owner is None:
            owner = self._landlord = self._landlord or self.user("landlord")
        return self.world.new_guild(name, owner, tier=tier, bot_installed=bot_installed, locale=locale)

    def dm(self, person: Person) -> Channel:
        """The conversation between a person and the bot."""
        return self.world.dm_with(person)

    def group_dm(self, *people: Person) -> Channel:
        """A conversation of people (two, or a group) in which the bot is not."""
        return self.world.private_channel(list(people))

    # --- what happened, and what shall go wrong

    @property
    def calls(self) -> list[Call]:
        return self._front.calls

    @property
    def downloads(self) -> list[Call]:
        """What was fetched from the CDN."""
        return self._downloads.calls

    def calls_to(self, method: str, fragment: str) -> list[Call]:
        """The calls of this method ("*" for any) whose path or template has this fragment."""
        return [call for call in self.calls if call.matches(method, fragment)]

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The global commands as they are registered."""
        return [command.data for command in self.world.commands if command.guild_id is None]

    def commands_of(self, guild: Guild) -> list[dict[str, Any]]:
        return [command.data for command in self.world.commands if command.guild_id == guild.id]

    @property
    def violations(self) -> list[str]:
        """What in the bodies so far is not as the OpenAPI document has it."""
        return self._schema.violations

    @property
    def validates(self) -> bool:
        """Whether the OpenAPI document is there; without it violations stay empty."""
        return self._schema.is_available

    @property
    def invalid_requests(self) -> int:
        """How many answers were 401, 403 or 429."""
        return self._front.invalid_requests

    @property
    def faults(self) -> Faults:
        return self._front.faults

    @property
    def rates(self) -> Rates:
        return self._front.rates

    @property
    def on_call(self) -> Hook | None:
        return self._front.on_call

    @on_call.setter
    def on_call(self, hook: Hook | None) -> None:
        self._front.on_call = hook

    @property
    def max_invalid_requests(self) -> int:
        return self._front.max_invalid_requests

    @max_invalid_requests.setter
    def max_invalid_requests(self, most: int) -> None:
        self._front.max_invalid_requests = most

    async def revoke_token(self) -> str:
        """The operator makes a new token, which is returned; the old one is refused and its connections closed."""
        self.world.old_tokens.add(self.world.token)
        self.world.token += "-new"
        await self.gateway.drop(resumable=False, code=4004)
        return self.world.token

    async def until(self, predicate: Callable[[], Found], *, limit_s: float = PATIENCE_S, about: str = "") -> Found:
        """Wait until something is so; every change on this server looks again."""
        return await self.changes.until(predicate, limit_s=limit_s, about=about)

    async def until_ready(self) -> None:
        """Wait until the bot is connected and has registered its commands."""
        await self.until(
            lambda: self.gateway.is_ready and bool(self.world.commands), about="bot connected, with commands"
        )

    @property
    def messages(self) -> list[Message]:
        """Every message anywhere that is not deleted, oldest first, also those for one person."""
        everything = [one for place in self.world.channels.values() for one in place.all_messages.values()]
        return sorted((one for one in everything if not one.deleted), key=lambda one: one.id)

    def describe(self) -> str:
        """How things stand, in a few lines."""
        last = [f"  {call.method} {call.path} -> {call.status}" for call in self.calls[-8:]]
        shown = [
            f"  {one.author.name}: {one.text[:80]!r} {[f.filename for f in one.shown]}" for one in self.messages[-5:]
        ]
        state = f"connected: {self.gateway.is_ready}, errors: {self.protocol_errors[-3:]}"
        return "\n".join([state, "last calls:", *last, "last messages:", *shown])
