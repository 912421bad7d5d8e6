"""A database in a folder of its own for each story."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.store.rows import NOW_MS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def database(folder: Path) -> AsyncIterator[Database]:
    database = Database.open(folder, NOW_MS)
    yield database
    await database.close()
