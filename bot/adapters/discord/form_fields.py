"""The fields of forms that ask for a video: the prompt, pictures, and as many of the table's options as fit."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bot.adapters.discord.animate_command import OWN_HELP
from bot.adapters.discord.text import shortened
from bot.domain.job import Job
from bot.domain.option import Option
from generation.request import MAX_PROMPT_CHARACTERS

MAX_FIELDS = 5
PROMPT, IMAGE, END_IMAGE = "prompt", "image", "end_image"

#: A form has little room: those that people change most often come first.
_ORDER = ("preset", "camera", "seconds", "seed", "motion")
_PLACEHOLDER_CHARACTERS = 100
_MAX_TEXT_CHARACTERS = 4_000  # Discord's own limit for a field
_NUMBER_CHARACTERS = 40

Field = ui.Item[Any]


def prompt_field(text: str = "") -> Field:
    """Return the field for what happens in the video."""
    # Discord may count some characters as two, and refuses a form whose text is longer than its own limit.
    max_length = MAX_PROMPT_CHARACTERS if len(text.encode("utf-16-le")) // 2 <= MAX_PROMPT_CHARACTERS else None
    return ui.Label(
        text="Prompt",
        description=OWN_HELP[PROMPT],
        component=ui.TextInput(
            custom_id=PROMPT,
            style=discord.TextStyle.paragraph,
            required=False,
            default=text or None,
            max_length=max_length or _MAX_TEXT_CHARACTERS,
        ),
    )


def picture_field(name: str, label: str, *, required: bool) -> Field:
    """Return the field for a picture."""
    upload: ui.FileUpload[Any] = ui.FileUpload(
        custom_id=name, required=required, min_values=1 if required else 0, max_values=1
    )
    return ui.Label(text=label, description=OWN_HELP[name], component=upload)


def option_fields(options: Sequence[Option], room: int, job: Job | None = None) -> list[Field]:
    """Return fields for at most so many of the options, filled in as they were given for ``job``."""
    before = {} if job is None else given_before(options, job)
    return [_field(option, before.get(option.name, ""), job) for option in _chosen(options)[:room]]


def given_before(options: Sequence[Option], job: Job) -> Mapping[str, str]:
    """Return what a form about a job is filled with: what is left as it is has not been changed."""
    before = {PROMPT: job.prompt}
    for option in _chosen(options):
        value = job.preset if option.name == "preset" else job.options.get(option.name, "")
        can_be_shown = not option.choices or value in {choice.value for choice in option.choices}
        # A new video has a new seed unless one is wanted, so that the old one is only named.
        before[option.name] = value if can_be_shown and option.name != "seed" else ""
    return before


def _chosen(options: Sequence[Option]) -> list[Option]:
    by_name = {option.name: option for option in options}
    return [by_name[name] for name in _ORDER if name in by_name]


def _field(option: Option, value: str, job: Job | None) -> Field:
    component: Field = _select(option, value) if option.choices else _text(option, value, job)
    return ui.Label(text=option.label, description=option.help, component=component)


def _select(option: Option, value: str) -> Field:
    options = [
        discord.SelectOption(label=choice.label, value=choice.value, default=choice.value == value)
        for choice in option.choices
    ]
    return ui.Select(custom_id=option.name, required=False, min_values=0, max_values=1, options=options)


def _text(option: Option, value: str, job: Job | None) -> Field:
    placeholder = f"From {option.lowest:g} to {option.highest:g}" if option.highest is not None else ""
    if option.name == "seed":
        placeholder = "Empty: a new one each time" + (f". The last one was {job.seed}" if job is not None else "")
    elif job is not None and option.name == "seconds":
        placeholder = f"{placeholder}. The last one was {job.seconds:.1f}"
    return ui.TextInput(
        custom_id=option.name,
        required=False,
        default=value or None,
        placeholder=shortened(placeholder, _PLACEHOLDER_CHARACTERS) or None,
        max_length=_NUMBER_CHARACTERS,
    )
