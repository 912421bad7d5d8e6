import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with nothing in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    """Puts logging back as it was: the tests' own runner logs too."""
    root = logging.getLogger()
    quiet = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    handlers, levels = root.handlers[:], [logger.level for logger in (root, *quiet)]
    yield
    root.handlers[:] = handlers
    for logger, level in zip((root, *quiet), levels, strict=True):
        logger.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
