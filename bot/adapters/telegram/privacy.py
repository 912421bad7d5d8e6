"""``/privacy`` and ``/forget_me``: what is stored about a person, to be had and to be deleted by them alone."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

from telegram import InlineKeyboardMarkup

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import UNREACHABLE, Declined, tell
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import CHANNEL_NAME, Press
from bot.adapters.telegram.removal import remove_now
from bot.adapters.telegram.replies import Page, PressAction, change
from bot.adapters.telegram.text import bold, italic, lines, plain
from bot.domain import chat_words as words
from bot.domain.refusals import Refused
from bot.service.delivery import TryLater
from bot.service.export_file import export_file
from bot.service.history import jobs_under_way

_EXPORT, _ASK, _FORGET, _STAY = "export", "forget-ask", "forget", "forget-not"
_STORED = (
    "your Telegram number and name, for each job its pictures, prompt, options and video, your credits, what you "
    "reported, and a ban if there is one. What you write to the bot is kept until it is dealt with, and then for two "
    "days only that it came. Kept for a day: questions to you, words that were not understood and the messages of an "
    "album, so that an answer, an edit or a late picture finds them. Whoever runs this bot can see it, and admins of a "
    "group see the jobs that were asked for there."
)
_STAYS = (
    "What stays: your balance of credits, without which being forgotten would fill it up, a ban, and what the log of "
    "admins' commands says of you. Messages that were sent stay in their chats"
)
_WARNING = "All your jobs end, and all your pictures, videos and prompts are deleted. This cannot be undone."
_NOTHING_DELETED = "Nothing was deleted."
_NOT_FORGOTTEN_YET = (
    "Telegram does not let your messages be deleted just now, so nothing is forgotten yet. Try again soon."
)
_EXPORTED = "All that is stored about you, except pictures and videos; /history sends the videos again."
_NOT_SENT = "Telegram did not take the file. Please try again in a few minutes."
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
        lines(
            bold("Delete everything that is stored about you?"),
            plain(_WARNING),
            italic(f"{_STAYS}; their Delete buttons work until you are forgotten."),
        ),
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
    """Delete all. Raises Declined where Telegram does not answer, with nothing forgotten, and StoreError."""
    # The messages first: when the jobs are gone nobody knows any more where prompts and buttons stay on show.
    under_way = [view.job for view in await jobs_under_way(desk.services, press.requester)]
    async with AsyncExitStack() as closed:
        for job in under_way:
            if job.origin.channel == CHANNEL_NAME:
                await closed.enter_async_context(desk.statuses.closing(job.id))
                await _take_away(desk, job.id)
        count = await desk.services.privacy.forget(press.requester)
    return Page(plain(f"{words.forgotten(count)} {_STAYS}, and can be deleted there."))


async def _take_away(desk: Desk, job_id: str) -> None:
    """Remove a job's message, which nobody draws now."""
    try:
        job = (await desk.services.jobs.seen(job_id)).job  # anew: it may only now have been sent
    except Refused:
        return
    if job.is_over:  # it has its own Delete button, which would go with nothing else
        return
    address = Address.of(job)
    if address.message:
        try:
            await remove_now(desk.posts, address)
        except TryLater as later:
            raise Declined(_NOT_FORGOTTEN_YET) from later


async def _export(desk: Desk, press: Press) -> None:
    facts = await desk.services.privacy.export(press.requester.id)
    name, data = await asyncio.to_thread(export_file, facts, desk.options.max_video_bytes)
    if not data:
        raise Declined(_TOO_LARGE)
    await desk.posts.answer_press(press.query)
    try:
        await desk.posts.send_file(press.address.answer, name, data, plain(_EXPORTED))
    except UNREACHABLE:
        await tell(desk, press.address.answer, _NOT_SENT)
