"""LoopbackTelegram: the whole service on one port of this machine, and the language in which tests speak about it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web

from tests.loopback.changes import PATIENCE_S, Changes, Found

from . import spec
from .asking import DEFAULT_SCOPE, scope_key
from .call import Call
from .chats import Channel, PrivateChat
from .downloads import Downloads
from .errors import UNAUTHORIZED
from .faults import Faults
from .flood import Flood
from .front import Front, Hook
from .groups import Group
from .inspection import Inspection
from .message import Message
from .person import Person
from .polling import Polling
from .users import Me
from .webhook import Webhook
from .world import World, fresh_token

Json = dict[str, Any]

_MAX_REQUEST_BYTES = 2_100_000_000


class LoopbackTelegram:
    """Made by open(); everything in it belongs to the event loop in which it was opened."""

    def __init__(self, clock: Callable[[], float], local_folder: Path | None) -> None:
        self.changes = Changes(self.describe)
        self.world = World(clock, self.changes, local_folder)
        self.polling = Polling(self.world)
        self.webhook = Webhook(self.world)
        self._inspection = Inspection()
        self._front = Front(self.world, self.polling, self.webhook, self._inspection)
        self._downloads = Downloads(self.world, self._front.faults)
        self._landlord: Person | None = None
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, clock: Callable[[], float] = time.time, *, local_folder: Path | None = None, port: int = 0
    ) -> "AsyncIterator[LoopbackTelegram]":
        """Serve on 127.0.0.1 in the running loop until the block ends; with a local_folder, in local mode."""
        telegram = cls(clock, local_folder)
        app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        app.router.add_get("/file/bot{token}/{path:.+}", telegram._downloads.handle)
        app.router.add_route("*", "/bot{token}/{method}", telegram._front.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        telegram.port = runner.addresses[0][1]
        pushing = asyncio.create_task(telegram.webhook.run())
        try:
            yield telegram
        finally:
            telegram.faults.clear()
            telegram.polling.end(None)
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
            await runner.cleanup()

    # --- where it is, and who the bot is

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bot_url(self) -> str:
        """What the library calls base_url."""
        return f"{self.base_url}/bot"

    @property
    def file_url(self) -> str:
        """What the library calls base_file_url."""
        return f"{self.base_url}/file/bot"

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def me(self) -> Me:
        return self.world.me

    def new_token(self) -> str:
        """The operator makes a new token, which is returned; the old one is refused, also to who waits for updates."""
        self.world.token = fresh_token(self.me.id)
        self.polling.end(UNAUTHORIZED)
        return self.world.token

    # --- the people and the places

    def user(self, name: str, *, username: str | None = None, language: str = "en") -> Person:
        """A new person, called @name unless another username or "" is given."""
        user_id = self.world.next_user_id()
        person = Person(user_id, name, name if username is None else username, language, world=self.world)
        self.world.users[user_id] = person
        return person

    def private(self, person: Person, *, is_open: bool = True) -> PrivateChat:
        """The chat of a person with the bot, who has pressed Start unless it is said otherwise."""
        chat = self.world.private(person)
        chat.is_open = chat.is_open or is_open
        return chat

    def group(self, title: str, *, owner: Person | None = None, privacy: bool = True) -> Group:
        """A basic group with the bot in it, as an administrator where group privacy is to be lifted."""
        return self._group(title, owner, privacy=privacy, kind="group")

    def supergroup(
        self, title: str, *, owner: Person | None = None, is_forum: bool = False, privacy: bool = True
    ) -> Group:
        return self._group(title, owner, privacy=privacy, kind="supergroup", is_forum=is_forum)

    def channel(self, title: str, *, discussion: Group | None = None, has_bot: bool = False) -> Channel:
        """A channel; its posts arrive in its discussion group, a supergroup, by themselves."""
        return self.world.new_channel(title, discussion, "administrator" if has_bot else "left")

    def _group(self, title: str, owner: Person | None, *, privacy: bool, kind: str, is_forum: bool = False) -> Group:
        if owner is None:
            owner = self._landlord = self._landlord or self.user("landlord")
        status = "member" if privacy else "administrator"
        return self.world.new_group(title, owner, kind=kind, is_forum=is_forum, bot_status=status)

    # --- updates

    @property
    def updates(self) -> list[Json]:
        """Every update that there ever was."""
        return self.world.updates.all

    @property
    def unconfirmed(self) -> list[Json]:
        """What the bot has not confirmed yet."""
        return [one.update for one in self.world.updates.waiting]

    def repeats(self, update: Json, times: int = 1) -> None:
        """Send an update again, whatever was confirmed."""
        for _ in range(times):
            self.world.updates.repeat(update)
        self.changes.notify()

    def shuffle(self, random: Random) -> None:
        """What waits comes out of order."""
        self.world.updates.shuffle(random)

    def send_raw(self, update: Json) -> None:
        """An update as it is, whatever it is."""
        self.world.updates.all.append(update)
        self.world.updates.repeat(update)
        self.changes.notify()

    # --- what happened, and what shall go wrong

    @property
    def calls(self) -> list[Call]:
        return self._front.calls

    def calls_to(self, *methods: str) -> list[Call]:
        return [call for call in self.calls if call.method in methods]

    @property
    def downloads(self) -> list[Call]:
        return self._downloads.calls

    def commands(self, scope: str | Json = "default", language: str = "") -> list[Json]:
        """The commands of exactly this scope: "all_private_chats", {"type": "chat", "chat_id": 1}."""
        whole = {"type": scope} if isinstance(scope, str) else scope or DEFAULT_SCOPE
        return self.world.commands.get((scope_key(whole), language), [])

    @property
    def violations(self) -> list[str]:
        """What in the calls so far is not as the Bot API has it."""
        return self._inspection.violations

    @property
    def validates(self) -> bool:
        """Whether the Bot API's description is there; without it names and types go unchecked."""
        return spec.is_available()

    @property
    def faults(self) -> Faults:
        return self._front.faults

    @property
    def flood(self) -> Flood:
        return self._front.flood

    @property
    def on_call(self) -> Hook | None:
        return self._front.on_call

    @on_call.setter
    def on_call(self, hook: Hook | None) -> None:
        self._front.on_call = hook

    @property
    def holds_video_in_text(self) -> bool:
        """Whether editMessageMedia may turn a text into a video, which older servers refuse."""
        return self.world.holds_video_in_text

    @holds_video_in_text.setter
    def holds_video_in_text(self, holds: bool) -> None:
        self.world.holds_video_in_text = holds

    async def until(self, predicate: Callable[[], Found], *, limit_s: float = PATIENCE_S, about: str = "") -> Found:
        """Wait until something is so; every change on this server looks again."""
        return await self.changes.until(predicate, limit_s=limit_s, about=about)

    async def until_confirmed(self) -> None:
        """Wait until the bot has confirmed every update."""
        await self.until(lambda: not self.unconfirmed, about="every update confirmed")

    @property
    def messages(self) -> list[Message]:
        """Every message anywhere that is not deleted, oldest first."""
        everything = [one for chat in self.world.chats.values() for one in chat.messages]
        return sorted(everything, key=lambda one: one.sent_s)

    def describe(self) -> str:
        """How things stand, in a few lines."""
        told = [call for call in self.calls if call.method != "getUpdates"]
        last = [f"  {call!r} {call.description}" for call in told[-8:]]
        shown = [f"  {message.chat!r} {message!r}" for message in self.messages[-6:]]
        state = f"unconfirmed: {len(self.unconfirmed)}, violations: {self.violations[-3:]}"
        return "\n".join([state, "last calls:", *last, "last messages:", *shown])
