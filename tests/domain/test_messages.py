"""Sentences: every error that can happen has one, made of what the error carries."""

import re
from pathlib import Path

import pytest

from bot.domain.messages import file_size, sentence
from generation import errors
from generation.errors import EngineUnavailable, ErrorCode, GenerationError, RequestRejected

SOURCE = Path(errors.__file__).read_text()


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_a_sentence_of_what_it_carries(code: ErrorCode) -> None:
    """Each code becomes one sentence, and needs no value but those that the code's contract names."""
    [contract] = re.findall(rf'^    {code.name} = "{code}"(?:  # (.*))?$', SOURCE, re.MULTILINE)
    values = dict.fromkeys(re.findall(r"\w+", contract), "X")
    text = sentence(GenerationError(code, **values))
    assert text[0].isupper()
    assert text.rstrip().endswith((".", "?", "X"))


def test_a_wrong_value_is_told_with_field_rule_and_nearest() -> None:
    """Whoever gives a width of 700 reads which field is wrong, what the rule is, and what to give instead."""
    error = RequestRejected(ErrorCode.NOT_A_MULTIPLE, field="width", value=700, multiple=32, nearest=704)
    assert sentence(error) == "width must be a multiple of 32; 700 is not. The nearest is 704."


def test_missing_weights_are_told_with_the_command_that_fetches_them() -> None:
    """Where weights are missing, the sentence holds the very command that brings them."""
    error = EngineUnavailable(ErrorCode.WEIGHTS_MISSING, model="ltxv-2b-0.9.1", folder="/models")
    assert "animate-bot models pull ltxv-2b-0.9.1" in sentence(error)


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(812_345, "812 kB"), (3_412_000, "3.4 MB"), (20_000_000, "20.0 MB"), (999, "1 kB")]
)
def test_sizes_read_as_people_write_them(size_bytes: int, text: str) -> None:
    """Sizes are in kB below a megabyte and in MB above."""
    assert file_size(size_bytes) == text
