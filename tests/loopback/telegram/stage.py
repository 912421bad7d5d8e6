"""Stage: Anna, her chat, a group, a forum and the library; where the stories about this server itself begin."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputFile, InputMediaVideo, Update
from telegram.ext import ExtBot

from . import spec
from .chats import PrivateChat
from .groups import Group
from .message import Message
from .person import Person
from .server import LoopbackTelegram

Bot = ExtBot[None]


@dataclass
class Watch:
    """A clock that stands still until it is moved."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Stage:
    telegram: LoopbackTelegram
    bot: Bot
    watch: Watch
    anna: Person
    chat: PrivateChat
    group: Group
    forum: Group
    _offset: int = 0

    async def next_update(self) -> Update:
        """The next update as the library reads it; those before it are confirmed."""
        updates = await self.bot.get_updates(offset=self._offset, limit=1, timeout=5)
        assert updates, "nothing came"
        self._offset = updates[0].update_id + 1
        return updates[0]

    async def nothing_comes(self) -> bool:
        return await self.bot.get_updates(offset=self._offset, timeout=0) == ()

    async def says(self, text: str = "waiting", **more: Any) -> Message:
        """The message that the bot sends to Anna."""
        sent = await self.bot.send_message(self.chat.id, text, **more)
        return self.chat.all_messages[sent.message_id]


@asynccontextmanager
async def stage(local_folder: Path | None = None) -> AsyncIterator[Stage]:
    """Everything running; at the end nothing may have been wrong that the story did not expect and clear.

    That holds for this server as well: what it told and answered must be what the Bot API describes.
    """
    watch = Watch()
    async with LoopbackTelegram.open(watch, local_folder=local_folder) as telegram:
        anna = telegram.user("anna", language="de")
        group, forum = telegram.group("Harbour"), telegram.supergroup("Sea", is_forum=True)
        for place in (group, forum):
            place.join(anna)
        async with library(telegram) as bot:
            yield Stage(telegram, bot, watch, anna, telegram.private(anna), group, forum)
        assert telegram.violations == []
        assert own_mistakes(telegram) == []


@asynccontextmanager
async def library(telegram: LoopbackTelegram, token: str = "") -> AsyncIterator[Bot]:
    """A bot of the unmodified library, logged in."""
    is_local = telegram.world.local_folder is not None
    bot: Bot = ExtBot(
        token or telegram.token, base_url=telegram.bot_url, base_file_url=telegram.file_url, local_mode=is_local
    )
    async with bot:
        yield bot


def own_mistakes(telegram: LoopbackTelegram) -> list[str]:
    """Where updates and answers are not what the Bot API describes."""
    if not telegram.validates:
        return []
    problems = spec.problems_of(telegram.updates, ["Array of Update"], "updates")
    for call in telegram.calls:
        if call.status == 200:
            problems += spec.problems_of(call.answer, spec.return_types(call.method), f"answer to {call.method}")
    return problems


def png(width: int = 400, height: int = 300) -> bytes:
    return _picture("PNG", width, height)


def jpeg(width: int = 320, height: int = 240) -> bytes:
    return _picture("JPEG", width, height)


def _picture(kind: str, width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, kind)
    return out.getvalue()


def buttons(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower()) for label in labels]])


async def show_video(bot: Bot, message: Message, video: bytes = b"an mp4", **more: Any) -> None:
    """Turn a message into a video with cover and thumbnail."""
    media = InputMediaVideo(
        InputFile(video, filename="boats.mp4", attach=True),
        caption="the boats sway",
        width=704,
        height=480,
        duration=4,
        supports_streaming=True,
        thumbnail=jpeg(),
        cover="attach://cover",
    )
    # The library does not take the bytes of a cover here, so they come as a file of their own.
    cover = InputFile(jpeg(704, 480), filename="cover.jpg")
    await bot.edit_message_media(media, message.chat.id, message.id, api_kwargs={"cover": cover}, **more)
