"""What a story expects: a refusal with its sentence, or a state that comes in the end."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from generation.errors import ErrorCode, GenerationError

_PATIENCE_S = 20.0


@dataclass
class Refusal:
    """The refusal, once it has happened."""

    text: str = ""


@contextmanager
def expect_refusal(code: RefusalCode | ErrorCode) -> Iterator[Refusal]:
    """Require that the block is refused for exactly this reason, in one whole sentence."""
    refusal = Refusal()
    with pytest.raises((Refused, GenerationError)) as caught:
        yield refusal
    error = caught.value
    assert isinstance(error, Refused | GenerationError)
    assert error.code == code, f"refused as {error}"
    refusal.text = sentence(error)
    assert refusal.text[0].isupper() or refusal.text.split(" ")[0].islower()
    assert refusal.text.endswith((".", "?")) or code == RefusalCode.BANNED  # which ends in an admin's own words
    assert not set("{}") & set(refusal.text)


async def eventually(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something is so of which nobody is told: a row, a file."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            answer = is_so()
            if await answer if inspect.isawaitable(answer) else answer:
                return
            await asyncio.sleep(0.001)
