"""What a client offers and does by itself: its commands, buttons and forms; its registration, presence and notices."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import aiohttp
import discord
import structlog

from bot.adapters.discord import delete_form, edit_form, form_command, message_command, report_form
from bot.adapters.discord.admin_commands import admin_actions, admin_group
from bot.adapters.discord.admin_panel import QueuePanels
from bot.adapters.discord.animate_command import animate_command
from bot.adapters.discord.client import AnimateClient
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.job_actions import job_actions
from bot.adapters.discord.personal_commands import personal_actions, personal_commands
from bot.adapters.discord.presence import keep_presence
from bot.adapters.discord.presses import answer_presses
from bot.service.notice_board import NoticeBoard

log = structlog.get_logger(__name__)

_REGISTER_AGAIN_S = 60.0


def furnish(client: AnimateClient, desk: Desk) -> None:
    """Give a client everything that people can use."""
    client.tree.add_command(animate_command(desk))
    client.job_actions = job_actions(desk)
    for command in personal_commands(desk):
        client.tree.add_command(command)
    panels = QueuePanels(desk)
    client.tree.add_command(admin_group(desk, panels))
    answer_presses(client, {**personal_actions(desk), **admin_actions(desk), **panels.actions})
    client.tree.add_command(form_command.form_command(desk))
    pictures = message_command.ChosenPictures(desk.clock)
    client.tree.add_command(message_command.message_command(desk, pictures))
    client.form_actions |= {
        edit_form.KIND: edit_form.edit_action(desk),
        report_form.KIND: report_form.report_action(desk),
        delete_form.KIND: delete_form.delete_action(desk),
        form_command.KIND: form_command.form_action(desk),
        message_command.KIND: message_command.message_action(desk, pictures),
    }


async def keep_house(client: AnimateClient, desk: Desk, notices: NoticeBoard | None) -> None:
    """Do what a client does by itself, until it is cancelled."""
    async with asyncio.TaskGroup() as parts:
        parts.create_task(_apart("registration", _register(client)))
        parts.create_task(_apart("presence", keep_presence(client, desk.services.queue, desk.services.board)))
        if notices is not None:
            parts.create_task(_apart("notices", notices.run()))


async def _apart(name: str, part: Coroutine[Any, Any, None]) -> None:
    try:
        await part
    except Exception:  # a bug in one of them must not end the others
        log.exception("a part of the house has failed", part=name)


async def _register(client: AnimateClient) -> None:
    """Tell Discord which commands there are: it shows people the last that it was told."""
    while True:
        try:
            commands = await client.tree.sync()
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.error("the commands could not be registered", reason=str(error))
            await asyncio.sleep(_REGISTER_AGAIN_S)
        else:
            log.info("commands are registered", count=len(commands))
            return
