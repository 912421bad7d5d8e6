"""Options in a caption: flags are taken out of the text, and everything else is the prompt as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.caption import read_caption, take_switch
from bot.domain.messages import sentence
from bot.domain.options import OPTIONS, Option, read_options
from generation.errors import ErrorCode, RequestRejected


def rejection(text: str) -> RequestRejected:
    with pytest.raises(RequestRejected) as rejected:
        read_caption(text)
    return rejected.value


@pytest.mark.parametrize(
    ("text", "prompt", "values"),
    [
        ("the dog yawns --seconds 4 --seed 7", "the dog yawns", {"seconds": "4", "seed": "7"}),
        ("--seconds 4 the dog yawns", "the dog yawns", {"seconds": "4"}),
        ("the dog --seed 7 yawns", "the dog yawns", {"seed": "7"}),
        ("the dog\n--seed 7\nyawns", "the dog\nyawns", {"seed": "7"}),
        ("a --preset=best", "a", {"preset": "best"}),
        ("a --preset: best", "a", {"preset": "best"}),
        ("a --preset = best", "a", {"preset": "best"}),
        ("a --Seed 7", "a", {"seed": "7"}),
        ("a --seed 7.", "a", {"seed": "7"}),
        ("a --seconds 4,5, --seed 7", "a", {"seconds": "4,5", "seed": "7"}),
        ("--seed -1", "", {"seed": "-1"}),
        ('a --negative "blurry, dark" b', "a b", {"negative": "blurry, dark"}),
        ('a --negative="blurry, dark"', "a", {"negative": "blurry, dark"}),
        ('a --negative "it says "no""', "a", {"negative": 'it says "no"'}),
        ('a --negative "blurry", b', "a b", {"negative": "blurry"}),
        ("a --negative “blurry, dark”", "a", {"negative": "blurry, dark"}),
        ("a --negative „blurry, dark“ b", "a b", {"negative": "blurry, dark"}),
        ("a --negative «blurry, dark» b", "a b", {"negative": "blurry, dark"}),
        ("a --negative 'don't be dark' b", "a b", {"negative": "don't be dark"}),
        ("a --negative blurry, dark --seed 7 b", "a b", {"negative": "blurry, dark", "seed": "7"}),
        ("a --negative blurry, dark\nb", "a\nb", {"negative": "blurry, dark"}),
        ('a --negative ""', "a", {"negative": ""}),
        ('a --camera "push in"', "a", {"camera": "push in"}),
        ("", "", {}),
        ("   \n", "", {}),
    ],
)
def test_flags_are_options_and_the_rest_is_the_prompt(text: str, prompt: str, values: dict[str, str]) -> None:
    """Flags may stand anywhere, with space, equals sign or colon; texts may be quoted as every keyboard does it."""
    assert read_caption(text) == (prompt, values)


@pytest.mark.parametrize("dashes", ["--", "—", "–", "-–", "–-", "——", "-—", "―"])
def test_flags_are_understood_with_the_dashes_that_phones_make(dashes: str) -> None:
    """A phone turns two hyphens into one dash or a mixture; before an option's name it still is a flag."""
    text = f"the dog yawns {dashes}seconds 4 {dashes}preset=best"
    assert read_caption(text) == ("the dog yawns", {"seconds": "4", "preset": "best"})


@pytest.mark.parametrize(
    "prompt",
    [
        "a well-known dog — running",
        "a dog - running",
        "a dog -- running",
        "a dog–seconds before the jump",
        "a dog--seed 7",
        "un perro —grande y feliz— corre",
        "a dog —camera, lights, action",
        "a dog -seed",
        "10–20 seconds of calm",
        "- one\n- two\n\n\n  three",
        "—",
        "--",
        "---",
        "a --- b",
        "a  dog   with  spaces",
    ],
)
def test_hyphens_and_dashes_of_a_prompt_stay_as_written(prompt: str) -> None:
    """Dashes between words, list marks and dashes before other words are no flags."""
    assert read_caption(prompt) == (prompt, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a dog --secnods 4", "There is no option secnods. Did you mean seconds?"),
        ("a dog --running", "There is no option running. Did you mean"),
        ("a dog --seconds", "seconds needs a value after it. Please write one, or leave seconds out."),
        ("a dog --seconds --seed 7", "seconds needs a value after it."),
        ("a dog --seconds= ", "seconds needs a value after it."),
        ("a dog --negative\n", "negative prompt needs a value after it."),
        ("a dog --negative --seed 7", "negative prompt needs a value after it."),
        ("--seed 7 a dog —seed 8", "seed is given twice. Please give it once."),
        ('a dog --negative "blurry', "The quotation mark after negative prompt is not closed."),
    ],
)
def test_a_flag_that_cannot_be_meant_so_is_refused(text: str, told: str) -> None:
    """Mistyped, empty, doubled and unclosed flags are told; none is passed over or taken for the prompt."""
    assert sentence(rejection(text)).startswith(told)


def test_a_long_flag_comes_back_shortened() -> None:
    """Of a flag without end only the beginning is repeated."""
    error = rejection("--" + "x" * 100_000)
    assert error.code is ErrorCode.UNKNOWN_OPTION
    assert len(str(error.values["field"])) <= 40


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_a_flag(option: Option) -> None:
    """Whatever can be set in a form can be set in a caption."""
    value = option.choices[0].value if option.choices else f"{option.lowest or 64:g}"
    prompt, values = read_caption(f"the dog --{option.name} {value}")
    assert (prompt, values) == ("the dog", {option.name: value})
    assert dict(read_options(prompt, values).texts) == {option.name: value}


@given(st.lists(st.sampled_from([*"ab-–—=: \n\"'”", "--", "—", "seed", "negative", "--seed 7", "--negative x"])))
def test_any_caption_is_read_or_refused(pieces: list[str]) -> None:
    """No text makes the reader stumble, and one without options comes back whole."""
    text = "".join(pieces)
    try:
        prompt, values = read_caption(text)
    except RequestRejected:
        return
    assert values or prompt == text.strip()
    assert set(prompt) <= set(text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("the dog yawns --end-frame", "the dog yawns"),
        ("--end-frame the dog yawns", "the dog yawns"),
        ("the dog --end-frame yawns --seconds 4", "the dog yawns --seconds 4"),
        ("the dog\n--end-frame\nyawns", "the dog\nyawns"),
        ("the dog, --END-FRAME, yawns", "the dog, yawns"),
        ("the dog --end-frame.", "the dog"),
        ("the dog —end-frame", "the dog"),
        ("the dog –end–frame", "the dog"),
        ("the dog -–end‑frame", "the dog"),
        ("the dog --end_frame", "the dog"),
        ("the dog --end frame", "the dog"),
        ("the dog --endframe", "the dog"),
        ("--end-frame --end-frame", ""),
    ],
)
def test_a_switch_is_taken_out_of_the_text(text: str, rest: str) -> None:
    """A flag without a value may stand anywhere, also with what phones make of its hyphens; the rest stays."""
    assert take_switch(text, "end-frame") == (rest, True)


@pytest.mark.parametrize(
    "text",
    ["", "the dog yawns", "the end-frame", "a -end-frame", "a --end-frames", "a--end-frame", "a --end-frame=1", " a  "],
)
def test_what_is_no_switch_stays_as_it_is(text: str) -> None:
    """Words that only look like it belong to the prompt, letter for letter."""
    assert take_switch(text, "end-frame") == (text, False)


def test_without_its_switch_a_caption_is_read_as_any_other() -> None:
    """What is left is what the options are read from."""
    rest, is_on = take_switch('the dog —end-frame --negative "blurry" yawns', "end-frame")
    assert is_on
    assert read_caption(rest) == ("the dog yawns", {"negative": "blurry"})
