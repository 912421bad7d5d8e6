"""Taking down what was sent: a job's message and the line that called the person to it."""

from dataclasses import replace

import structlog

from bot.adapters.discord.address import Address
from bot.adapters.discord.posts import Posts
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay
from bot.service.delivery import TooLarge, TryLater

log = structlog.get_logger(__name__)


async def take_down(posts: Posts, address: Address) -> bool:
    """Delete a job's message and its call; return whether the message is gone."""
    await take_down_call(posts, address)
    return await take_down_message(posts, address)


async def take_down_call(posts: Posts, address: Address) -> None:
    """Delete the line that called the person, if there is one."""
    if address.call:
        await take_down_message(posts, replace(address, message=address.call, token=""))


async def take_down_message(posts: Posts, address: Address) -> bool:
    """Delete one message; return whether it is gone."""
    try:
        await posts.delete(address)
    except (NoWay, MessageGone, ContentBlocked, TooLarge, TryLater) as reason:
        log.info("a message could not be deleted", reason=repr(reason))
        return False
    return True
