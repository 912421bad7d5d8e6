"""``/animate``: a slash command whose options are drawn from the one table of options."""

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord.desk import Asking, Desk
from bot.adapters.discord.downloads import Linked
from bot.adapters.discord.people import Interaction, requester_of
from bot.adapters.discord.recent_prompts import prompt_choices, resolve_prompt
from bot.domain.option import Option
from bot.service.views import IncomingRequest, JobView
from generation.request import MAX_PROMPT_CHARACTERS

NAME = "animate"

OWN_HELP: Mapping[str, str] = {
    "image": "The picture that the video begins with.",
    "prompt": "What happens in the video, and what the camera does.",
    "end_image": "The picture that the video ends with.",
    "private": "Only you see the request and the video.",
}


def animate_command(desk: Desk) -> app_commands.Command[Any, Any, None]:
    """Return the command, with the options that the running engine can follow."""
    options = desk.services.offers.options

    async def animate(interaction: Interaction, **given: Any) -> None:
        image: discord.Attachment = given.pop("image")
        end_image: discord.Attachment | None = given.pop("end_image", None)
        prompt, is_private = given.pop("prompt", None) or "", bool(given.pop("private", None))
        values = {name: option_text(value) for name, value in given.items() if value is not None}

        async def make(asking: Asking) -> JobView:
            own_prompt = await resolve_prompt(desk.services.jobs, asking.requester, prompt)
            return await submit(desk, asking, image, end_image, own_prompt, values)

        await desk.take(interaction, make, is_private=is_private)

    parameters = _parameters(options, has_end_picture=desk.services.offers.capabilities.end_picture)
    # The library reads a command's options from its function's signature: this one is made from the table.
    animate.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    names = [parameter.name for parameter in parameters[1:]]
    helps = {**OWN_HELP, **{option.name: option.help for option in options}}
    app_commands.describe(**{name: helps[name] for name in names})(animate)
    app_commands.choices(
        **{
            option.name: [app_commands.Choice(name=choice.label, value=choice.value) for choice in option.choices]
            for option in options
            if option.choices
        }
    )(animate)
    command: app_commands.Command[Any, Any, None] = app_commands.Command(
        name=NAME,
        description="Turn a picture and a sentence into a short video.",
        callback=animate,  # type: ignore[arg-type]
    )

    async def complete(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await prompt_choices(desk.services.jobs, requester_of(interaction), current)

    command.autocomplete("prompt")(complete)
    return command


async def submit(
    desk: Desk,
    asking: Asking,
    image: Linked,
    end_image: Linked | None,
    prompt: str,
    options: Mapping[str, str],
) -> JobView:
    """Ask for a job. Its pictures are fetched before it is accepted, because their links expire."""
    fetch = desk.downloads.fetch
    end_picture = None if end_image is None else partial(fetch, end_image.url, end_image.size)
    picture = partial(fetch, image.url, image.size)
    request = IncomingRequest(picture, prompt, options, end_picture, asking.key, asking.circumstances)
    return await desk.services.intake.submit(asking.requester, asking.origin, request)


def option_text(value: object) -> str:
    """Return an option's value as a person would type it."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _parameters(options: tuple[Option, ...], *, has_end_picture: bool) -> list[inspect.Parameter]:
    end_image = {"end_image": discord.Attachment | None} if has_end_picture else {}
    annotations: dict[str, Any] = {
        "interaction": discord.Interaction,
        "image": discord.Attachment,
        "prompt": app_commands.Range[str, 0, MAX_PROMPT_CHARACTERS] | None,
        **end_image,
        **{option.name: _kind(option) | None for option in options},
        "private": bool | None,
    }
    required = {"interaction", "image"}
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            annotation=annotation,
            default=inspect.Parameter.empty if name in required else None,
        )
        for name, annotation in annotations.items()
    ]


def _kind(option: Option) -> Any:
    match option.kind:
        case "number":
            return app_commands.Range[float, _number(option.lowest), _number(option.highest)]
        case "integer":
            return app_commands.Range[int, _whole(option.lowest), _whole(option.highest)]
        case "text":
            return app_commands.Range[str, 0, option.max_length]
        case _:
            return str


def _number(bound: float | None) -> float | None:
    return None if bound is None else float(bound)  # the library takes no range of which one end is a whole number


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)
