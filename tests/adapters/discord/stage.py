"""A stage for status cards: simulated time, a Discord that takes down every edit, and renders that hold."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import discord

from bot.adapters.discord.address import CHANNEL_NAME, Address
from bot.adapters.discord.card_painter import CardPainter, StatusCards
from bot.adapters.discord.posts import Files, Posts
from bot.domain.job import JobState, Origin, Requester
from bot.service.clock import SystemClock
from bot.service.status_messages import USUAL_PACE, StatusMessages
from bot.service.views import IncomingRequest, JobView
from generation.engines.engine import Phase, Progress
from tests.loopback.crowd import crowd
from tests.loopback.house import House

NETWORK_S = 0.1
THREADS_S = 0.05  # what the disk takes before an edit
ANNA = Requester(CHANNEL_NAME, "1", "Anna")


@dataclass(frozen=True)
class Edit:
    """One edit of a message, as Discord sees it."""

    at_s: float
    message: int
    text: str


class RecordedPosts(Posts):
    """A Discord that takes down every edit, and refuses those for which an error is named."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), lambda: None)
        self.edits: list[Edit] = []
        self.errors: list[Exception] = []  # for the next edits, one each
        self.refusal: Exception | None = None  # for every edit

    async def edit(self, address: Address, card: discord.ui.LayoutView, files: Files | None) -> Address:
        text = "\n".join(item.content for item in card.walk_children() if isinstance(item, discord.ui.TextDisplay))
        self.edits.append(Edit(asyncio.get_running_loop().time(), address.message, text))
        await asyncio.sleep(NETWORK_S)
        if self.errors:
            raise self.errors.pop(0)
        if self.refusal is not None:
            raise self.refusal
        return address

    def of(self, message: int) -> list[Edit]:
        return [edit for edit in self.edits if edit.message == message]


@dataclass
class Stage:
    """A bot whose renders hold, with its cards."""

    house: House
    posts: RecordedPosts = field(default_factory=RecordedPosts)
    messages: int = 0
    drawing: "asyncio.Task[None] | None" = None

    async def draw(self) -> StatusCards:
        """Log in and begin to draw the cards of what is under way."""
        self.posts.use(discord.Client(intents=discord.Intents.none()))
        clock = asyncio.get_running_loop().time
        painter = CardPainter(self.house.services, self.posts, self.house.clock, clock)
        cards = StatusMessages(self.house.services, painter, USUAL_PACE, clock)
        self.drawing = asyncio.create_task(cards.run())
        await asyncio.sleep(1)
        return cards

    def address(self, channel: int = 7, *, has_token: bool = True) -> Address:
        self.messages += 1
        token = "a token" if has_token else ""
        return Address(1, channel, self.messages, token, self.house.clock.now_ms() / 1000 + 1e6, by_bot=True)

    async def ask(self, prompt: str = "hold", *, has_token: bool = True) -> tuple[JobView, Address]:
        address = self.address(has_token=has_token)
        origin = Origin(CHANNEL_NAME, address=str(address))
        return await self.house.services.intake.submit(ANNA, origin, IncomingRequest(b"a picture", prompt)), address

    async def fill(self, count: int, *, has_token: bool = True) -> list[str]:
        """Have as many people ask at once; return their jobs' ids."""
        addresses = [self.address(has_token=has_token) for _ in range(count)]
        return await crowd(self.house, [Origin(CHANNEL_NAME, address=str(address)) for address in addresses])

    def progress(self, job_id: str, step: int) -> None:
        self.house.services.board.show_progress(job_id, ANNA.id, Progress(Phase.DRAW, step, 1000))


Story = Callable[[Stage], Awaitable[None]]
Play = Callable[[Story], None]


def apart_s(edits: list[Edit]) -> float:
    return min((after.at_s - before.at_s for before, after in pairwise(edits)), default=1e9)


async def running(stage: Stage, *, has_token: bool = True) -> tuple[StatusCards, str, int]:
    """Return cards that follow one job, which runs, and its message."""
    cards = await stage.draw()
    view, address = await stage.ask(has_token=has_token)
    cards.follow(view, address)
    await stage.house.until(view.job.id, JobState.RUNNING)
    await asyncio.sleep(1)  # the renderer's own first signs
    return cards, view.job.id, address.message
