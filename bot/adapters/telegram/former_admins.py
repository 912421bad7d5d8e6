"""Former admins: the menu that they were offered once is taken back when they try one of its commands."""

from contextlib import suppress

from telegram import BotCommandScopeChat

from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.trouble import Trouble
from bot.service.delivery import TryLater


async def take_menu_from(desk: Desk, person: int) -> None:
    """Offer somebody who is no admin what all are offered; where Telegram does not take that, the next try does it."""
    with suppress(Trouble, TryLater), desk.posts.errors():
        await desk.posts.bot.delete_my_commands(BotCommandScopeChat(person))
