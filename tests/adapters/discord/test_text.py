"""What people wrote stands in messages as they wrote it, and does nothing there."""

import re
import unicodedata

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord.text import escaped, shortened, shown

_MENTION = re.compile(r"@(everyone|here)|<(@[!&]?|#|t:|/|id:|a?:)")


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("a **bold** move", r"a \*\*bold\*\* move"),
        ("# Not a heading", r"\# Not a heading"),
        ("-# not small", r"-\# not small"),
        ("[click](https://example.org)", r"\[click\]\(https://example.org\)"),
        ("[a](b) [free](https://example.org)", r"\[a\]\(b\) \[free\]\(https://example.org\)"),
        ("https://example.org/*a*\\", r"https://example.org/\*a\*\\"),
        ("||no spoiler||", r"\|\|no spoiler\|\|"),
        ("`no code`", r"\`no code\`"),
        ("over\n\n  three\tlines", "over three lines"),
        ("\u202eright to left\u2066", "right to left"),
        ("a\u200bb\x00c\ufeff", "abc"),
        ("a family 👨‍👩‍👧", "a family 👨‍👩‍👧"),
        ("Käse, 猫, дом", "Käse, 猫, дом"),
        ("", ""),
    ],
)
def test_a_text_is_shown_as_it_was_written(written: str, seen: str) -> None:
    """Marks are only characters, invisible characters are gone, and one line stays one line."""
    assert shown(written, 100) == seen


@pytest.mark.parametrize(
    "text",
    ["@everyone", "@here", "<@123>", "<@!123>", "<@&123>", "<#123>", "<t:1:R>", "</run:12>", "<:a:1>", "<a:b:1>"],
)
def test_a_text_mentions_nobody_and_nothing(text: str) -> None:
    """Neither people nor roles, channels, commands, times or emoji of a server come out of what somebody wrote."""
    for made in (shown(text, 100), escaped(text)):
        assert not [found for found in _MENTION.finditer(made) if not made[: found.start()].endswith("\\")]


@given(st.text(max_size=300), st.integers(2, 120))
def test_no_text_is_longer_than_its_place(text: str, most: int) -> None:
    """Whatever somebody writes, what is seen of it has one line, and at most so many characters."""
    line = shown(text, most)
    seen = discord.utils.remove_markdown(line, ignore_links=False)
    assert len(shortened(text, most)) <= most
    assert len(line) <= 2 * most + line.count("\u200b")
    assert len(seen) <= len(line)
    assert not [character for character in line if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")]


def test_a_text_that_is_cut_says_so() -> None:
    """A text that is too long ends with an ellipsis; one that just fits is whole."""
    assert shortened("sixteen letters!", 16) == "sixteen letters!"
    assert shortened("seventeen letters", 16) == "seventeen lette…"
    assert shortened("a sentence with a break", 12) == "a sentence…"
