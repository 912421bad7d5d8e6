"""The bot that ``benchmarks.load`` measures: the real one, with what the mode says at its edges.

    instant   pictures are opened and videos made at once
    camera    the real decoder and the real camera engine
    waiting   nothing is rendered

At its end it prints one line of JSON: how long each submission took inside the service, and how late the event loop
was.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path

from bot.app.run import Engine, run_bot
from bot.service.intake import Intake
from bot.service.worker import RenderPlan
from config.log import configure_logging
from config.settings import load_settings
from generation.errors import ErrorCode, RenderBusy
from generation.models import CAMERA
from generation.picture import Picture
from tests.loopback.house import InstantDecoder
from tests.loopback.scripted_renderer import ScriptedRenderer

PHOTO = Path(__file__).parents[1] / "docs" / "photos" / "rocket.jpg"
_TICK_S = 0.005


class _NeverReady(ScriptedRenderer):
    async def start(self) -> None:
        raise RenderBusy(ErrorCode.SERVER_RESTARTING, retry_after_s=3600)


class _Watch:
    """Times every submission, and how late a timer of 5 ms is."""

    def __init__(self) -> None:
        self.submit_ms: list[float] = []
        self.lag_ms: list[float] = []
        submit = Intake.submit

        async def timed(*arguments: object, **named: object) -> object:
            began = time.perf_counter()
            try:
                return await submit(*arguments, **named)  # type: ignore[arg-type]
            finally:
                self.submit_ms.append((time.perf_counter() - began) * 1000)

        Intake.submit = timed  # type: ignore[assignment,method-assign]

    async def tick(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            self.lag_ms.append((time.perf_counter() - began - _TICK_S) * 1000)


async def main(mode: str) -> None:
    renderer = ScriptedRenderer() if mode == "instant" else _NeverReady()
    decoder = InstantDecoder(Picture.from_rgb(bytes(640 * 448 * 3), 640, 448))
    engine = None if mode == "camera" else Engine(decoder, renderer, RenderPlan(CAMERA, renderer.capabilities, 10**7))
    watch = _Watch()
    ticking = asyncio.create_task(watch.tick())
    settings = load_settings(os.environ, {"shutdown.grace_s": "0"})
    configure_logging("error", "auto", sys.stderr)
    await run_bot(settings, os.environ, lambda line: print(line, flush=True), engine=engine)
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    print(json.dumps({"submit_ms": watch.submit_ms, "lag_ms": watch.lag_ms}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
