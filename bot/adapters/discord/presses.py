"""Buttons and menus that need no memory: their id says what is to be done, so that they answer after a restart."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self, cast

import discord
import structlog
from discord import ui

from bot.adapters.discord.client import guarded
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.refusing import say

log = structlog.get_logger(__name__)

PressAction = Callable[[Interaction, str], Awaitable[None]]
Button = ui.Button[ui.LayoutView]
Menu = ui.Select[ui.LayoutView]
Item = ui.Item[ui.LayoutView]

_TEMPLATE = re.compile(r"do:(?P<kind>[a-z-]+):(?P<rest>.*)")
_OUTDATED = "This button is from an earlier version of the bot. Please give the command again."


def button(label: str, kind: str, rest: str = "", style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> Button:
    """Return a button that calls the action of this kind with ``rest``."""
    return ui.Button(label=label, style=style, custom_id=f"do:{kind}:{rest}")


def menu(placeholder: str, kind: str, options: Sequence[discord.SelectOption], rest: str = "") -> Menu:
    """Return a menu of which one entry is chosen, and which then calls the action of this kind with ``rest``."""
    return ui.Select(placeholder=placeholder, custom_id=f"do:{kind}:{rest}", options=list(options))


def chosen(interaction: Interaction) -> str:
    """Return the entry that was chosen in a menu."""
    values: list[str] = cast("Any", interaction.data).get("values", [])
    return values[0] if values else ""


def row(*items: Button | Menu) -> ui.ActionRow[ui.LayoutView]:
    """Return buttons beside each other, or one menu."""
    return ui.ActionRow(*items)


def board(*items: Item, colour: discord.Colour | None = None) -> ui.LayoutView:
    """Return a message of these parts; the library keeps nothing of it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=colour))
    view.stop()
    return view


def answer_presses(client: discord.Client, actions: Mapping[str, PressAction]) -> None:
    """Have a client answer its presses with these actions, each by its kind."""

    class Press(ui.DynamicItem[ui.Item[Any]], template=_TEMPLATE):
        """One press, whichever button or menu it came from."""

        def __init__(self, item: ui.Item[Any], kind: str, rest: str) -> None:
            super().__init__(item)
            self.kind, self.rest = kind, rest

        @classmethod
        async def from_custom_id(cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
            return cls(item, match["kind"], match["rest"])

        async def callback(self, interaction: Interaction) -> None:
            action = actions.get(self.kind)
            if action is None:
                log.info("an unknown button was pressed", kind=self.kind)
                await say(interaction, _OUTDATED)
                return
            await guarded(interaction, action(interaction, self.rest))

    client.add_dynamic_items(Press)
