"""``/cancel``: ends the job that is meant, one's own or, for an admin or whoever manages the group, somebody's."""

from bot.adapters.telegram.admin_commands import SHARED, outcome
from bot.adapters.telegram.answers import Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.job_list import job_list
from bot.adapters.telegram.people import Letter, caller_of
from bot.adapters.telegram.replies import Page, job_replied_to
from bot.adapters.telegram.text import plain
from bot.domain import chat_words as words
from bot.domain.job import JobState
from bot.domain.refusals import Refused
from bot.service.history import jobs_under_way
from bot.service.roles import Caller


async def cancel(desk: Desk, letter: Letter, text: str) -> Page:
    """End the job that is named, or replied to, or the only one; else return the list.

    Raises Declined, Refused: UNKNOWN_JOB, ALREADY_ENDED, and StoreError.
    """
    caller = await caller_of(desk, letter)
    job_id = text.split()[0] if text else job_replied_to(desk, letter)
    if job_id is not None:
        return await _cancel(desk, letter, caller, job_id)
    under_way = [view.job for view in await jobs_under_way(desk.services, letter.requester)]
    stoppable = [
        job
        for job in under_way
        if job.state is not JobState.RENDERED and (letter.is_private or job.origin.place == letter.place)
    ]
    if len(stoppable) == 1:
        return await _cancel(desk, letter, caller, stoppable[0].id)
    return await job_list(desk, letter.requester, letter.place)


async def _cancel(desk: Desk, letter: Letter, caller: Caller, job_id: str) -> Page:
    try:
        job = (await desk.services.jobs.get(caller, job_id)).job
    except Refused as refused:
        if job_id != job_replied_to(desk, letter):
            raise
        await desk.services.jobs.seen(job_id)  # it is there, and they look at it
        raise Declined(words.NOT_YOURS) from refused
    if job.requester.id != letter.requester.id:  # by right of an admin: that is written down
        return await outcome(desk, caller, letter.chat, SHARED, {"job": job_id})
    view = await desk.services.jobs.cancel(caller, job_id)
    return Page(plain(words.how_it_ended(view.job)))
