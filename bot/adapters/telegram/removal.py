"""Removal: a message of ours goes; where Telegram does not let it go any more, its words and buttons do."""

import structlog

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.limiter import Urgency
from bot.adapters.telegram.posts import Posts
from bot.adapters.telegram.text import plain
from bot.adapters.telegram.trouble import NoRights, NoTextThere, Trouble
from bot.service.delivery import TryLater

log = structlog.get_logger(__name__)

DELETED = "Deleted."
#: Bots may delete what they have sent for 48 hours, and edit it for ever; a video can become no text again.
VIDEO_STAYS = "Deleted. Telegram does not let me take this video out of the chat any more; please delete the message."


async def remove(posts: Posts, at: Address) -> None:
    """Delete a message, or at least its words and its buttons; what is in the way goes to the log."""
    try:
        await remove_now(posts, at)
    except TryLater as reason:
        log.info("a message could not be removed", reason=repr(reason))


async def remove_now(posts: Posts, at: Address) -> None:
    """Delete a message, or at least its words and its buttons, as far as it ever will go. Raises TryLater."""
    try:
        try:
            await posts.delete(at)
        except NoRights:
            await _empty(posts, at)
    except Trouble as reason:
        log.info("a message could not be removed", reason=repr(reason))


async def _empty(posts: Posts, at: Address) -> None:
    try:
        await posts.edit_caption(at, plain(VIDEO_STAYS), None, urgency=Urgency.ANSWER)
    except NoTextThere:
        await posts.edit(at, plain(DELETED), None, urgency=Urgency.ANSWER)
