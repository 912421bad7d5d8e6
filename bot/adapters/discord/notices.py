"""Notices: what admins are to be told, in the channel that the operator has named."""

from collections.abc import Sequence

from bot.adapters.discord.admin_answer import DiscordMarks
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.text import shown
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.domain.admin_lines import fitting
from bot.service.delivery import TooLarge
from bot.service.notice_board import NoticesClosed
from bot.service.views import Notice

_MAX_CHARACTERS = 1_900  # a plain message holds 2,000
_MAX_LINE_CHARACTERS = 300


class AdminChannel:
    """The channel in which notices are posted."""

    def __init__(self, posts: Posts, channel: int) -> None:
        self._posts, self._channel = posts, channel

    async def post(self, notices: Sequence[Notice]) -> None:
        """Post notices in one message. Raises NoticesClosed and TryLater."""
        lines = [f"<t:{round(notice.at_s)}:T> {shown(notice.message, _MAX_LINE_CHARACTERS)}" for notice in notices]
        text = "\n".join(fitting(lines, _MAX_CHARACTERS, DiscordMarks()))
        try:
            # The nonce makes one message of two tries.
            await self._posts.say(self._channel, text, nonce=f"n{notices[0].id}")
        except (NoWay, MessageGone, ContentBlocked, TooLarge) as reason:
            raise NoticesClosed(f"the channel admin_channel: {reason!r}") from reason
