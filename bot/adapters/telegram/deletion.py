"""The actions behind "Delete": it asks once more, in place of the job's buttons."""

from dataclasses import replace

from telegram import InlineKeyboardMarkup, Message

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.answers import answering_press
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import no_video_keyboard, sure_keyboard, video_keyboard
from bot.adapters.telegram.people import Press
from bot.adapters.telegram.removal import remove
from bot.adapters.telegram.replies import change_keyboard
from bot.adapters.telegram.rights import job_to_change
from bot.domain.job import Job
from bot.domain.refusals import RefusalCode, Refused


class Deletion:
    """Empties a job that is over, and takes its messages away. Rights are looked at for each press anew."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, press: Press, job_id: str) -> None:
        """Let the buttons ask whether it is meant."""
        async with answering_press(self._desk, press):
            _, view = await job_to_change(self._desk, press, job_id)
            _require_over(view.job)
            await change_keyboard(self._desk, press, sure_keyboard(job_id))

    async def keep(self, press: Press, job_id: str) -> None:
        """Let the buttons be what they were."""
        async with answering_press(self._desk, press):
            _, view = await job_to_change(self._desk, press, job_id)
            await change_keyboard(self._desk, press, self._keyboard(press, view.job))

    async def delete(self, press: Press, job_id: str) -> None:
        """Delete the job's files and words, then its messages."""
        async with answering_press(self._desk, press):
            caller, view = await job_to_change(self._desk, press, job_id)
            await self._desk.services.jobs.delete(caller, job_id)
            await self._desk.posts.answer_press(press.query)
            for at in _messages(press, view.job):
                await remove(self._desk.posts, at)

    def _keyboard(self, press: Press, job: Job) -> InlineKeyboardMarkup:
        message = press.raw.message
        # Of a message that is too old Telegram says nothing but its number.
        shows_video = message.video is not None if isinstance(message, Message) else job.video is not None
        return video_keyboard(job, self._desk.services.offers) if shows_video else no_video_keyboard(job)


def _messages(press: Press, job: Job) -> list[Address]:
    """Return the job's message, the call to it, and the pressed one, which may be a copy; each once."""
    address = Address.of(job)
    of_job = [replace(address, message=number) for number in (address.message, address.call) if number]
    is_copy = (press.chat, press.message) not in {(at.chat, at.message) for at in of_job}
    return [*of_job, press.address] if is_copy else of_job


def _require_over(job: Job) -> None:
    if not job.is_over:
        raise Refused(RefusalCode.NOT_OVER, job=job.id, state=str(job.state))
