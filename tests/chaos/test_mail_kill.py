"""Whoever is killed while it reads its letters: each is seen to, in order, and what it asks for is done once."""

import asyncio
import json
import signal
from pathlib import Path

from tests.chaos.books import Checker, read_books, require_right
from tests.chaos.lives import DEATHS_BY_MAIL
from tests.chaos.mail_bot import CHANNEL, NEW_PLACE, confirmed_path
from tests.chaos.nursery import Home, Nursery
from tests.chaos.people import POLL_S
from tests.chaos.town import LIFE_S

_LETTERS = (
    ["ask", "hold"],  # so that the next one waits
    ["ask", "draw a cat"],
    ["note", "which dog?"],
    ["move"],
    ["change", 2, "draw a dog"],
    ["cancel", "hold"],
)


async def test_no_letter_is_lost_and_none_is_followed_twice(nursery: Nursery) -> None:
    """Killed at each moment of its mail, the bot has done in the end what the letters say, and each thing once."""
    with Home.new() as home:
        letters = home.folder / "letters"
        letters.write_text("".join(json.dumps(letter) + "\n" for letter in _LETTERS))
        checker = Checker(home, [])
        for milestone in DEATHS_BY_MAIL:
            bot = nursery.bear(home, die_at=milestone, mail=str(letters))
            async with asyncio.timeout(LIFE_S):
                code = await bot.ended()
            assert (code, bot.died_at) == (-signal.SIGKILL, milestone), home.log.read_text()[-3000:]
            require_right(checker.after_death())
        bot = nursery.bear(home, mail=str(letters))
        async with asyncio.timeout(LIFE_S):
            while not is_at_rest(home, letters):  # noqa: ASYNC110 (another process changes it)
                await asyncio.sleep(POLL_S)
        bot.kill(signal.SIGTERM)
        assert await bot.ended() == 0, home.log.read_text()[-3000:]
        require_right(checker.at_rest())
        require_followed(home)


def is_at_rest(home: Home, letters: Path) -> bool:
    confirmed = confirmed_path(letters)
    has_all = confirmed.exists() and int(confirmed.read_text()) >= len(_LETTERS)
    return has_all and home.number("SELECT count(*) FROM inbox WHERE body IS NOT NULL") == 0 and home.is_at_rest()


def require_followed(home: Home) -> None:
    """Require what the letters ask for: of two jobs one cancelled, one changed and made, both in the new place."""
    jobs = list(read_books(home).jobs.values())
    facts = sorted((job["prompt"], job["state"], job["credits"], job["key"] or "") for job in jobs)
    assert facts == [
        ("", "cancelled", "returned", ""),
        ("draw a dog", "delivered", "used", "m2"),
        ("hold", "cancelled", "returned", "m1"),
    ]
    assert {job["place"] for job in jobs} == {NEW_PLACE}
    assert home.number("SELECT count(*) FROM note WHERE channel = ? AND body = 'which dog?'", CHANNEL) == 1
    assert home.number("SELECT count(*) FROM inbox") == len(_LETTERS)
    assert home.number("SELECT count(*) FROM notice") == 0
