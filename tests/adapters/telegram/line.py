"""The bot's line to Telegram by itself: what its parts are tested with, without jobs and without people's words."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from telegram.ext import ExtBot

from bot.adapters.telegram.api import log_in, make_bot
from bot.adapters.telegram.limiter import ChatLimiter, Rate, Rates, Send
from bot.adapters.telegram.posts import Clip, Posts
from tests.loopback.telegram import LoopbackTelegram

#: Nobody waits for a turn.
NO_LIMITS = Rates(Rate(1_000, 0.001), Rate(1_000, 0.001), Rate(1_000, 0.001))


@dataclass
class Line:
    """A bot that has logged in, and what has been told of its token."""

    bot: ExtBot[Send]
    posts: Posts
    revocations: list[None] = field(default_factory=list)


@asynccontextmanager
async def open_line(
    telegram: LoopbackTelegram, *, rates: Rates = NO_LIMITS, local_mode: bool = False
) -> AsyncIterator[Line]:
    """Log a bot in, and out in the end."""
    revocations: list[None] = []
    limiter = ChatLimiter(rates)
    posts = Posts(limiter, lambda: revocations.append(None))
    bot = make_bot(telegram.token, limiter, base_url=telegram.base_url, local_mode=local_mode)
    await log_in(bot)
    posts.use(bot)
    try:
        yield Line(bot, posts, revocations)
    finally:
        await bot.shutdown()


async def clip_in(folder: Path, video: bytes = b"a video", *, poster: bytes | None = None) -> Clip:
    """Write a video and its poster, as a render leaves them."""
    return await asyncio.to_thread(_write_clip, folder, video, jpeg(640, 400) if poster is None else poster)


def jpeg(width_px: int, height_px: int) -> bytes:
    """Return a picture that is as hard to compress as pictures get."""
    noise = Image.effect_noise((width_px, height_px), 200).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=92)
    return out.getvalue()


def _write_clip(folder: Path, video: bytes, poster: bytes) -> Clip:
    (folder / "clip.mp4").write_bytes(video)
    (folder / "clip.jpg").write_bytes(poster)
    return Clip(folder / "clip.mp4", folder / "clip.jpg", 640, 400, 2.04, "boats.mp4")
