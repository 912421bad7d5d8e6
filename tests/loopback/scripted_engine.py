"""ScriptedEngine: an engine that does what the prompt says, so that a test can make a render end as it likes.

Run as a program it is a render server with that engine: what a ``LocalRenderer`` under test starts as its child.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generation.engines import EngineSpec
from generation.engines.engine import Capabilities, Phase, RenderWatch
from generation.errors import EngineUnavailable, ErrorCode, RenderRefused
from generation.request import ImageToVideoRequest

if TYPE_CHECKING:
    from generation.engines.engine import Frames

STEP_S = 0.02


class ScriptedEngine:
    """Draws flat frames in the shade of the seed, one step every 20 ms, and does what the prompt's first word says.

    draw (or anything else) · stills (one a step) · segv · sigkill · exit · raise · refuse ·
    hang · ignore-cancel · grow · never-ends · noise (nothing that an encoder could make small)
    """

    def __init__(self, start: str = "", diary: Path | None = None) -> None:
        self._start = start
        self._diary = diary  # gets a line for each start
        self._grown: list[bytes] = []
        self.asked = threading.Event()
        self.rendering = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(engine="scripted", model="scripted", uses_ai=False, steps=True, end_picture=True)

    def load(self) -> None:
        if self._diary is not None:
            with self._diary.open("a") as diary:
                diary.write("start\n")
        if self._start == "missing":
            raise EngineUnavailable(ErrorCode.WEIGHTS_MISSING, model="scripted", folder="nowhere")
        if self._start == "die":
            print("cannot go on: the disk is on fire", file=sys.stderr, flush=True)
            os._exit(3)
        if self._start == "hang":
            threading.Event().wait()

    def render(self, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
        assert self.rendering.acquire(blocking=False), "two renders at once"
        try:
            self.asked.set()
            yield from self._frames(request, watch)
        finally:
            self.rendering.release()

    def _frames(self, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
        verb = request.prompt.split(" ")[0]
        shape = request.shape
        frame = np.full((1, shape.height_px, shape.width_px, 3), request.seed % 256, np.uint8)
        for step in range(request.steps):
            watch.step(Phase.DENOISE, step, request.steps)
            if step == 0 or verb == "stills":
                watch.on_still(frame)
            if step == 1:
                self._misbehave(verb, watch)
            watch.stop.wait(STEP_S)
        while verb == "never-ends":
            watch.step(Phase.DENOISE, request.steps, request.steps)
            watch.stop.wait(STEP_S)
        noise = np.random.default_rng(request.seed)
        for _ in range(shape.frames):
            yield noise.integers(0, 256, frame.shape, np.uint8) if verb == "noise" else frame

    def _misbehave(self, verb: str, watch: RenderWatch) -> None:
        match verb:
            case "segv":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "sigkill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                os._exit(5)
            case "raise":
                raise ZeroDivisionError
            case "refuse":
                raise RenderRefused(ErrorCode.OUT_OF_MEMORY)
            case "hang" | "ignore-cancel":
                threading.Event().wait()
            case "grow":
                self._grown.append(b"x" * 64 * 2**20)


def child_command() -> tuple[str, ...]:
    """How a LocalRenderer starts a server with this engine; the spec's model says how its start goes."""
    return (sys.executable, str(Path(__file__)))


if __name__ == "__main__":
    from generation.child import main

    def make(spec: EngineSpec) -> ScriptedEngine:
        return ScriptedEngine(spec.model, Path(spec.models_dir) if spec.models_dir else None)

    main(make)
