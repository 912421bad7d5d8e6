"""One render inside the server: announced before it begins, and free of the engine as soon as it is cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from generation.job import RenderJob
from generation.request import ImageToVideoRequest
from tests.loopback.scripted_engine import ScriptedEngine

MakeJob = Callable[..., RenderJob]


@dataclass(frozen=True)
class Folder:
    work_dir: Path
    ffmpeg: Path


@pytest.fixture
async def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
async def make_job(
    engine: ScriptedEngine, ffmpeg: Path, tmp_path: Path, make_request: Callable[..., ImageToVideoRequest]
) -> AsyncIterator[MakeJob]:
    """A job that has been started on the engine's one thread."""
    with ThreadPoolExecutor(1) as thread:

        def make(**changes: object) -> RenderJob:
            job = RenderJob(engine, make_request(**changes), 10**7, Folder(tmp_path, ffmpeg))
            job.start(thread)
            return job

        yield make


async def test_the_engine_is_asked_only_after_the_client_was_told(engine: ScriptedEngine, make_job: MakeJob) -> None:
    """A render that could kill its server is first said to have begun, so that it cannot come back for ever."""
    job = make_job()
    await job.entered
    assert not await asyncio.to_thread(engine.asked.wait, 0.3)
    job.announced.set()
    assert await asyncio.to_thread(engine.asked.wait, 5)
    result = await job.done
    assert result.encoded.path.exists()


async def test_a_job_that_is_cancelled_while_it_waits_never_reaches_the_engine(
    engine: ScriptedEngine, make_job: MakeJob, tmp_path: Path
) -> None:
    """Behind another render, a cancelled one takes none of the engine's time and leaves no file."""
    first, second = make_job(), make_job()
    await first.entered
    second.cancel()
    first.announced.set()
    result = await first.done
    engine.asked.clear()
    await second.entered
    with pytest.raises(asyncio.CancelledError):
        await second.done
    third = make_job()
    third.announced.set()
    await third.done
    assert not second.is_in_engine
    assert sorted(tmp_path.iterdir()) == sorted([result.encoded.path, (await third.done).encoded.path])
