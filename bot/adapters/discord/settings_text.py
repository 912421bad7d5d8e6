"""A person's own words, given back to be copied with one tap: settings, and a prompt that was refused."""

import io

import discord

from bot.domain.job import Job

_MAX_CHARACTERS = 2_000  # of a message
_FENCE = "```"


def settings_answer(job: Job) -> tuple[str, list[discord.File]]:
    """Return a job's settings as a text, or as a file where they are too long or would break out of a block."""
    options = " ".join(f"{name}:{value}" for name, value in {**job.options, "seed": str(job.seed)}.items())
    parts = {title: part for title, part in (("Prompt", job.prompt), ("Options of /animate", options)) if part}
    text = "\n".join(f"{title}\n{_block(part)}" for title, part in parts.items())
    if _fits(text, *parts.values()):
        return text, []
    whole = "\n\n".join(parts.values())
    return "The settings are in the file.", [discord.File(io.BytesIO(whole.encode()), "settings.txt")]


def with_prompt(answer: str, prompt: str) -> str:
    """Return an answer with the person's prompt below it, where there is room."""
    text = f"{answer}\nYour prompt was\n{_block(prompt)}"
    return text if prompt and _fits(text, prompt) else answer


def _block(text: str) -> str:
    return f"{_FENCE}\n{text}\n{_FENCE}"


def _fits(message: str, *blocks: str) -> bool:
    length = len(message.encode("utf-16-le")) // 2  # Discord may count some characters as two
    return length <= _MAX_CHARACTERS and not any(_FENCE in block for block in blocks)
