"""``/animate-form``: the same wish as ``/animate``, with room for a long prompt."""

from typing import Any

from discord import app_commands

from bot.adapters.discord.animate_command import submit
from bot.adapters.discord.client import FormAction
from bot.adapters.discord.desk import Asking, Desk
from bot.adapters.discord.form_fields import (
    END_IMAGE,
    IMAGE,
    MAX_FIELDS,
    PROMPT,
    option_fields,
    picture_field,
    prompt_field,
)
from bot.adapters.discord.forms import filled, giving_back, open_form
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.refusing import Declined
from bot.service.views import JobView

KIND = "animate"
NAME = "animate-form"

_NO_PICTURE = "There was no picture in the form. Please put one in."


def form_command(desk: Desk) -> app_commands.Command[Any, Any, None]:
    """Return the command that opens the form."""
    offers = desk.services.offers

    async def animate_form(interaction: Interaction) -> None:
        fields = [picture_field(IMAGE, "Picture", required=True)]
        if offers.capabilities.end_picture:
            fields.append(picture_field(END_IMAGE, "Last picture", required=False))
        fields.append(prompt_field())
        fields += option_fields(offers.options, MAX_FIELDS - len(fields))
        await open_form(interaction, "Animate a picture", KIND, "", fields)

    return app_commands.Command(
        name=NAME, description="Fill in a form to turn a picture into a short video.", callback=animate_form
    )


def form_action(desk: Desk) -> FormAction:
    """Return what is done with the form."""

    async def submitted(interaction: Interaction, rest: str) -> None:
        async def make(asking: Asking) -> JobView:
            given = filled(interaction)
            texts = dict(given.texts)
            prompt = texts.pop(PROMPT, "")
            texts.pop(END_IMAGE, None)  # left empty
            with giving_back(prompt):
                if IMAGE not in given.files:
                    raise Declined(_NO_PICTURE)
                return await submit(desk, asking, given.files[IMAGE], given.files.get(END_IMAGE), prompt, texts)

        await desk.take(interaction, make)

    return submitted
