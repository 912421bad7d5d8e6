"""A person's recent prompts, offered while they type.

What Discord shows of a choice, and what it sends back, is at most 100 characters: a longer prompt travels as a key,
which only its owner can turn into the prompt.
"""

from discord import app_commands

from bot.adapters.discord.text import shortened
from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.jobs import Jobs

_MAX_CHARACTERS = 100
_MAX_CHOICES = 25
_KEY = "prompt-of:"


async def prompt_choices(jobs: Jobs, requester: Requester, typed: str) -> list[app_commands.Choice[str]]:
    """Return the person's own prompts that hold what was typed, the newest first."""
    found = await jobs.recent_prompts(requester, typed, _MAX_CHOICES)
    return [
        app_commands.Choice(
            name=shortened(" ".join(prompt.split()), _MAX_CHARACTERS),
            value=prompt if len(prompt) <= _MAX_CHARACTERS else f"{_KEY}{job_id}",
        )
        for job_id, prompt in found
        if prompt.strip()
    ]


async def resolve_prompt(jobs: Jobs, requester: Requester, value: str) -> str:
    """Return the prompt that a chosen value stands for. Raises Refused(UNKNOWN_JOB) for somebody else's."""
    if not value.startswith(_KEY):
        return value
    job_id = value.removeprefix(_KEY)
    view = await jobs.get(requester, job_id)
    if view.job.requester.id != requester.id:  # an admin may look at it, but has not written it
        raise Refused(RefusalCode.UNKNOWN_JOB, job=job_id)
    return view.job.prompt
