"""Buttons of a job: they carry ``job:<id>:<verb>`` and need no memory, so that they answer after a restart."""

import re
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol, Self, cast

import discord


class Verb(StrEnum):
    """What can be done with a job by its buttons."""

    CANCEL = "cancel"
    AGAIN = "again"
    EDIT = "edit"
    BEST = "best"
    LONGER = "longer"
    SETTINGS = "settings"
    DELETE = "delete"
    REPORT = "report"
    SEND = "send"  # the video once more, to whoever presses


_LABELS: Mapping[Verb, str] = {
    Verb.CANCEL: "Cancel",
    Verb.AGAIN: "Again",
    Verb.EDIT: "Edit prompt",
    Verb.BEST: "Best quality",
    Verb.LONGER: "Longer",
    Verb.SETTINGS: "Copy settings",
    Verb.DELETE: "Delete",
    Verb.REPORT: "Report",
    Verb.SEND: "Send again",
}
_STYLES: Mapping[Verb, discord.ButtonStyle] = {
    Verb.AGAIN: discord.ButtonStyle.primary,
    Verb.DELETE: discord.ButtonStyle.danger,
}

Action = Callable[["discord.Interaction[Any]", str], Awaitable[None]]


class HasJobActions(Protocol):
    """The client that a press arrives at."""

    job_actions: Mapping[Verb, Action]


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=re.compile(rf"job:(?P<job>[0-9a-f]{{20}}):(?P<verb>{'|'.join(Verb)})"),
):
    """One button of one job."""

    def __init__(self, job_id: str, verb: Verb) -> None:
        style = _STYLES.get(verb, discord.ButtonStyle.secondary)
        super().__init__(discord.ui.Button(label=_LABELS[verb], style=style, custom_id=f"job:{job_id}:{verb}"))
        self.job_id, self.verb = job_id, verb

    @classmethod
    async def from_custom_id(
        cls, interaction: "discord.Interaction[Any]", item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["job"], Verb(match["verb"]))

    async def callback(self, interaction: "discord.Interaction[Any]") -> None:
        await cast("HasJobActions", interaction.client).job_actions[self.verb](interaction, self.job_id)
