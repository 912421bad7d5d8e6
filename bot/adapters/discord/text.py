"""Text that people wrote, made safe to show: no Markdown of theirs, no mention, nothing invisible, nothing too long."""

import re
import unicodedata

import discord

#: Cc: controls; Cf: joiners, marks of direction, which can turn the order of the letters around them.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
#: What begins or ends a mark; with < begin those of channels, commands, times and emoji.
_MARKS = re.compile(r"[\\*_~|`\[\]()<>#]")
_ZERO_WIDTH_JOINER = "\u200d"  # holds the parts of an emoji together


def shown(text: str, max_characters: int) -> str:
    """Return a person's text for one line of a message: escaped, at most so long before the escapes."""
    plain = "".join(" " if c.isspace() else c for c in text if c.isspace() or c == _ZERO_WIDTH_JOINER or _is_visible(c))
    return escaped(shortened(" ".join(plain.split()), max_characters))


def shortened(text: str, max_characters: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where something is missing."""
    return text if len(text) <= max_characters else text[: max_characters - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """Return a text whose Markdown and mentions are only characters."""
    # Not the library's: it leaves what stands in addresses, and all but the first bracket of several disguised links.
    return discord.utils.escape_mentions(_MARKS.sub(r"\\\g<0>", text))


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE
