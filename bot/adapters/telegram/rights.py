"""Who may do what with a job: whoever presses is looked at anew each time, and the services decide.

What a button says is only a claim: a changed app can press a button of ours that never was there.
"""

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import Letter, Press, caller_of
from bot.domain import chat_words as words
from bot.domain.refusals import Refused
from bot.service.roles import Caller
from bot.service.views import JobView


async def job_to_change(desk: Desk, press: Press, job_id: str) -> tuple[Caller, JobView]:
    """Return a job that the person may change, and as whom: their own, one of a group they manage, for an admin any.

    Raises Declined where it is somebody else's, Refused(UNKNOWN_JOB) where it is gone, Unasked and StoreError.
    """
    caller = Caller(press.requester, place=press.place)
    try:  # most presses are of owners: Telegram need not be asked who they are
        return caller, await desk.services.jobs.get(caller, job_id)
    except Refused:
        await desk.services.jobs.seen(job_id)
    caller = await caller_of(desk, press)
    try:
        return caller, await desk.services.jobs.get(caller, job_id)
    except Refused as refused:
        raise Declined(words.NOT_YOURS) from refused


async def job_in_sight(desk: Desk, who: Letter | Press, job_id: str) -> JobView:
    """Return a job that the person has asked for, or whose message is or was in the chat where they are.

    Raises Declined where it is neither, Refused(UNKNOWN_JOB) where it is gone, and StoreError.
    """
    view = await desk.services.jobs.seen(job_id)
    if view.job.requester.id != who.requester.id and Address.of(view.job).chat != who.chat:
        raise Declined(words.NOT_YOURS)
    return view
