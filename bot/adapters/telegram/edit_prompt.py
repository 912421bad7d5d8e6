"""The question behind "Edit prompt", and what is made of its answer: the same picture once more, with other words."""

from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import Letter, Press
from bot.adapters.telegram.questions import ask
from bot.adapters.telegram.rights import job_in_sight
from bot.adapters.telegram.text import block, lines, plain
from bot.domain.caption import read_caption
from bot.domain.job import Job, Origin
from bot.service.views import JobView

KIND = "edit"

_QUESTION = "please answer this message with the new prompt."
_OLD = "It was:"
_FIELD = "the new prompt --seconds 4"


async def ask_for_words(desk: Desk, press: Press, job: Job) -> None:
    """Ask whoever pressed for another prompt, and give them the old one to be copied.

    Raises what ``questions.ask`` raises.
    """
    # Where a group's own voice has asked for the job, the admin behind it is not to be named.
    is_named = press.chat < 0 < int(job.requester.user)
    question = plain(_QUESTION if is_named else _QUESTION[:1].upper() + _QUESTION[1:])
    text = lines(question, plain(_OLD), block(job.prompt)) if job.prompt else question
    await ask(desk, press.address.answer, press.requester, KIND, job.id, text, _FIELD, is_named=is_named)


async def again_with_words(desk: Desk, letter: Letter, job_id: str) -> None:
    """Make a new job from a job's picture and the words of a letter, which may hold options as everywhere.

    For an answer to the question, and for any text that replies to a job's message.
    Raises Declined where the job is not from here, Refused, RequestRejected and StoreError.
    """
    await job_in_sight(desk, letter, job_id)
    prompt, options = read_caption(letter.text)
    changes: dict[str, str | None] = dict(options)
    if prompt or not options:  # of options alone nobody means that the old words are to go
        changes["prompt"] = prompt

    async def make(origin: Origin) -> JobView:
        return await desk.services.intake.again(
            letter.requester, origin, job_id, changes, letter.key, seen=True, circumstances=letter.circumstances
        )

    await desk.take(letter.address, letter.requester, letter.place, make)
