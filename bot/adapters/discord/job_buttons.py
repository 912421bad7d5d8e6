"""Buttons of a job: what they carry is all that they need, so that they answer after a restart."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, Self, cast

import discord

from bot.domain.job_verbs import JOB_DATA, LABELS, Verb, job_data

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
    template=JOB_DATA,
):
    """One button of one job."""

    def __init__(self, job_id: str, verb: Verb) -> None:
        style = _STYLES.get(verb, discord.ButtonStyle.secondary)
        super().__init__(discord.ui.Button(label=LABELS[verb], style=style, custom_id=job_data(job_id, verb)))
        self.job_id, self.verb = job_id, verb

    @classmethod
    async def from_custom_id(
        cls, interaction: "discord.Interaction[Any]", item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["job"], Verb(match["verb"]))

    async def callback(self, interaction: "discord.Interaction[Any]") -> None:
        await cast("HasJobActions", interaction.client).job_actions[self.verb](interaction, self.job_id)
