"""A Discord that outlives its bots, with the people there, and deaths in the middle of a delivery."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import partial
from typing import Any

from tests.chaos.books import Kind, Problem, read_books
from tests.chaos.nursery import Bot, Home, Nursery
from tests.chaos.people import POLL_S
from tests.chaos.reaper import Reaper
from tests.chaos.shore import Shore
from tests.chaos.town import LIFE_S
from tests.loopback.discord import Call, Channel, LoopbackDiscord, Person, Sent, Upload

TOKEN_OVER_S = 16 * 60.0
_OLD_TOKEN = "a token that has expired"  # no news for Discord, but for each bot that is born
_PICTURE = Upload("harbour.png", b"a picture, as any other", "image/png")


class Turn(StrEnum):
    """What happens while the video is made."""

    NOTHING = "nothing"
    LATE = "late"  # the interaction's token is over
    DELETED = "deleted"  # somebody deletes the status message
    PRIVATE = "private"  # only one person sees the status message, and the token is over


def of_delivery(call: Call) -> bool:
    """Whether a call is about messages: of a status, of a video, of a look for one."""
    return "messages" in call.template or call.template == "/users/@me/channels"


def of_a_job(call: Call) -> bool:
    """The same, and the first answer."""
    return of_delivery(call) or "callback" in call.template


def _shows_status(call: Call) -> bool:
    has_video = any(part.filename.endswith(".mp4") for part in call.files.values())
    return call.method == "PATCH" and call.status == 200 and not has_video


class Pier(Shore):
    """A Discord, and the people there."""

    def __init__(
        self,
        nursery: Nursery,
        home: Home,
        discord: LoopbackDiscord,
        anna: Person,
        channel: Channel,
        move: Callable[[float], None],
    ) -> None:
        super().__init__(nursery, home)
        self.discord, self.anna, self.channel, self.move = discord, anna, channel, move
        self.reaper: Reaper[Call] = Reaper(_shows_status)
        discord.on_call = self.reaper

    async def bear(self) -> Bot:
        if self.bot is None or self.bot.is_over:
            await self.discord.until(lambda: not self.discord.gateway.is_ready, limit_s=LIFE_S)
            where = {
                "api": self.discord.api,
                "gateway": self.discord.gateway_url,
                "token": self.discord.token,
                "cdn_host": self.discord.cdn_host,
            }
            self.bot = self.nursery.bear(self.home, discord=where)
            await self.discord.until(lambda: self.discord.gateway.is_ready, limit_s=LIFE_S)
            await self.discord.until(lambda: bool(self.discord.commands), limit_s=LIFE_S)
        return self.bot

    async def ask(self, turn: Turn = Turn.NOTHING, *, person: Person | None = None, wait: bool = True) -> Sent:
        """Have a person ask for a video, to which something happens meanwhile."""
        self.reaper.spoil = None if turn is Turn.NOTHING else partial(self._spoil, turn)
        options: dict[str, Any] = {"private": True} if turn is Turn.PRIVATE else {}
        who = person or self.anna
        return await who.command(self.channel, "animate", image=_PICTURE, prompt="a wave", wait=wait, **options)

    def _spoil(self, turn: Turn, call: Call) -> None:
        if turn is Turn.DELETED:
            (message,) = [one for one in self.discord.messages if one.id == call.id_of("message_id")]
            message.delete()
        else:
            self.move(TOKEN_OVER_S)

    async def until_quiet_or_dead(self) -> None:
        """Wait until the bot is being killed, or a request more has come to its end."""
        before = sum(len(message.videos) for message in self.discord.messages)
        await self.discord.until(
            lambda: self.reaper.has_struck or sum(len(one.videos) for one in self.discord.messages) > before,
            limit_s=LIFE_S,
        )

    def newcomer(self, name: str) -> Person:
        """Return one more person who is there."""
        person = self.discord.user(name)
        assert self.channel.guild is not None
        self.channel.guild.join(person)
        return person

    def problems(self) -> list[Problem]:
        shown = [video.filename for message in self.discord.messages for video in message.videos]
        wrong = []
        for job_id, job in read_books(self.home).jobs.items():
            count = shown.count(f"video-{job_id}.mp4")
            if job["state"] != "delivered" or count != 1:
                kind = Kind.DOUBLE if count > 1 else Kind.LOST
                wrong.append(Problem(kind, f"{job_id} is {job['state']}, and its video is shown {count} times"))
        return wrong

    def require_manners(self) -> None:
        assert self.discord.violations == []
        assert [error for error in self.discord.protocol_errors if _OLD_TOKEN not in error] == []


@asynccontextmanager
async def new_pier(nursery: Nursery) -> AsyncIterator[Pier]:
    moved_s = 0.0

    def move(seconds: float) -> None:
        nonlocal moved_s
        moved_s += seconds

    with Home.new() as home:
        async with LoopbackDiscord.open(clock=lambda: time.time() + moved_s) as discord:
            guild = discord.guild("Harbour")
            anna = discord.user("anna")
            guild.join(anna)
            pier = Pier(nursery, home, discord, anna, guild.channel("pier"), move)
            async with pier.inhabited():
                yield pier


async def one_death(pier: Pier, turn: Turn, nth: int, *, acts: bool) -> bool:
    """Kill a bot at the nth call of a delivery, let the next one finish, and return whether there was such a call."""
    bot = await pier.bear()
    pier.reaper.arm(bot, nth, of_delivery, acts=acts)
    before = pier.job_count()
    await pier.ask(turn)
    async with asyncio.timeout(LIFE_S):
        while not pier.reaper.has_struck:
            if pier.job_count() > before and pier.home.is_at_rest():
                if pier.reaper.spoil is None:
                    return False
                before = pier.job_count()  # the video was faster than its status message
                pier.reaper.left = nth
                await pier.ask(turn)
            await asyncio.sleep(POLL_S)
    await bot.ended()
    found = pier.checker.after_death()
    await pier.bear()
    await pier.until_rest()
    found += pier.problems()
    assert not found, (turn, nth, acts, found)
    return True
