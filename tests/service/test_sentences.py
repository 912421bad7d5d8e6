"""Every no has its sentence: formatted with the values that the code really raises."""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType

import pytest

from bot.domain import refusals
from bot.domain.job import Failure
from bot.domain.messages import sentence
from bot.domain.refusal_words import store_sentence, wait_text
from bot.domain.refusals import FailureCode, RefusalCode, Refused
from bot.store import errors as store_errors
from bot.store.errors import StoreError, StoreProblem
from tests.loopback.house import House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


def contract(module: ModuleType, code: object) -> dict[str, str | int | None]:
    """Return a value for each name that the comment behind a code promises."""
    source = Path(str(module.__file__)).read_text()
    [comment] = re.findall(rf'= "{code}"(?:  #(.*))?$', source, re.MULTILINE)
    names = re.findall(r"\w+", re.sub(r"\(.*?\)|noqa.*", "", comment))
    return {name: 90_000 if name.endswith(("_ms", "_mcr", "_s")) else "X" for name in names}


@pytest.mark.parametrize("code", RefusalCode)
def test_every_refusal_has_a_sentence_of_what_it_carries(code: RefusalCode) -> None:
    """Each code becomes one sentence, and needs no value but those that its contract names."""
    text = sentence(Refused(code, **contract(refusals, code)))
    assert text[0].isupper()
    assert text.endswith((".", "?", "X"))


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_has_a_sentence(code: FailureCode) -> None:
    """Whoever waited for a video reads why there is none, and what to do."""
    text = sentence(Failure(code, {"detail": "ZeroDivisionError"}))
    assert text.endswith(".")
    assert "ZeroDivisionError" not in text


@pytest.mark.parametrize("code", StoreProblem)
def test_every_problem_of_the_database_has_a_sentence(code: StoreProblem) -> None:
    """The operator reads what is wrong with the database and what to do."""
    values = contract(store_errors, code) if code not in (StoreProblem.BUSY, StoreProblem.FULL) else {}
    text = store_sentence(code, values)
    assert text[0].isupper()
    assert text.endswith(".")


async def refuses_to_open(house_at: HouseAt) -> str:
    with pytest.raises(StoreError) as caught:
        async with house_at(works=False):
            pass
    return store_sentence(caught.value.code, caught.value.values)


async def test_what_keeps_a_database_from_opening_is_told(house_at: HouseAt, tmp_path: Path) -> None:
    """A folder in use, a newer file, wrong books and a damaged file are four sentences that name the place."""
    path = tmp_path / "data" / "animate.db"
    async with house_at(works=False) as house:
        await house.ask("bob")
        assert f"Another bot is running with the data folder {tmp_path / 'data'}" in await refuses_to_open(house_at)

    def change(statement: str) -> None:
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()

    change("UPDATE person SET waiting = 7")
    text = await refuses_to_open(house_at)
    assert "a person's waiting jobs are counted (not so: scripted:bob)" in text
    change("UPDATE person SET waiting = 1")
    [(version,)] = await asyncio.to_thread(lambda: sqlite3.connect(path).execute("PRAGMA user_version").fetchall())
    change("PRAGMA user_version = 99")
    assert "schema 99; this one knows 3" in await refuses_to_open(house_at)
    change(f"PRAGMA user_version = {version}")
    path.write_bytes(b"no database at all" * 1_000)
    assert f"The database {path} is damaged" in await refuses_to_open(house_at)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (20, "20 s"), (89.4, "89 s"), (90, "2 min"), (5_000, "83 min"), (10_800, "3 h")]
)
def test_times_read_as_people_say_them(seconds: float, text: str) -> None:
    """Seconds below a minute and a half, minutes below an hour and a half, hours from there on."""
    assert wait_text(seconds) == text
