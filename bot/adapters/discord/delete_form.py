"""The form behind "Delete": it asks once more, and what is sent from it can take the message away by its own token."""

import aiohttp
import discord
import structlog
from discord import ui

from bot.adapters.discord.acknowledgement import acknowledge_quietly
from bot.adapters.discord.address import Address
from bot.adapters.discord.client import FormAction
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.forms import filled, open_form
from bot.adapters.discord.job_in_question import job_of_requester
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.refusing import answering, tell
from bot.adapters.discord.take_down import take_down_call, take_down_message
from bot.domain.job import Job
from bot.domain.refusals import RefusalCode, Refused

log = structlog.get_logger(__name__)

KIND = "delete"

_CHOICE = "choice"
_DELETE, _KEEP = "delete", "keep"
_MESSAGE_STAYS = "The video and the picture are deleted here, but Discord did not let me delete the message."


async def open_delete_form(desk: Desk, interaction: Interaction, job_id: str) -> None:
    """Ask whoever may delete the job whether they mean it."""
    async with answering(interaction):
        job = (await job_of_requester(desk, interaction, job_id)).job
        if not job.is_over:
            raise Refused(RefusalCode.NOT_OVER, job=job_id, state=str(job.state))
        choice: ui.Select[ui.Modal] = ui.Select(
            custom_id=_CHOICE,
            options=[
                discord.SelectOption(label="Delete it all", value=_DELETE, default=True),
                discord.SelectOption(label="Keep it", value=_KEEP),
            ],
        )
        label: ui.Label[ui.Modal] = ui.Label(
            text="Delete this for good?",
            description="Video, picture, prompt and this message go, and nothing can bring them back.",
            component=choice,
        )
        await open_form(interaction, "Delete", KIND, job_id, [label])


def delete_action(desk: Desk) -> FormAction:
    """Return what is done with the form."""

    async def submitted(interaction: Interaction, job_id: str) -> None:
        # A quiet acknowledgement makes the message with the button the interaction's own: its token may delete it,
        # also where the bot itself has no access, and when the message is for one person only.
        if not await acknowledge_quietly(interaction) or filled(interaction).texts[_CHOICE] != _DELETE:
            return
        async with answering(interaction):
            job = (await job_of_requester(desk, interaction, job_id)).job
            await desk.services.jobs.delete(caller_of(interaction, desk.admin_roles), job_id)
            await _delete_messages(desk, interaction, job)

    return submitted


async def _delete_messages(desk: Desk, interaction: Interaction, job: Job) -> None:
    address = Address.read(job.origin.address)
    pressed = interaction.message.id if interaction.message is not None else 0
    await take_down_call(desk.posts, address)
    if address.message and address.message != pressed:  # it was pressed on a copy
        await take_down_message(desk.posts, address)
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        return  # somebody was quicker
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as refused:
        log.info("a message could not be deleted by its token", reason=repr(refused))
        if address.message != pressed or not await take_down_message(desk.posts, address):
            await tell(interaction, _MESSAGE_STAYS)
