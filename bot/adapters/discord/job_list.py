"""``/jobs``: a person's jobs under way, each with its place, its time and a button that ends it."""

from discord import ui

from bot.adapters.discord.address import Address
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.people import Interaction, requester_of
from bot.adapters.discord.presses import Item, PressAction, board, button, row
from bot.adapters.discord.private_answers import change
from bot.adapters.discord.text import shown
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState, Requester
from bot.service.history import jobs_under_way
from bot.service.state_lines import state_lines
from bot.service.views import JobView

_MAX_SHOWN = 10
_PROMPT_CHARACTERS = 80  # escapes may double it, and a message holds 4,000 in all
_CANCEL, _REFRESH = "job-cancel", "jobs"


async def job_list(desk: Desk, requester: Requester) -> ui.LayoutView:
    """Return the list as it is now."""
    views = await jobs_under_way(desk.services, requester)
    items: list[Item] = []
    for view in views[:_MAX_SHOWN]:
        text = f"**{prompt_of(view.job, _PROMPT_CHARACTERS)}**\n{_state(view, desk.clock.now_ms() / 1000)}"
        where = message_link(view.job)
        items.append(ui.TextDisplay(f"{text} {where}".rstrip()))
        if view.job.state is not JobState.RENDERED:
            items.append(row(button("Cancel", _CANCEL, view.job.id)))
    if not views:
        items.append(ui.TextDisplay(f"{words.NO_JOBS} `/animate` begins one."))
    if len(views) > _MAX_SHOWN:
        items.append(ui.TextDisplay(words.and_more(len(views) - _MAX_SHOWN)))
    return board(*items, row(button("Refresh", _REFRESH)))


def job_list_actions(desk: Desk) -> dict[str, PressAction]:
    """Return what the list's buttons do."""

    async def cancel(interaction: Interaction, job_id: str) -> None:
        async def make() -> ui.LayoutView:
            requester = requester_of(interaction)
            await desk.services.jobs.cancel(requester, job_id)
            return await job_list(desk, requester)

        await change(interaction, make)

    async def refresh(interaction: Interaction, _: str) -> None:
        await change(interaction, lambda: job_list(desk, requester_of(interaction)))

    return {_CANCEL: cancel, _REFRESH: refresh}


def prompt_of(job: Job, max_characters: int) -> str:
    """Return a job's prompt for one line."""
    return shown(job.prompt, max_characters) or words.NO_PROMPT


def message_link(job: Job) -> str:
    """Return a link to a job's message; nothing where there is none that could be opened."""
    if not job.origin.address or job.origin.is_private:
        return ""
    address = Address.read(job.origin.address)
    if not address.message or not address.by_bot:  # elsewhere the server is not known
        return f"<#{address.channel}>" if job.origin.place else ""
    server = job.origin.place.partition(":")[2] or "@me"
    return f"https://discord.com/channels/{server}/{address.channel}/{address.message}"


def _state(view: JobView, now_s: float) -> str:
    ready = "" if view.eta_s is None else f" Ready {discord_time(now_s + view.eta_s)}."
    return state_lines(view)[0] + ready


def discord_time(instant_s: float) -> str:
    """Return an instant as each reader's own clock says it, counting."""
    return f"<t:{round(instant_s)}:R>"
