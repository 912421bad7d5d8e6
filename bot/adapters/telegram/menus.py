"""Menus: the commands that Telegram offers while somebody types, each only where it can be given."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import structlog
from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
)
from telegram.constants import BotCommandLimit

from bot.adapters.telegram.admin_commands import offered
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.help_text import COMMANDS
from bot.adapters.telegram.text import visible
from bot.adapters.telegram.trouble import Trouble

log = structlog.get_logger(__name__)

#: What is answered in private anyway needs no place in a group's menu.
_PRIVATE_ONLY = frozenset({"privacy", "forget_me"})
#: A link and Telegram's own button give it as well; the help, which it leads to, need not name it.
_START: Mapping[str, str] = MappingProxyType({"start": "How to begin"})


async def register(desk: Desk) -> None:
    """Tell Telegram which commands there are, wherever it says something else now. Raises TryLater and Trouble."""
    everywhere = [
        (BotCommandScopeAllPrivateChats(), {**COMMANDS, **_START}),
        (BotCommandScopeAllGroupChats(), _in_groups()),
        (BotCommandScopeAllChatAdministrators(), {**_in_groups(), **offered(desk, "place")}),
    ]
    for scope, commands in everywhere:
        await _set(desk, scope, commands)
    for admin in sorted(desk.options.admins):
        await menu_of_admin(desk, admin)


async def menu_of_admin(desk: Desk, admin: int) -> None:
    """Offer an admin their commands in their own chat and in that for notices. Raises TryLater.

    Where they have never been there is nothing to be offered: their first message makes up for it.
    """
    for scope, commands in _of_admin(desk, admin):
        try:
            await _set(desk, scope, commands)
        except Trouble as reason:
            log.info("an admin is offered no commands yet", admin=admin, scope=scope.type, reason=str(reason))


def _of_admin(desk: Desk, admin: int) -> Iterator[tuple[BotCommandScope, Mapping[str, str]]]:
    yield BotCommandScopeChat(admin), {**COMMANDS, **_START, **offered(desk)}
    room = desk.options.admin_chat
    if room is not None and room < 0:
        yield BotCommandScopeChatMember(room, admin), {**_in_groups(), **offered(desk)}


def _in_groups() -> Mapping[str, str]:
    return {name: meaning for name, meaning in COMMANDS.items() if name not in _PRIVATE_ONLY}


async def _set(desk: Desk, scope: BotCommandScope, commands: Mapping[str, str]) -> None:
    wanted = tuple(
        BotCommand(name, visible(meaning, BotCommandLimit.MAX_DESCRIPTION)) for name, meaning in commands.items()
    )
    bot, errors = desk.posts.bot, desk.posts.errors
    with errors():
        known = await bot.get_my_commands(scope)
    # Asking costs little; changing a menu makes every app fetch it anew.
    if known != wanted:
        with errors():
            await bot.set_my_commands(wanted, scope)
