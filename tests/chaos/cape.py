"""A Telegram that outlives its bots, with the people there and all that they have sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.books import Kind, Problem, read_books
from tests.chaos.nursery import Bot, Home, Nursery
from tests.chaos.people import POLL_S
from tests.chaos.reaper import Reaper
from tests.chaos.shore import Shore
from tests.chaos.town import LIFE_S
from tests.chaos.wishes import Photo, Press, Wish, problems_of
from tests.loopback.telegram import Call, LoopbackTelegram, Message, Person, PrivateChat

_PICTURE = b"a picture, as any other"
_BROKEN = b"broken"  # as the tests' decoder sees it
_RENDER_S = 0.15
_SENDS = frozenset({"sendMessage", "sendVideo", "editMessageText", "editMessageCaption", "editMessageMedia"})


class Turn(StrEnum):
    """What happens while the video is made."""

    NOTHING = "nothing"
    DELETED = "deleted"  # somebody deletes the status message
    OLD_SERVER = "old server"  # it turns no text into a video


def of_delivery(call: Call) -> bool:
    """Whether a call says something in a chat, or unsays it."""
    return call.method in _SENDS or call.method == "deleteMessage"


def of_anything(call: Call) -> bool:
    """Whether a call is one at all: a bot may die while it asks for updates or fetches a picture as well."""
    return True


def has_video(call: Call) -> bool:
    """Whether a call has put a video into a chat."""
    return call.status == 200 and call.method in ("sendVideo", "editMessageMedia")


def _shows_status(call: Call) -> bool:
    return call.status == 200 and call.method == "sendMessage" and "reply_markup" in call.parameters


@dataclass
class Somebody:
    """A person with a chat of their own, and the messages of their jobs there."""

    person: Person
    chat: PrivateChat
    photos: list[Photo] = field(default_factory=list)

    def shown(self, label: str) -> list[Message]:
        """Return the bot's messages that have this button now."""
        return [message for message in self.chat.of_bot if label in message.labels]


class Cape(Shore):
    """A Telegram, and the people there."""

    def __init__(
        self, nursery: Nursery, home: Home, telegram: LoopbackTelegram, *, is_hurried: bool, render_s: float
    ) -> None:
        super().__init__(nursery, home)
        self.telegram, self._is_hurried, self._render_s = telegram, is_hurried, render_s
        self.wishes: list[Wish] = []
        self.videos = 0  # how often one was put into a chat
        self.reaper: Reaper[Call] = Reaper(_shows_status)
        self._polls = 0
        telegram.on_call = self._told

    def _told(self, call: Call, stage: str) -> None:
        if stage == "before" and call.method == "getUpdates":
            self._polls += 1
        if stage == "after" and has_video(call):
            self.videos += 1
        self.reaper(call, stage)

    # --- the bot

    async def bear(self) -> Bot:
        """Return the bot that lives, or a new one, when it asks for updates."""
        if self.bot is None or self.bot.is_over:
            return await self._bear("")
        return self.bot

    async def bear_anew(self, die_at: str) -> Bot:
        """Start a bot that dies at a milestone, perhaps before it asks for updates."""
        if self.bot is not None:
            self.bot.kill()
            await self.bury()
        return await self._bear(die_at)

    async def _bear(self, die_at: str) -> Bot:
        before = self._polls
        where = {
            "base_url": self.telegram.base_url,
            "token": self.telegram.token,
            "is_hurried": "yes" if self._is_hurried else "",
            "render_s": str(self._render_s),
        }
        self.bot = bot = self.nursery.bear(self.home, telegram=where, die_at=die_at)
        async with asyncio.timeout(LIFE_S):
            while self._polls == before and not bot.is_over:  # noqa: ASYNC110 (of a death nobody is told)
                await asyncio.sleep(POLL_S)
        return bot

    def arm(self, nth: int, counts: Callable[[Call], bool], acts: bool) -> None:
        """Have the bot killed at the nth call of those that count."""
        assert self.bot is not None
        self.reaper.arm(self.bot, nth, counts, acts=acts)

    @property
    def is_dead(self) -> bool:
        assert self.bot is not None
        return self.reaper.has_struck or self.bot.is_over

    async def bury(self) -> None:
        """Wait until the bot is gone, which was killed."""
        assert self.bot is not None
        async with asyncio.timeout(LIFE_S):
            await self.bot.ended()
        self.reaper.rest()

    async def until_dead(self) -> bool:
        """Wait until the bot has died; False: nothing more is to be done, and it lives."""
        async with asyncio.timeout(LIFE_S):
            while not self.is_dead:
                if self.is_at_rest():
                    return False
                await asyncio.sleep(POLL_S)
        await self.bury()
        return True

    # --- the people

    def newcomer(self, name: str) -> Somebody:
        person = self.telegram.user(name)
        return Somebody(person, self.telegram.private(person))

    def sends(self, somebody: Somebody, words: str, *, is_broken: bool = False) -> Photo:
        """Have somebody send a picture."""
        data = _BROKEN if is_broken else _PICTURE
        return self._remember(somebody, somebody.person.sends_photo(somebody.chat, data, words))

    def sends_album(self, somebody: Somebody, words: str, count: int, held: int = 0) -> list[Photo]:
        """Have somebody send pictures together, the last of which come last."""
        album = somebody.person.sends_album(
            somebody.chat, [_PICTURE] * count, captions=[words], held=range(count - held, count)
        )
        photos = [self._remember(somebody, message) for message in album.messages]
        album.release()
        return photos

    async def presses_again(self, somebody: Somebody, message: Message) -> None:
        self.wishes.append(Press(await somebody.person.presses(message, "Again", wait=False)))

    def _remember(self, somebody: Somebody, message: Message) -> Photo:
        photo = Photo(message)
        somebody.photos.append(photo)
        self.wishes.append(photo)
        return photo

    # --- what has come of it

    def is_at_rest(self) -> bool:
        # In the order of an update's life: what moves on meanwhile is found at the next place.
        open_updates = "SELECT count(*) FROM inbox WHERE body IS NOT NULL"
        return not self.telegram.unconfirmed and not self.home.number(open_updates) and super().is_at_rest()

    def problems(self) -> list[Problem]:
        jobs = read_books(self.home).jobs
        return [*problems_of(self.wishes, jobs.values()), *self._shown_wrongly(jobs)]

    def _shown_wrongly(self, jobs: dict[str, dict[str, str]]) -> Iterator[Problem]:
        messages = self.telegram.messages
        shown = [message.video.file_name for message in messages if message.video is not None]
        in_doubt = {
            button.data.split(":")[1] for message in messages for button in message.buttons if _sends(button.data)
        }
        for job_id, job in jobs.items():
            count = shown.count(f"video-{job_id}.mp4")
            if count > 1:
                yield Problem(Kind.DOUBLE, f"the video of {job_id} is shown {count} times")
            if job["state"] == "delivered" and not count and job_id not in in_doubt:
                yield Problem(Kind.LOST, f"{job_id} is delivered, and nobody sees it")
            if job["state"] not in ("delivered", "cancelled"):
                yield Problem(Kind.LOST, f"{job_id} is {job['state']}")

    def require_manners(self) -> None:
        assert self.telegram.violations == []


def _sends(data: str) -> bool:
    return data.startswith("job:") and data.endswith(":send")


@asynccontextmanager
async def new_cape(nursery: Nursery, *, is_hurried: bool = True, render_s: float = _RENDER_S) -> AsyncIterator[Cape]:
    """Give a Telegram; a bot that is not hurried speaks at its usual rates."""
    with Home.new() as home:
        async with LoopbackTelegram.open(clock=time.time) as telegram:
            cape = Cape(nursery, home, telegram, is_hurried=is_hurried, render_s=render_s)
            async with cape.inhabited():
                yield cape


async def one_death(cape: Cape, turn: Turn, nth: int, *, acts: bool) -> bool:
    """Kill a bot at the nth call of a delivery, let the next one finish, and return whether there was such a call."""
    anna = cape.newcomer(f"anna {turn} {nth} {acts}")
    cape.telegram.holds_video_in_text = turn is not Turn.OLD_SERVER
    await cape.bear()
    cape.arm(nth, of_delivery, acts)

    def delete(_: Call) -> None:
        anna.chat.of_bot[-1].delete()

    cape.reaper.spoil = delete if turn is Turn.DELETED else None
    cape.sends(anna, "draw")
    if not await cape.until_dead():
        return False
    found = cape.checker.after_death()
    await cape.bear()
    await cape.until_rest()
    found += cape.problems()
    assert not found, (turn, nth, acts, found)
    return True
