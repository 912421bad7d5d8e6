"""What the buttons of a job do."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bot.adapters.telegram.deletion import Deletion
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.job_actions import JobActions
from bot.adapters.telegram.people import Press
from bot.adapters.telegram.resending import Resending
from bot.domain.job_verbs import Verb

JobAction = Callable[[Press, str], Awaitable[None]]


def job_actions(desk: Desk) -> Mapping[Verb, JobAction]:
    """Return what each button does, called with the press and the job's id; it answers the press in any case."""
    actions, deletion, resending = JobActions(desk), Deletion(desk), Resending(desk)
    return {
        Verb.CANCEL: actions.cancel,
        Verb.AGAIN: partial(actions.again, Verb.AGAIN),
        Verb.BEST: partial(actions.again, Verb.BEST),
        Verb.LONGER: partial(actions.again, Verb.LONGER),
        Verb.EDIT: actions.edit,
        Verb.FILE: resending.send_file,
        Verb.SEND: resending.send,
        Verb.DELETE: deletion.ask,
        Verb.SURE: deletion.delete,
        Verb.KEEP: deletion.keep,
        Verb.REPORT: actions.report,
    }
