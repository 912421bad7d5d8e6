"""What people wrote stands in messages as they wrote it, does nothing there, and fits."""

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from bot.adapters.telegram.text import (
    Text,
    block,
    bold,
    code,
    instant,
    italic,
    joined,
    lines,
    link,
    mention,
    plain,
    visible,
)

_FAMILY = "👨\u200d👩\u200d👧"
_MAKERS = (plain, bold, italic, code, block)


def _marks(text: Text) -> list[tuple[str, str]]:
    """What is marked, and how, as Telegram would cut it out of the text."""
    return [(str(entity.type), _cut(text.text, entity)) for entity in text.entities]


def _cut(text: str, entity: MessageEntity) -> str:
    units = text.encode("utf-16-le")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def test_marks_stand_where_their_words_are() -> None:
    """Behind whatever stands before them, also behind what Telegram counts twice."""
    text = plain("🐱 ") + bold("the 🐈 yawns") + plain(" & ") + code("--seed 7") + italic("🎬")
    assert text.text == "🐱 the 🐈 yawns & --seed 7🎬"
    assert _marks(text) == [("bold", "the 🐈 yawns"), ("code", "--seed 7"), ("italic", "🎬")]


def test_every_kind_of_mark_says_what_it_is_for() -> None:
    """A link has its address, a name its person, a time its moment."""
    address, person, moment = (
        text.entities[0].to_dict()
        for text in (
            link("here", "https://t.me/x?start=history"),
            mention("Anna", 17),
            instant(1_800_000_000.7, "soon"),
        )
    )
    assert (address["type"], address["url"]) == ("text_link", "https://t.me/x?start=history")
    assert (person["type"], person["user"]["id"]) == ("text_mention", 17)
    assert (moment["type"], moment["unix_time"], moment["date_time_format"]) == ("date_time", 1_800_000_000, "r")
    assert block("a prompt").entities[0].to_dict()["type"] == "pre"


def test_lines_stand_below_each_other() -> None:
    """Each text is a line of its own, with its marks; an empty one is an empty line."""
    text = lines(bold("One"), plain(""), code("three"))
    assert text.text == "One\n\nthree"
    assert _marks(text) == [("bold", "One"), ("code", "three")]
    assert lines().text == ""
    assert joined(plain(" · "), [plain("a"), bold("b")]).text == "a · b"


@pytest.mark.parametrize("make", _MAKERS)
def test_nothing_is_not_marked(make: Callable[[str], Text]) -> None:
    """Telegram refuses a mark of nothing, so there is none."""
    assert make("").entities == ()
    assert not make("")


def test_texts_that_look_different_are_different() -> None:
    """Another word, another mark, another link and another time are seen; the same text twice is the same."""
    texts = [
        plain("soon"),
        bold("soon"),
        link("soon", "https://example.org/a"),
        link("soon", "https://example.org/b"),
        instant(1000, "soon"),
        instant(2000, "soon"),
    ]
    for number, text in enumerate(texts):
        assert [text == other for other in texts].count(True) == 1, number
    assert instant(1000, "soon") == instant(1000, "soon")
    assert hash(instant(1000, "soon")) == hash(instant(1000, "soon"))


def test_a_text_that_is_too_long_is_cut_with_its_marks() -> None:
    """It ends with an ellipsis, no mark goes beyond it, and one that just fits is whole."""
    text = plain("1234 ") + bold("bold 🐈🐈") + code("gone")
    assert text.shortened(text.units) is text
    cut = text.shortened(13)
    assert cut.text == "1234 bold 🐈…"
    assert _marks(cut) == [("bold", "bold 🐈")]
    assert text.shortened(7).text == "1234 b…"
    assert text.shortened(6).text == "1234…"
    assert text.shortened(6).entities == ()


def test_a_cut_text_keeps_what_its_marks_are_for() -> None:
    """What remains of a link still leads to its address, and what remains of a name to its person."""
    linked = link("a long way round", "https://example.org").shortened(7).entities[0]
    assert linked.url == "https://example.org"
    named = mention("Annabella", 17).shortened(5).entities[0]
    assert named.user is not None
    assert named.user.id == 17


@pytest.mark.parametrize(("most", "shown"), [(1024, 511), (4096, 2047)])
def test_three_thousand_emoji_fit(most: int, shown: int) -> None:
    """A prompt of emoji alone fits into every place, and none is cut in half."""
    text = bold("🎬" * 3000).shortened(most)
    assert text.units <= most
    assert text.text == "🎬" * shown + "…"


@given(st.lists(st.tuples(st.sampled_from(_MAKERS), st.text(max_size=40)), max_size=8), st.integers(1, 90))
def test_whatever_is_put_together_fits_and_is_whole(parts: list[tuple[Callable[[str], Text], str]], most: int) -> None:
    """Any text of any marks, cut anywhere, is one that can be sent: marks inside of it, no character in halves."""
    whole = Text("")
    for make, words in parts:
        whole += make(words)
    for text in (whole, whole.shortened(most)):
        text.text.encode()
        json.dumps([entity.to_dict() for entity in text.entities])
        assert all(entity.length > 0 for entity in text.entities)
        assert all(entity.offset + entity.length <= text.units for entity in text.entities)
        for entity in text.entities:
            _cut(text.text, entity)
    assert whole.shortened(most).units <= most


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("a **bold** move", "a **bold** move"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("over\n\n  three\tlines", "over three lines"),
        ("\u202eright to left\u2066", "right to left"),
        ("a\u200bb\x00c\ufeff\ud83d", "abc"),
        (f"a family {_FAMILY}", f"a family {_FAMILY}"),
        ("Käse, 猫, дом", "Käse, 猫, дом"),
        ("", ""),
    ],
)
def test_a_text_is_shown_as_it_was_written(written: str, seen: str) -> None:
    """Marks are only characters, invisible characters are gone, and one line stays one line."""
    assert visible(written, 100) == seen


@given(st.text(max_size=300), st.integers(2, 120))
def test_no_line_is_longer_than_its_place(text: str, most: int) -> None:
    """Whatever somebody writes, what is seen of it has one line, and at most so many characters."""
    line = visible(text, most)
    assert len(line) <= most
    assert not [one for one in line if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")]
    line.encode()


def test_a_line_that_is_cut_says_so() -> None:
    """A line that is too long ends with an ellipsis, not with a space or half an emoji before it."""
    assert visible("sixteen letters!", 16) == "sixteen letters!"
    assert visible("seventeen letters", 16) == "seventeen lette…"
    assert visible("a sentence with a break", 12) == "a sentence…"
    assert visible(f"ab{_FAMILY}", 5) == "ab👨…"


def test_half_a_character_does_not_stop_a_message() -> None:
    """What no request could carry is replaced, and the rest is sent."""
    assert plain("a\ud83db").text == "a?b"
    assert bold("a\ud83db").units == 3
