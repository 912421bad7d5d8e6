"""Replies: what a command is answered with, where all can read it or in private, and what a press changes.

What goes wrong in here is told by whoever calls: commands and presses are answered in one place.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from telegram import InlineKeyboardMarkup

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.letters import is_from
from bot.adapters.telegram.limiter import Urgency
from bot.adapters.telegram.people import Letter, Press
from bot.adapters.telegram.questions import job_of
from bot.adapters.telegram.text import MAX_TEXT_UNITS, Text, instant, link, plain
from bot.adapters.telegram.trouble import NoWay

#: What is done with a command's message, and with what stands behind the command.
CommandAction = Callable[[Letter, str], Awaitable[None]]
#: What is done with a press, and with what its button carries.
PressAction = Callable[[Press, str], Awaitable[None]]

_ASK_THERE = "That is answered in our own chat only: "


@dataclass(frozen=True, slots=True)
class Page:
    """One message: its text, and the buttons below it."""

    text: Text
    keyboard: InlineKeyboardMarkup | None = None


async def show(desk: Desk, to: Address, page: Page) -> int:
    """Send a page, cut where it is too long for a message; return the message's id. Raises what ``Posts`` raises."""
    return await desk.posts.send(to, page.text.shortened(MAX_TEXT_UNITS), page.keyboard)


async def show_privately(desk: Desk, letter: Letter, command: str, page: Page) -> None:
    """Answer a letter where only its writer reads it, or say how they come there. Raises what ``Posts`` raises."""
    if letter.is_private:
        await show(desk, letter.address, page)
        return
    if letter.user > 0:  # else a group or a channel speaks, with which there is no chat of its own
        try:
            await show(desk, Address(letter.user), page)
        except NoWay:  # a bot cannot write first
            pass
        else:
            return
    await show(desk, letter.address, Page(plain(_ASK_THERE) + deep_link(desk, command)))


async def change(desk: Desk, press: Press, page: Page) -> None:
    """Answer a press by showing something else in the message that it was on. Raises what ``Posts`` raises."""
    await desk.posts.answer_press(press.query)  # before the edit, which may have to wait for its turn
    text = page.text.shortened(MAX_TEXT_UNITS)
    await desk.posts.edit(press.address, text, page.keyboard, urgency=Urgency.ANSWER)


def job_replied_to(desk: Desk, letter: Letter) -> str | None:
    """Return the job whose message a letter answers; None where it answers none of ours."""
    answered = letter.reply
    return job_of(answered) if answered is not None and is_from(answered, desk.posts.me) else None


def deep_link(desk: Desk, command: str) -> Text:
    """Return a link into the chat with the bot, which gives a command there."""
    return link(f"/{command}", f"https://t.me/{desk.posts.me.username}?start={command}")


def moment(unix_s: float) -> Text:
    """Return an instant of the past; where a device cannot say how long ago that is, it shows the date."""
    return instant(unix_s, f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M} UTC")
