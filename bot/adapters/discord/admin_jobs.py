"""The jobs that an admin or whoever manages a server may pick from, without a line in the audit for each look."""

from collections.abc import Iterable
from dataclasses import dataclass

from discord import app_commands

from bot.adapters.discord.address import CHANNEL_NAME
from bot.adapters.discord.text import shortened
from bot.domain import chat_words as words
from bot.domain.job import Job, JobState
from bot.domain.refusals import Refused
from bot.service.roles import Caller
from bot.service.services import Services
from bot.service.views import JobView
from bot.store.errors import StoreError

_MAX_CHOICES, _MAX_CHARACTERS = 25, 100
_MAX_WAITING_READ = 500  # of a longer queue, the jobs of one server are not looked for at every key


@dataclass(frozen=True, slots=True)
class KnownJobs:
    """What somebody may see: running, waiting in order, and ended of late."""

    running: tuple[JobView, ...] = ()
    waiting: tuple[JobView, ...] = ()
    ended: tuple[JobView, ...] = ()
    is_whole: bool = True  # else there are too many to look for those of one server


async def known_jobs(services: Services, caller: Caller) -> KnownJobs:
    """Return the jobs that somebody may see: an admin all, whoever manages a place what is not private there."""
    if services.admin.is_admin(caller):
        board = await services.admin.overview(caller)
        return KnownJobs(board.running, board.waiting, board.ended)
    if not caller.manages:
        return KnownJobs()
    if services.queue.view().waiting > _MAX_WAITING_READ:
        return KnownJobs(is_whole=False)
    under_way = await services.jobs.under_way(CHANNEL_NAME)
    there = [view for view in under_way if _may_be_shown(view.job, caller)]
    waiting = [view for view in there if view.job.state is JobState.QUEUED]
    return KnownJobs(
        tuple(view for view in there if view.job.state is not JobState.QUEUED),
        tuple(sorted(waiting, key=lambda view: view.ahead or 0)),
    )


async def job_choices(services: Services, caller: Caller, command: str, typed: str) -> list[app_commands.Choice[str]]:
    """Return the jobs that a command can be about, and in which what was typed stands."""
    try:
        known = await known_jobs(services, caller)
    except (Refused, StoreError):  # nothing is offered; the command itself says why not
        return []
    wanted = typed.strip().casefold()
    labels = ((view.job.id, job_label(view)) for view in _candidates(known, command))
    found = [
        app_commands.Choice(name=label, value=job_id)
        for job_id, label in labels
        if wanted in label.casefold() or job_id.startswith(wanted)
    ]
    return found[:_MAX_CHOICES]


def job_label(view: JobView) -> str:
    """Return a job in one line of plain text, as menus show it."""
    job = view.job
    prompt = " ".join(job.prompt.split()) or words.NO_PROMPT
    return shortened(f"{job.state}, {job.requester.name or job.requester.id}: {prompt}", _MAX_CHARACTERS)


def _may_be_shown(job: Job, manager: Caller) -> bool:
    is_open = not job.origin.is_private or job.requester.id == manager.id
    return job.origin.place == manager.manages and is_open


def _candidates(known: KnownJobs, command: str) -> Iterable[JobView]:
    match command:
        case "promote":
            return known.waiting
        case "retry":
            return known.ended
        case "job":
            return (*known.running, *known.waiting, *known.ended)
        case _:
            return (*known.running, *known.waiting)
