"""Posts: all that the bot does in chats, each call with its place in the chat's line and its errors in plain words."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from telegram import (
    ForceReply,
    InlineKeyboardMarkup,
    InputMediaVideo,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction, ChatMemberStatus
from telegram.error import TelegramError

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.connection import Connection, Me
from bot.adapters.telegram.limiter import ChatLimiter, Send, Urgency
from bot.adapters.telegram.text import MAX_ALERT_CHARACTERS, Text
from bot.adapters.telegram.trouble import (
    MessageGone,
    PressOver,
    ThreadGone,
    Trouble,
    Unchanged,
    plain_errors,
)
from bot.adapters.telegram.uploads import Clip, opened, opened_file
from bot.service.delivery import TryLater

__all__ = ["Clip", "Me", "Posts"]

#: How long a call may wait for its turn before whoever makes it hears that it is not to be had now.
_MAX_WAIT_S = {
    Urgency.DELIVERY: 10.0,  # there are few places in which deliveries wait
    Urgency.ANSWER: 30.0,
    Urgency.STATUS: 8.0,  # so few are drawn at once that none of these may wait long for one chat
    Urgency.EDIT: 8.0,
    Urgency.ACTION: 0.0,
}
#: How long Telegram may take to look at a file after its last byte has arrived.
_FILE_ANSWER_S = 120.0
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_MANAGES = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})

#: Makes a call in a topic, or with None outside of all.
_InThread = Callable[[int | None], Awaitable[Message]]


class Posts(Connection):
    """The calls. Each raises what ``plain_errors`` raises, and TryLater without a connection."""

    def __init__(self, limiter: ChatLimiter, on_revoked: Callable[[], None]) -> None:
        super().__init__(on_revoked)
        self._limiter = limiter

    async def send(
        self,
        to: Address,
        text: Text,
        keyboard: InlineKeyboardMarkup | ForceReply | None = None,
        *,
        urgency: Urgency = Urgency.ANSWER,
    ) -> int:
        """Send a message where ``to.asked`` was asked, as an answer to it; return its id."""

        async def call(thread: int | None) -> Message:
            return await self.bot.send_message(
                to.chat,
                text.text,
                entities=text.entities or None,
                message_thread_id=thread,
                reply_parameters=_reply(to),
                reply_markup=keyboard,
                link_preview_options=_NO_PREVIEW,
                rate_limit_args=_send(urgency),
            )

        return await self._sent(to, call)

    async def edit(
        self, at: Address, text: Text, keyboard: InlineKeyboardMarkup | None, *, urgency: Urgency = Urgency.EDIT
    ) -> None:
        """Let a message of text show another text; no keyboard: it loses its buttons. Raises Dropped."""
        with suppress(Unchanged), self.errors():
            await self.bot.edit_message_text(
                text.text,
                at.chat,
                at.message,
                entities=text.entities or None,
                reply_markup=keyboard,
                link_preview_options=_NO_PREVIEW,
                rate_limit_args=_send(urgency, at),
            )

    async def edit_caption(
        self, at: Address, caption: Text, keyboard: InlineKeyboardMarkup | None, *, urgency: Urgency = Urgency.EDIT
    ) -> None:
        """Let a message with a video show another text below it. Raises Dropped."""
        with suppress(Unchanged), self.errors():
            await self.bot.edit_message_caption(
                at.chat,
                at.message,
                caption=caption.text,
                caption_entities=caption.entities or None,
                reply_markup=keyboard,
                rate_limit_args=_send(urgency, at),
            )

    async def edit_keyboard(
        self, at: Address, keyboard: InlineKeyboardMarkup | None, *, urgency: Urgency = Urgency.ANSWER
    ) -> None:
        """Give a message other buttons."""
        with suppress(Unchanged), self.errors():
            await self.bot.edit_message_reply_markup(
                at.chat, at.message, reply_markup=keyboard, rate_limit_args=_send(urgency, at)
            )

    async def show_video(self, at: Address, clip: Clip, caption: Text, keyboard: InlineKeyboardMarkup | None) -> None:
        """Let a message show a video in place of what it shows; repeated it shows the same. Raises CannotHoldVideo."""
        async with opened(clip) as files:
            cover = files.cover(attach=False)
            media = InputMediaVideo(
                files.video(attach=True),
                caption=caption.text,
                caption_entities=caption.entities or None,
                width=clip.width_px,
                height=clip.height_px,
                duration=clip.whole_seconds,
                supports_streaming=True,
                thumbnail=files.thumbnail(),
                # The library sends no cover along with an edit: it is a part of the request beside the others.
                cover=None if cover is None else "attach://cover",
            )
            with suppress(Unchanged), self.errors():
                await self.bot.edit_message_media(
                    media,
                    at.chat,
                    at.message,
                    reply_markup=keyboard,
                    read_timeout=_FILE_ANSWER_S,
                    rate_limit_args=_send(Urgency.DELIVERY, at),
                    api_kwargs=None if cover is None else {"cover": cover},
                )

    async def send_video(self, to: Address, clip: Clip, caption: Text, keyboard: InlineKeyboardMarkup | None) -> int:
        """Send a new message with a video, as an answer to ``to.asked``; return its id."""
        async with opened(clip) as files:

            async def call(thread: int | None) -> Message:
                return await self.bot.send_video(
                    to.chat,
                    files.video(attach=False),
                    caption=caption.text,
                    caption_entities=caption.entities or None,
                    width=clip.width_px,
                    height=clip.height_px,
                    duration=clip.whole_seconds,
                    supports_streaming=True,
                    thumbnail=files.thumbnail(),
                    cover=files.cover(attach=True),
                    message_thread_id=thread,
                    reply_parameters=_reply(to),
                    reply_markup=keyboard,
                    read_timeout=_FILE_ANSWER_S,
                    rate_limit_args=_send(Urgency.DELIVERY),
                )

            return await self._sent(to, call)

    async def send_file(self, to: Address, name: str, content: Path | bytes, caption: Text) -> int:
        """Send a file as it is, which nobody's player touches, as an answer to ``to.asked``; return its id."""
        async with opened_file(name, content) as file:

            async def call(thread: int | None) -> Message:
                return await self.bot.send_document(
                    to.chat,
                    file,
                    caption=caption.text or None,
                    caption_entities=caption.entities or None,
                    disable_content_type_detection=True,
                    message_thread_id=thread,
                    reply_parameters=_reply(to),
                    read_timeout=_FILE_ANSWER_S,
                    rate_limit_args=_send(Urgency.ANSWER),
                )

            return await self._sent(to, call)

    async def delete(self, at: Address) -> None:
        """Delete a message, if it is still there. Raises CannotDelete for one that is too old."""
        with suppress(MessageGone), self.errors():
            await self.bot.delete_message(at.chat, at.message, rate_limit_args=_send(Urgency.ANSWER, at))

    async def act(self, at: Address, action: ChatAction) -> None:
        """Say what the bot is doing, if there is room for it: nobody misses it."""
        with suppress(Trouble, TryLater, TelegramError), self.errors():
            await self.bot.send_chat_action(
                at.chat, action, message_thread_id=at.thread or None, rate_limit_args=_send(Urgency.ACTION)
            )

    async def answer_press(self, query: str, text: str = "", *, is_alert: bool = False, url: str = "") -> None:
        """Answer a press, once. One that is too old, or cannot be answered now, only leaves its button lit longer."""
        with suppress(PressOver, TryLater), self.errors():
            await self.bot.answer_callback_query(
                query, text[:MAX_ALERT_CHARACTERS] or None, show_alert=is_alert or None, url=url or None
            )

    async def is_chat_admin(self, chat: int, user: int) -> bool:
        """Whether Telegram says now that a person manages a group. Raises TryLater where it does not answer."""
        try:
            with self.errors():
                member = await self.bot.get_chat_member(chat, user)
        except (Trouble, TelegramError):  # it knows no such member, or not us: nobody manages by that
            return False
        return member.status in _MANAGES

    def give_way(self, at: Address) -> None:
        """Let an edit of this message that still waits not be sent any more: it ends with Dropped."""
        self._limiter.drop_edits(at.chat, at.message)

    async def _sent(self, to: Address, call: _InThread) -> int:
        """Make a call in the topic of ``to``, or where that is gone outside of it; return the new message's id."""
        with self.errors():
            try:
                with plain_errors():
                    message = await call(to.thread or None)
            except ThreadGone:
                message = await call(None)
        return message.message_id


def _send(urgency: Urgency, at: Address | None = None) -> Send:
    return Send(urgency, 0 if at is None else at.message, _MAX_WAIT_S[urgency])


def _reply(to: Address) -> ReplyParameters | None:
    """What was asked may be deleted by now: then the answer stands by itself."""
    return ReplyParameters(to.asked, allow_sending_without_reply=True) if to.asked else None
