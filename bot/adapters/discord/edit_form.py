"""The form behind "Edit prompt": a job's prompt and options, to be asked for once more with changes."""

from bot.adapters.discord.client import FormAction
from bot.adapters.discord.desk import Asking, Desk
from bot.adapters.discord.form_fields import MAX_FIELDS, PROMPT, given_before, option_fields, prompt_field
from bot.adapters.discord.forms import filled, giving_back, open_form
from bot.adapters.discord.job_in_question import is_seen_by_one, job_of_requester
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.refusing import answering
from bot.domain.refusals import RefusalCode, Refused
from bot.service.views import JobView

KIND = "edit"


async def open_edit_form(desk: Desk, interaction: Interaction, job_id: str) -> None:
    """Show the form to whoever may change the job."""
    async with answering(interaction):
        job = (await job_of_requester(desk, interaction, job_id)).job
        if not job.has_picture:  # better before than after the person has typed
            raise Refused(RefusalCode.PICTURE_GONE, job=job_id)
        options = option_fields(desk.services.offers.options, MAX_FIELDS - 1, job)
        await open_form(interaction, "Change and make again", KIND, job_id, [prompt_field(job.prompt), *options])


def edit_action(desk: Desk) -> FormAction:
    """Return what is done with the form: a new job of whoever sent it, with what they have changed."""
    services = desk.services

    async def submitted(interaction: Interaction, job_id: str) -> None:
        async def make(asking: Asking) -> JobView:
            texts = filled(interaction).texts
            with giving_back(texts[PROMPT]):
                job = (await services.jobs.get(caller_of(interaction, desk.admin_roles), job_id)).job
                before = given_before(services.offers.options, job)
                return await services.intake.again(
                    asking.requester,
                    asking.origin,
                    job_id,
                    {name: text for name, text in texts.items() if text != before.get(name)},
                    asking.key,
                    seen=True,
                    circumstances=asking.circumstances,
                )

        await desk.take(interaction, make, is_private=is_seen_by_one(interaction))

    return submitted
