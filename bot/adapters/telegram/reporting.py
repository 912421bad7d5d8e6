"""``/report``: what is wrong with the video that somebody replies to, for the admins."""

from bot.adapters.telegram.answers import Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import Letter
from bot.adapters.telegram.replies import Page, job_replied_to
from bot.adapters.telegram.rights import job_in_sight
from bot.adapters.telegram.text import plain
from bot.domain import chat_words as words

_HOW = "Please reply to the video with /report and what is wrong with it. Only the admins read that."


async def report(desk: Desk, letter: Letter, reason: str) -> Page:
    """Note a report. Raises Declined without a video in this chat, Refused(UNKNOWN_JOB) and StoreError."""
    job_id = job_replied_to(desk, letter)
    if job_id is None:
        raise Declined(_HOW)
    await job_in_sight(desk, letter, job_id)
    await desk.services.reports.report(letter.requester, job_id, reason)
    return Page(plain(words.REPORTED))
