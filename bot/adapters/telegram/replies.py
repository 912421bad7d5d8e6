"""Replies: what a command is answered with, where all can read it or in private, and what a press changes.

What goes wrong in here is told by whoever calls: commands and presses are answered in one place.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from telegram import InlineKeyboardMarkup

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import NOT_NOW, UNREACHABLE, tell
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.letters import is_from
from bot.adapters.telegram.limiter import Urgency
from bot.adapters.telegram.people import Letter, Press
from bot.adapters.telegram.questions import job_of
from bot.adapters.telegram.text import MAX_TEXT_UNITS, Text, instant, link, plain
from bot.adapters.telegram.trouble import NoWay

log = structlog.get_logger(__name__)

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
    elif not await is_shown_aside(desk, letter, page):
        await show(desk, letter.address, Page(plain(_ASK_THERE) + deep_link(desk, command)))


async def is_shown_aside(desk: Desk, letter: Letter, page: Page) -> bool:
    """Answer somebody who wrote in a group in their own chat; False: there is none. Raises what ``Posts`` raises."""
    if letter.user < 0:  # a group or a channel speaks, with which there is no chat of its own
        return False
    try:
        await show(desk, Address(letter.user), page)
    except NoWay:  # a bot cannot write first
        return False
    return True


async def change(desk: Desk, press: Press, page: Page) -> None:
    """Answer a press by showing something else in the message that it was on, or below it where that is refused."""
    await desk.posts.answer_press(press.query)  # before the edit, which may have to wait for its turn
    text = page.text.shortened(MAX_TEXT_UNITS)
    try:
        await desk.posts.edit(press.address, text, page.keyboard, urgency=Urgency.ANSWER)
    except UNREACHABLE as reason:  # the press has had its one answer, and what it did must not stay unsaid
        log.info("a pressed message could not be changed", reason=repr(reason))
        await tell(desk, press.address.answer, text, page.keyboard)


async def change_keyboard(desk: Desk, press: Press, keyboard: InlineKeyboardMarkup) -> None:
    """Answer a press by giving its message other buttons; whoever pressed is told where that is refused."""
    await desk.posts.answer_press(press.query)
    try:
        await desk.posts.edit_keyboard(press.address, keyboard)
    except UNREACHABLE as reason:
        log.info("a pressed message could not be changed", reason=repr(reason))
        await tell(desk, press.address.answer, NOT_NOW)


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
