"""The line under the bot's name: how long the queue is, changed no more often than Discord likes it."""

import asyncio
from typing import Protocol

import aiohttp
import discord
import structlog

from bot.service.board import Board, BoardClosed
from bot.service.views import QueueView

log = structlog.get_logger(__name__)

_EVERY_S = 30.0


class HasQueue(Protocol):
    """What says how the queue is."""

    def view(self) -> QueueView: ...


def presence_text(view: QueueView) -> str:
    """Return the line."""
    if view.paused:
        return "paused"
    if not view.ready:
        return "not ready yet"
    busy = view.waiting + view.running
    count = f"{busy} in the queue" if busy else "ready"
    return f"{count}, takes nothing new" if view.draining else count


async def keep_presence(
    client: discord.AutoShardedClient, queue: HasQueue, board: Board, every_s: float = _EVERY_S
) -> None:
    """Show the queue until the bot stops. A new session is given the last line by the library when it identifies."""
    shown = ""
    with board.subscribe(None) as changes:
        while True:
            text = presence_text(queue.view())
            if text != shown:
                if await _show(client, text):
                    shown = text
                await asyncio.sleep(every_s)
                continue
            try:
                await changes.changed()
            except BoardClosed:
                return


async def _show(client: discord.AutoShardedClient, text: str) -> bool:
    activity = discord.CustomActivity(text)
    client.activity = activity
    await client.wait_until_ready()
    try:
        await client.change_presence(activity=activity)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("the presence was not shown", reason=repr(error))
        return False
    return True
