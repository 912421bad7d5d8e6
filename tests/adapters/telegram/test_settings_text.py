"""A job's settings, written as a caption."""

from dataclasses import replace

import pytest

from bot.adapters.telegram.settings_text import caption_of
from bot.domain.caption import read_caption
from tests.adapters.telegram.test_card import JOB


@pytest.mark.parametrize(
    "negative",
    ["blurry", "blurry, dark", "the “quoted” one", 'a "b" c', "it's a 'b'", "'a' \"b\" c", "'a' \"b\" «c»"],
)
@pytest.mark.parametrize("prompt", ["the boats sway", "", "two\nlines — and a dash"])
def test_what_is_written_is_read_the_same(prompt: str, negative: str) -> None:
    """Whoever sends a job's settings as a caption asks for what the job was asked for, with its seed."""
    job = replace(JOB, prompt=prompt, options={"negative": negative, "seconds": "2"})
    assert read_caption(caption_of(job)) == (prompt, {**job.options, "seed": str(job.seed)})
