"""The short answers of a job's buttons: end it, ask for it again, report it."""

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import Declined, alert, answering_press
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.edit_prompt import ask_for_words
from bot.adapters.telegram.keyboards import status_keyboard
from bot.adapters.telegram.people import Press
from bot.adapters.telegram.removal import remove
from bot.adapters.telegram.rights import job_in_sight, job_to_change
from bot.domain import chat_words as words
from bot.domain.job import Job, Origin
from bot.domain.job_verbs import Verb
from bot.domain.refusals import RefusalCode, Refused
from bot.service.variations import changes_for, longer_s
from bot.service.views import JobView


class JobActions:
    """Each takes a press and the job's id; what is refused is shown to whoever pressed, and to nobody else."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._services = desk, desk.services

    async def cancel(self, press: Press, job_id: str) -> None:
        """End a job that waits or runs; its message says so by itself."""
        async with answering_press(self._desk, press):
            caller, view = await job_to_change(self._desk, press, job_id)
            try:
                await self._services.jobs.cancel(caller, job_id)
                await self._desk.posts.answer_press(press.query)
            finally:  # where the job was over already all the more
                if _is_stray(press, view.job):
                    await remove(self._desk.posts, press.address)

    async def again(self, verb: Verb, press: Press, job_id: str) -> None:
        """Make a new job of whoever pressed, from the picture and the options of the one they look at."""
        desk = self._desk

        async def make(origin: Origin) -> JobView:
            job = (await job_in_sight(desk, press, job_id)).job
            if verb is Verb.LONGER and longer_s(job, self._services.offers) is None:
                raise Declined(words.AS_LONG_AS_POSSIBLE)
            return await self._services.intake.again(
                press.requester,
                origin,
                job_id,
                changes_for(verb, job, self._services.offers),
                press.key,
                seen=True,
                circumstances=press.circumstances,
            )

        async with answering_press(desk, press):
            await desk.take(press.address.answer, press.requester, press.place, make)
            await desk.posts.answer_press(press.query)

    async def edit(self, press: Press, job_id: str) -> None:
        """Ask whoever may change the job for another prompt; others write their own with /animate."""
        async with answering_press(self._desk, press):
            job = (await job_to_change(self._desk, press, job_id))[1].job
            if not job.has_picture:  # better before than after the person has typed
                raise Refused(RefusalCode.PICTURE_GONE, job=job_id)
            await self._desk.posts.answer_press(press.query)
            await ask_for_words(self._desk, press, job)

    async def report(self, press: Press, job_id: str) -> None:
        """Tell the admins that somebody finds a video wrong; ``/report`` takes a reason as well."""
        async with answering_press(self._desk, press):
            await job_in_sight(self._desk, press, job_id)
            await self._services.reports.report(press.requester, job_id, "")
            await alert(self._desk, press, words.REPORTED)


def _is_stray(press: Press, job: Job) -> bool:
    """Whether the pressed message is a second status line: the answer to the first one was lost when it was sent."""
    message, address = press.raw.message, Address.of(job)
    if not address.message or address.message == press.message:
        return False
    # A list of jobs has other buttons, or answers another message.
    answers = getattr(message, "reply_to_message", None)
    is_beside = answers is not None and answers.message_id == address.asked
    return is_beside and getattr(message, "reply_markup", None) == status_keyboard(job.id)
