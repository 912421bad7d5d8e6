"""The bot on Discord that is killed."""

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.adapters.discord.adapter import DiscordAdapter, DiscordOptions
from bot.service.clock import SystemClock
from bot.store.milestones import Reach
from config.settings import Settings
from tests.chaos.chat_bot import live_in_chat


def point_at(api: str, gateway: str) -> None:
    """Lead this process's library to a Discord of ours."""
    Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


async def live_on_discord(settings: Settings, where: dict[str, str], reach: Reach) -> None:
    """Be a bot on the Discord that ``where`` names (api, gateway, token, cdn_host) until SIGTERM."""
    point_at(where["api"], where["gateway"])
    clock = SystemClock()
    adapter = DiscordAdapter(DiscordOptions(where["token"], cdn_hosts={where["cdn_host"]}), clock)
    await live_in_chat(settings, adapter, clock, reach)
