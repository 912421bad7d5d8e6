"""What "Copy settings" shows: prompt and options, each in a block that can be copied with one tap."""

import io

import discord

from bot.domain.job import Job

_MAX_CHARACTERS = 2_000  # of a message
_FENCE = "```"


def settings_answer(job: Job) -> tuple[str, list[discord.File]]:
    """Return a job's settings as a text, or as a file where they are too long or would break out of a block."""
    options = " ".join(f"{name}:{value}" for name, value in {**job.options, "seed": str(job.seed)}.items())
    parts = [("Prompt", job.prompt), ("Options of /animate", options)]
    text = "\n".join(f"{title}\n{_FENCE}\n{part}\n{_FENCE}" for title, part in parts if part)
    if len(text.encode("utf-16-le")) // 2 <= _MAX_CHARACTERS and not any(_FENCE in part for _, part in parts):
        return text, []
    whole = "\n\n".join(part for _, part in parts if part)
    return "The settings are in the file.", [discord.File(io.BytesIO(whole.encode()), "settings.txt")]
