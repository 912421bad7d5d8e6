"""Forms: opening one, and reading it from its submission alone, so that the bot may have restarted in between."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from discord import ui

from bot.adapters.discord.acknowledgement import first_answer
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.refusing import EXPECTED_ERRORS, Declined, answer_to
from bot.adapters.discord.settings_text import with_prompt


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file that was put into a form."""

    url: str
    size: int  # in bytes, as Discord says


@dataclass(frozen=True, slots=True)
class Filled:
    """What a person has put into a form, by the ids of its fields; what was left empty is ""."""

    texts: Mapping[str, str]
    files: Mapping[str, FormFile]


async def open_form(interaction: Interaction, title: str, kind: str, rest: str, fields: Iterable[ui.Item[Any]]) -> None:
    """Show a form as the first answer; its submission goes to the action of this kind, with ``rest``."""
    form = ui.Modal(title=title, custom_id=f"{kind}:{rest}")
    for field in fields:
        form.add_item(field)
    form.stop()  # its submission is found by its id: the library need not keep it
    await first_answer(lambda: interaction.response.send_modal(form))


def filled(interaction: Interaction) -> Filled:
    """Return what a submission holds."""
    data = cast("dict[str, Any]", interaction.data)
    attachments: Mapping[str, Any] = data.get("resolved", {}).get("attachments", {})
    texts: dict[str, str] = {}
    files: dict[str, FormFile] = {}
    for field in _fields(data["components"]):
        name, values = str(field["custom_id"]), [str(value) for value in field.get("values") or ()]
        uploaded = [attachments[value] for value in values if value in attachments]
        if uploaded:
            files[name] = FormFile(str(uploaded[0]["url"]), int(uploaded[0]["size"]))
        else:
            texts[name] = str(field.get("value") or "") or next(iter(values), "")
    return Filled(texts, files)


@contextmanager
def giving_back(prompt: str) -> Iterator[None]:
    """Where a request is refused, let the answer hold what was written: the form itself is gone."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        raise Declined(with_prompt(answer_to(error), prompt)) from error


def _fields(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        inner = [component["component"]] if "component" in component else component.get("components", ())
        yield from _fields(inner)
        if "custom_id" in component:
            yield component
