"""Where a job's message is survives in the job's row."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.telegram.address import Address
from bot.domain.job import Origin, Requester
from tests.adapters.telegram.test_card import JOB

_NUMBERS = st.integers(min_value=0, max_value=2**52)


@given(st.integers(-(2**52), 2**52), _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS, st.booleans())
def test_what_is_written_is_read(chat: int, message: int, thread: int, asked: int, call: int, is_sending: bool) -> None:
    """An address that was written down is the same when it is read."""
    address = Address(chat, message, thread, asked, call, is_sending)
    assert Address.read(str(address)) == address


def test_what_is_not_there_takes_no_room() -> None:
    """An address holds only what is known."""
    assert str(Address(5, asked=7)) == '{"chat":5,"asked":7}'


def test_an_answer_goes_below_what_it_answers() -> None:
    """What answers a message goes into its chat and topic, as a reply to it."""
    assert Address(-5, 7, thread=9, asked=1, call=2).answer == Address(-5, thread=9, asked=7)


def test_a_job_without_an_address_comes_where_its_person_is() -> None:
    """What an admin has asked for again comes to its group, or to its person where there is none."""
    alone = replace(JOB, requester=Requester("telegram", "42"), origin=Origin("telegram"))
    assert Address.of(alone) == Address(42)
    in_group = replace(alone, origin=Origin("telegram", "telegram:-10077"))
    assert Address.of(in_group) == Address(-10077)
    at_home = replace(in_group, origin=Origin("telegram", "telegram:-10077", str(Address(-10077, 3))))
    assert Address.of(at_home) == Address(-10077, 3)


def test_a_job_of_another_channel_is_not_here() -> None:
    """What was asked for elsewhere has no message on Telegram, whatever its own address looks like."""
    assert Address.of(replace(JOB, origin=Origin("discord", address='{"channel":5,"message":7}'))) == Address(0)
