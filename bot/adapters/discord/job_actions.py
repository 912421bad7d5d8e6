"""What the buttons of a job do."""

from collections.abc import Mapping
from functools import partial

from bot.adapters.discord.acknowledgement import acknowledge, acknowledge_quietly
from bot.adapters.discord.client import guarded
from bot.adapters.discord.delete_form import open_delete_form
from bot.adapters.discord.desk import Asking, Desk
from bot.adapters.discord.edit_form import open_edit_form
from bot.adapters.discord.job_buttons import Action
from bot.adapters.discord.job_in_question import is_seen_by_one, job_in_sight, job_of_requester
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.refusing import Declined, answering, tell
from bot.adapters.discord.report_form import open_report_form
from bot.adapters.discord.resending import Resending
from bot.adapters.discord.settings_text import settings_answer
from bot.domain import chat_words as words
from bot.domain.job_verbs import Verb
from bot.domain.refusals import Refused
from bot.service.variations import changes_for, longer_s
from bot.service.views import JobView
from bot.store.errors import StoreError


def job_actions(desk: Desk) -> Mapping[Verb, Action]:
    """Return what each button does."""
    actions = JobActions(desk)
    by_verb: Mapping[Verb, Action] = {
        Verb.CANCEL: actions.cancel,
        Verb.AGAIN: partial(actions.again, Verb.AGAIN),
        Verb.BEST: partial(actions.again, Verb.BEST),
        Verb.LONGER: partial(actions.again, Verb.LONGER),
        Verb.EDIT: partial(open_edit_form, desk),
        Verb.SETTINGS: actions.settings,
        Verb.DELETE: partial(open_delete_form, desk),
        Verb.REPORT: open_report_form,
        Verb.SEND: Resending(desk).send,
    }
    return {verb: partial(_safe, action) for verb, action in by_verb.items()}


class JobActions:
    """The buttons' answers. Who may do what is decided with what this very press says of the person."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._services = desk, desk.services

    async def cancel(self, interaction: Interaction, job_id: str) -> None:
        """End a job that waits or runs; its card says so by itself."""
        if not await acknowledge_quietly(interaction):
            return
        async with answering(interaction):
            await job_of_requester(self._desk, interaction, job_id)
            await self._services.jobs.cancel(caller_of(interaction, self._desk.admin_roles), job_id)

    async def again(self, verb: Verb, interaction: Interaction, job_id: str) -> None:
        """Make a new job of whoever pressed, from the picture and the options of the one they look at."""

        async def make(asking: Asking) -> JobView:
            job = (await job_in_sight(self._desk, interaction, job_id)).job
            if verb is Verb.LONGER and longer_s(job, self._services.offers) is None:
                raise Declined(words.AS_LONG_AS_POSSIBLE)
            return await self._services.intake.again(
                asking.requester,
                asking.origin,
                job_id,
                changes_for(verb, job, self._services.offers),
                asking.key,
                seen=True,
                circumstances=asking.circumstances,
            )

        await self._desk.take(interaction, make, is_private=await self._is_private(interaction, job_id))

    async def _is_private(self, interaction: Interaction, job_id: str) -> bool:
        """Whether what comes of a press is for one person only: as the job is, where only they see the message."""
        if not is_seen_by_one(interaction):
            return False
        try:
            return (await self._services.jobs.seen(job_id)).job.origin.is_private
        except (Refused, StoreError):
            return True

    async def settings(self, interaction: Interaction, job_id: str) -> None:
        """Show prompt and options to be copied."""
        if await acknowledge(interaction, ephemeral=True) is None:
            return
        async with answering(interaction):
            text, files = settings_answer((await job_in_sight(self._desk, interaction, job_id)).job)
            await tell(interaction, text, files=files)


async def _safe(action: Action, interaction: Interaction, job_id: str) -> None:
    await guarded(interaction, action(interaction, job_id))
