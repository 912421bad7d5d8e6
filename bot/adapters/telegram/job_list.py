"""``/jobs``: a person's jobs under way, each with its place, its time and a button that ends it."""

from collections.abc import Mapping, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import CHANNEL_NAME, Press, caller_of
from bot.adapters.telegram.replies import Page, PressAction, change
from bot.adapters.telegram.text import Text, bold, instant, lines, link, plain, visible
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState, Requester
from bot.domain.refusal_words import wait_text
from bot.service.history import jobs_under_way
from bot.service.roles import Caller
from bot.service.views import JobView

_MAX_SHOWN = 10
_PROMPT_CHARACTERS = 80
_BUTTONS_IN_A_ROW = 3
_CANCEL, _REFRESH = "job-cancel", "jobs"

_NONE = "You have no jobs under way. A picture with a sentence begins one."
_NONE_HERE = "You have no jobs under way in this group."
_NOT_YOUR_LIST = "This list is about somebody else. /jobs shows yours."


async def job_list(desk: Desk, requester: Requester, place: str) -> Page:
    """Return a person's list as it is now: in a group, where all read it, only what was asked for there."""
    views = await jobs_under_way(desk.services, requester)
    shown = [view for view in views if not place or view.job.origin.place == place]
    now_s = desk.clock.now_ms() / 1000
    entries = [_entry(number, view, now_s) for number, view in enumerate(shown[:_MAX_SHOWN], start=1)]
    if not shown:
        entries.append(plain(_NONE_HERE if place else _NONE))
    if len(shown) > _MAX_SHOWN:
        entries.append(plain(f"and {len(shown) - _MAX_SHOWN} more."))
    if len(views) > len(shown):
        entries.append(plain(f"{len(views) - len(shown)} elsewhere; our own chat shows all."))
    return Page(lines(*entries), _keyboard(requester, shown[:_MAX_SHOWN]))


def job_list_actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what the list's buttons do; whose list it is stands in them."""

    async def cancel(press: Press, rest: str) -> None:
        job_id, _, user = rest.partition(":")
        caller, owner = await _reader(desk, press, user)
        await desk.services.jobs.cancel(caller, job_id)
        await change(desk, press, await job_list(desk, owner, press.place))

    async def refresh(press: Press, user: str) -> None:
        _, owner = await _reader(desk, press, user)
        await change(desk, press, await job_list(desk, owner, press.place))

    return {_CANCEL: cancel, _REFRESH: refresh}


def prompt_of(job: Job, max_characters: int) -> str:
    """Return a job's prompt for one line."""
    return visible(job.prompt, max_characters) or words.NO_PROMPT


def message_link(job: Job) -> Text:
    """Return a link to a job's message; nothing where there is none that Telegram has an address for."""
    if job.origin.channel != CHANNEL_NAME:
        return Text("")
    address = Address.of(job)
    supergroup = str(address.chat).removeprefix("-100")
    if not address.message or supergroup == str(address.chat):  # private chats and small groups have none
        return Text("")
    return plain(" ") + link("message", f"https://t.me/c/{supergroup}/{address.message}")


def _entry(number: int, view: JobView, now_s: float) -> Text:
    text = plain(f"{number}. ") + bold(prompt_of(view.job, _PROMPT_CHARACTERS)) + plain(f"\n{_state(view)}")
    if view.eta_s is not None:
        text += plain(" Ready ") + instant(round(now_s + view.eta_s), f"in about {wait_text(view.eta_s)}") + plain(".")
    return text + message_link(view.job)


def _state(view: JobView) -> str:
    match view.job.state:
        case JobState.QUEUED:
            return words.place_in_queue(view.ahead)
        case JobState.RUNNING if view.render is not None:
            return words.progress_bar(view.render.step, view.render.steps)
        case JobState.RUNNING:
            return f"{words.RENDERING}."
        case _:
            return words.RENDERED


def _keyboard(requester: Requester, shown: Sequence[JobView]) -> InlineKeyboardMarkup:
    cancels = [
        button(f"Cancel {number}", _CANCEL, f"{view.job.id}:{requester.user}")
        for number, view in enumerate(shown, start=1)
        if view.job.state is not JobState.RENDERED
    ]
    return InlineKeyboardMarkup([*_rows(cancels), [button("Refresh", _REFRESH, requester.user)]])


def _rows(buttons: Sequence[InlineKeyboardButton]) -> list[Sequence[InlineKeyboardButton]]:
    return [buttons[at : at + _BUTTONS_IN_A_ROW] for at in range(0, len(buttons), _BUTTONS_IN_A_ROW)]


async def _reader(desk: Desk, press: Press, user: str) -> tuple[Caller, Requester]:
    """Return who presses, and whose list it is. Raises Declined where it is not for them, and Unasked."""
    if press.requester.user == user:
        return Caller(press.requester, place=press.place), press.requester
    if user.startswith("-"):  # a group's or a channel's voice, which presses nothing: people do so for it
        caller = await caller_of(desk, press)
        if caller.manages:
            return caller, Requester(CHANNEL_NAME, user)
    raise Declined(_NOT_YOUR_LIST)
