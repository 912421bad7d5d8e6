"""``/privacy`` and ``/forget_me``: what is stored about a person, to be had and to be deleted by them alone."""

import asyncio
from collections.abc import Mapping

import structlog
from telegram import InlineKeyboardMarkup

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import UNREACHABLE, Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import CHANNEL_NAME, Press
from bot.adapters.telegram.replies import Page, PressAction, change
from bot.adapters.telegram.text import bold, italic, lines, plain
from bot.domain import chat_words as words
from bot.service.export_file import export_file
from bot.service.history import jobs_under_way

log = structlog.get_logger(__name__)

_EXPORT, _ASK, _FORGET, _STAY = "export", "forget-ask", "forget", "forget-not"
_STORED = (
    "your Telegram number and name, for each job its pictures, prompt, options and video, your credits, what you "
    "reported, and a ban if there is one. What you write to the bot is kept until it is dealt with, and questions to "
    "you for a day. Whoever runs this bot can see it, and admins of a group see the jobs that were asked for there."
)
_STAYS = (
    "What stays: your balance of credits, without which being forgotten would fill it up, and a ban. "
    "Messages that were sent stay in their chats; their Delete buttons work until you are forgotten."
)
_WARNING = "All your jobs end, and all your pictures, videos and prompts are deleted. This cannot be undone."
_NOTHING_DELETED = "Nothing was deleted."
_EXPORTED = "All that is stored about you, except pictures and videos; /history sends the videos again."
_TOO_LARGE = "Your data is too large for a file here. Please ask whoever runs this bot for it."


async def privacy(desk: Desk) -> Page:
    """Return what is stored, for how long, and the ways to get and delete it."""
    keeps = desk.services.privacy.keeps
    pictures, videos = words.kept_for("Pictures", keeps.pictures_days), words.kept_for("Videos", keeps.videos_days)
    return Page(
        lines(
            bold("What is stored about you: ") + plain(_STORED),
            plain(f"{pictures} {videos} Prompts stay until you delete them."),
            plain("The Delete button under a video deletes that job; Forget me deletes all of them."),
        ),
        InlineKeyboardMarkup([[button("Export my data", _EXPORT), button("Forget me", _ASK)]]),
    )


async def ask_to_forget() -> Page:
    """Return the question that comes before everything is deleted."""
    return Page(
        lines(bold("Delete everything that is stored about you?"), plain(_WARNING), italic(_STAYS)),
        InlineKeyboardMarkup([[button("Delete everything", _FORGET), button("Keep", _STAY)]]),
    )


def privacy_actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what the buttons do; whoever presses is who it is about."""

    async def ask(press: Press, _: str) -> None:
        await change(desk, press, await ask_to_forget())

    async def forget(press: Press, _: str) -> None:
        await change(desk, press, await _forget(desk, press))

    async def stay(press: Press, _: str) -> None:
        await change(desk, press, Page(plain(_NOTHING_DELETED)))

    async def export(press: Press, _: str) -> None:
        await _export(desk, press)

    return {_ASK: ask, _FORGET: forget, _STAY: stay, _EXPORT: export}


async def _forget(desk: Desk, press: Press) -> Page:
    # Nobody will draw these messages' end: the jobs are gone then, and the prompt would stay on show.
    under_way = [view.job for view in await jobs_under_way(desk.services, press.requester)]
    messages = [Address.of(job) for job in under_way if job.origin.channel == CHANNEL_NAME]
    count = await desk.services.privacy.forget(press.requester)
    for address in messages:
        if address.message:
            try:
                await desk.posts.delete(address)
            except UNREACHABLE as reason:
                log.info("a forgotten job's message stays", reason=repr(reason))
    return Page(plain(f"{words.forgotten(count)} {_STAYS}"))


async def _export(desk: Desk, press: Press) -> None:
    facts = await desk.services.privacy.export(press.requester.id)
    name, data = await asyncio.to_thread(export_file, facts, desk.options.max_video_bytes)
    if not data:
        raise Declined(_TOO_LARGE)
    await desk.posts.answer_press(press.query)
    await desk.posts.send_file(press.address.answer, name, data, plain(_EXPORTED))
