"""The bot that is killed: the real one, which dies by SIGKILL at a named moment.

Run as a program it takes orders, one JSON object a line, and forks a bot for each: what a bot imports takes two
seconds, a fork none. What the bots tell stands on stdout, one JSON object a line: born, address, reached, server
killed, ended. It ends with its input, and its bots with it.
"""

import asyncio
import ctypes
import json
import os
import select
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from bot.app.run import Engine, run_bot
from bot.service.worker import RenderPlan
from config.log import configure_logging
from config.settings import load_settings
from generation.client import NO_LISTENER, RenderListener
from generation.engines import EngineSpec
from generation.engines.engine import Capabilities, Phase, Progress
from generation.local import LocalRenderer
from generation.models import CAMERA
from generation.picture import Picture
from generation.process import ChildOptions
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.chaos.discord_bot import live_on_discord
from tests.chaos.mail_bot import live_by_mail
from tests.chaos.telegram_bot import live_on_telegram
from tests.loopback.house import InstantDecoder
from tests.loopback.scripted_engine import ScriptedEngine, child_command

#: When the render server is killed: named moments of one render.
BEFORE_REQUEST, DRAWING, STREAMING = "before the request", "drawing", "streaming"
FAILED_EXIT_CODE = 70

_MAX_VIDEO_BYTES = 10 * 2**20
_PR_SET_PDEATHSIG = 1  # prctl(2)
_SERVER = ChildOptions(
    engine=EngineSpec("scripted", model="ready"),
    silence_limit_s=20.0,
    start_limit_s=20.0,
    cancel_grace_s=2.0,
    command=child_command(),
)

Tell = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Order:
    """One life of a bot."""

    number: int
    folder: str  # its working folder, by which its children are known
    log: str
    environ: dict[str, str]
    is_scripted: bool = True  # renders with the scripted engine, else as the settings say
    die_at: str = ""  # a milestone; empty: none
    visit: int = 1  # the first, second … time that it is reached
    server_deaths: list[str] = field(default_factory=list)  # for each render in turn; an empty one lives
    discord: dict[str, str] = field(default_factory=dict)  # where it is, for a bot on Discord
    telegram: dict[str, str] = field(default_factory=dict)  # likewise on Telegram
    mail: str = ""  # the file with the updates, for a bot that lives by mail; one without any of these has a page

    @property
    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class MortalServer:
    """The real renderer, whose server is killed at the moments that the order names."""

    def __init__(self, renderer: LocalRenderer, deaths: list[str], tell: Tell) -> None:
        self._renderer, self._deaths, self._tell = renderer, list(deaths), tell

    @property
    def capabilities(self) -> Capabilities:
        return ScriptedEngine().capabilities

    async def start(self) -> None:
        await self._renderer.start()

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        death = self._deaths.pop(0) if self._deaths else ""
        if death == BEFORE_REQUEST:
            self._kill(death)
        watching = asyncio.create_task(self._watch(out)) if death == STREAMING else None
        try:
            return await self._renderer.render(
                request,
                out=out,
                max_bytes=max_bytes,
                listener=self._deadly(listener) if death == DRAWING else listener,
            )
        finally:
            if watching is not None:
                watching.cancel()

    def _deadly(self, listener: RenderListener) -> RenderListener:
        def on_progress(progress: Progress) -> None:
            listener.on_progress(progress)
            if progress.phase is Phase.DENOISE:
                self._kill(DRAWING)

        return RenderListener(on_progress, listener.on_still)

    async def _watch(self, out: Path) -> None:
        part = out.with_name(f".{out.name}.part")
        while not part.exists():  # noqa: ASYNC110 (the client's file; it comes in dozens of pieces)
            await asyncio.sleep(0.001)
        self._kill(STREAMING)

    def _kill(self, moment: str) -> None:
        if self._renderer.pid is not None:
            os.kill(self._renderer.pid, signal.SIGKILL)
            self._tell(event="server killed", moment=moment)


async def live(order: Order, tell: Tell) -> None:
    """Be a bot until it is stopped, or dies as ordered."""
    settings = load_settings(os.environ, {})
    configure_logging(settings.log.level, settings.log.format, sys.stderr, settings.secrets())
    visits: Counter[str] = Counter()

    def reach(milestone: str) -> None:
        visits[milestone] += 1
        if milestone == order.die_at and visits[milestone] == order.visit:
            tell(event="reached", milestone=milestone)
            os.kill(os.getpid(), signal.SIGKILL)

    if order.discord:
        await live_on_discord(settings, order.discord, reach)
        return
    if order.mail:
        await live_by_mail(settings, order.mail, reach)
        return
    if order.telegram:
        await live_on_telegram(settings, order.telegram, reach)
        return
    async with AsyncExitStack() as stack:
        engine = None
        if order.is_scripted:
            renderer = await stack.enter_async_context(LocalRenderer(_SERVER, os.environ))
            server = MortalServer(renderer, order.server_deaths, tell)
            decoder = InstantDecoder(Picture.from_rgb(bytes(96 * 64 * 3), 96, 64))
            engine = Engine(decoder, server, RenderPlan(CAMERA, server.capabilities, _MAX_VIDEO_BYTES))
        await run_bot(settings, os.environ, lambda line: tell(event="address", line=line), engine=engine, reach=reach)


def main() -> None:
    """Fork a bot for each order until the input ends."""
    wake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing wakes
    bots: dict[int, int] = {}
    left = b""
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _bury(bots)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                for pid in bots:
                    os.kill(pid, signal.SIGKILL)
                return
            *lines, left = (left + data).split(b"\n")
            for line in lines:
                order = Order(**json.loads(line))
                bots[_bear(order)] = order.number


def _bury(bots: dict[int, int]) -> None:
    while bots:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        _say(number=bots.pop(pid), event="ended", code=os.waitstatus_to_exitcode(status))


def _bear(order: Order) -> int:
    pid = os.fork()
    if not pid:
        _be(order)
    _say(number=order.number, event="born", pid=pid)
    return pid


def _be(order: Order) -> NoReturn:
    code = FAILED_EXIT_CODE
    try:
        _leave_home(order)
        asyncio.run(live(order, lambda **facts: _say(number=order.number, **facts)))
        code = 0
    except BaseException:  # noqa: BLE001 (a fork must not go on as its parent)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _leave_home(order: Order) -> None:
    """Become a process of its own: input, log, environment, signals."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environ)
    tempfile.tempdir = None  # read anew from the environment,
    tempfile.gettempdir()  # and now: it tries the folder with a file, which a death in that moment would leave there


def _say(**facts: Any) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")  # in one piece: shorter than what a pipe may split


if __name__ == "__main__":
    main()
