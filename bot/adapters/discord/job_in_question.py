"""Which job a press or a form is about, as far as the person may have to do with it."""

from bot.adapters.discord.desk import Desk
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.refusing import Declined
from bot.domain import chat_words as words
from bot.domain.refusals import Refused
from bot.service.views import JobView


async def job_of_requester(desk: Desk, interaction: Interaction, job_id: str) -> JobView:
    """Return a job that the person may change: their own, one of a place they manage, and for an admin any.

    Raises Declined where it is somebody else's, and Refused(UNKNOWN_JOB) where it is gone.
    """
    try:
        return await desk.services.jobs.get(caller_of(interaction, desk.admin_roles), job_id)
    except Refused as refused:
        await desk.services.jobs.seen(job_id)
        raise Declined(words.NOT_YOURS) from refused


async def job_in_sight(desk: Desk, interaction: Interaction, job_id: str) -> JobView:
    """Return the job whose message the person looks at; a private one only to whoever asked for it.

    Raises Declined where it is not theirs, and Refused(UNKNOWN_JOB) where it is gone.
    """
    view = await desk.services.jobs.seen(job_id)
    if view.job.origin.is_private and view.job.requester.user != str(interaction.user.id):
        raise Declined(words.NOT_YOURS)
    return view


def is_seen_by_one(interaction: Interaction) -> bool:
    """Whether the message that was pressed is shown to this person only: what comes of it should be, too."""
    return interaction.message is not None and interaction.message.flags.ephemeral
