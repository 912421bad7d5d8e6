"""The Discord adapter: logs in, stays logged in, and ends only where the operator must do something."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import aiohttp
import discord
import structlog

from bot.adapters.discord.address import CHANNEL_NAME
from bot.adapters.discord.card_painter import CHANNEL_EVERY_S, CardPainter
from bot.adapters.discord.channel import DiscordChannel
from bot.adapters.discord.client import IDENTIFY_EVERY_S, AnimateClient
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.downloads import CDN_HOSTS, Downloads
from bot.adapters.discord.house import furnish, keep_house
from bot.adapters.discord.notices import AdminChannel
from bot.adapters.discord.posts import Posts
from bot.service.channels import ChannelClosed
from bot.service.clock import Clock
from bot.service.notice_board import NoticeBoard
from bot.service.services import Services
from bot.service.status_messages import USUAL_PACE, Pace, StatusMessages
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

_LONGEST_PAUSE_S = 60.0
_STEADY_S = 120.0  # a connection that held so long was a good one: the next pause is short again
_NOT_AUTHENTICATED = frozenset({4004, 4012, 4013, 4014})  # gateway: wrong token, version, intents


class DiscordClosed(ChannelClosed):
    """Discord takes this bot no more as it is set up."""

    def __init__(self, reason: str) -> None:
        super().__init__("Discord", reason)


@dataclass(frozen=True, slots=True)
class DiscordOptions:
    """What the operator has set."""

    token: str
    admin_roles: frozenset[str] = frozenset()
    admin_channel: int | None = None
    cdn_hosts: Collection[str] = CDN_HOSTS
    pace: Pace = USUAL_PACE
    channel_every_s: float = CHANNEL_EVERY_S  # between two edits of one channel by the bot's own token
    pause_s: float = 1.0  # before the second try to connect; then twice as long each time
    identify_every_s: float = IDENTIFY_EVERY_S


class DiscordAdapter:
    """One bot on Discord. ``channel`` is its delivery side."""

    def __init__(self, options: DiscordOptions, clock: Clock) -> None:
        self._options, self._clock = options, clock
        self._revoked = asyncio.Event()
        self._posts = Posts(clock, self._revoked.set)
        self.channel = DiscordChannel(self._posts, clock)

    async def run(self, services: Services) -> None:
        """Serve until the board closes. Raises DiscordClosed."""
        painter = CardPainter(services, self._posts, self._clock, time.monotonic, self._options.channel_every_s)
        cards = StatusMessages(services, painter, self._options.pace)
        async with Downloads(services.offers.max_picture_bytes, self._options.cdn_hosts) as downloads:
            desk = Desk(services, cards, self._posts, downloads, self._clock, self._options.admin_roles)
            self.channel.open(services, cards)
            parts = {
                asyncio.create_task(cards.run(), name="status cards"),
                asyncio.create_task(self._stay_connected(desk), name="discord connection"),
                asyncio.create_task(self._until_revoked(), name="discord token"),
            }
            try:
                done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                for part in done:
                    part.result()
            finally:
                for part in parts:
                    part.cancel()
                await asyncio.gather(*parts, return_exceptions=True)

    async def _notices(self, services: Services) -> NoticeBoard | None:
        """Return what posts notices: the same for all connections, so that what comes between two is posted as well."""
        if self._options.admin_channel is None:
            return None
        post = AdminChannel(self._posts, self._options.admin_channel).post
        notices = NoticeBoard(services.admin, services.board, CHANNEL_NAME, post)
        try:
            await notices.begin()
        except StoreError as error:  # it begins with the first connection then
            log.error("the notices could not be read", reason=str(error))
        return notices

    async def _until_revoked(self) -> None:
        await self._revoked.wait()
        raise DiscordClosed("the token was revoked")

    async def _stay_connected(self, desk: Desk) -> None:
        notices = await self._notices(desk.services)
        is_back = partial(desk.services.channel_is_back, CHANNEL_NAME)
        pause_s = self._options.pause_s
        while True:
            began_s = time.monotonic()
            client = AnimateClient(self._posts.use, is_back, self._options.identify_every_s)
            furnish(client, desk)  # a bug in it is no lost connection
            try:
                await self._connect(client, desk, notices)
            except discord.LoginFailure as error:
                raise DiscordClosed("the token is not valid") from error
            except discord.ConnectionClosed as error:
                if error.code in _NOT_AUTHENTICATED:
                    raise DiscordClosed(f"the gateway refuses this bot (code {error.code})") from error
                log.warning("Discord has closed the connection", code=error.code)
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("the connection to Discord was lost", reason=repr(error))
            except Exception:  # a bug, of ours or of the library's: deliveries and other channels need not end with it
                log.exception("the connection to Discord broke")
            if time.monotonic() - began_s > _STEADY_S:
                pause_s = self._options.pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _connect(self, client: AnimateClient, desk: Desk, notices: NoticeBoard | None) -> None:
        async with client:
            try:
                await client.login(self._options.token)
                keeping = asyncio.create_task(keep_house(client, desk, notices))
                try:
                    await client.connect()
                finally:
                    keeping.cancel()
                    await asyncio.wait({keeping})
            finally:
                self._posts.use(None)  # before the client closes what it speaks through
