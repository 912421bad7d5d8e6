"""From what a person does to the INTERACTION_CREATE event that the gateway sends."""

import asyncio
from secrets import token_urlsafe
from typing import Any

from . import payloads
from .files import DEFAULT_LIMIT_BYTES
from .interaction import Interaction
from .message import Message
from .people import User
from .places import DM_CHANNEL, Channel
from .sent import Sent
from .world import World

Json = dict[str, Any]

IN_GUILD, IN_BOT_DM, IN_PRIVATE_CHANNEL = 0, 1, 2


class NotOffered(AssertionError):
    """The person's app would not let them do this, so no bot would ever hear of it."""


def send(
    world: World,
    user: User,
    channel: Channel,
    kind: int,
    data: Json,
    *,
    source: Message | None = None,
    opened_by: Interaction | None = None,
    user_install: bool = False,
    first_response_s: float,
) -> Sent:
    """Send an interaction to the bot; it fails by itself when no answer comes in time."""
    _must_be_there(user, channel)
    owners = _owners(user, channel, user_install=user_install)
    interaction = Interaction(
        id=world.next_id(),
        token=f"{world.next_id()}.{token_urlsafe(24)}",
        kind=kind,
        user=user,
        channel=channel,
        created_s=world.clock(),
        sent_at_s=asyncio.get_running_loop().time(),
        attachment_limit_bytes=max(channel.upload_limit_bytes, user.upload_limit_bytes, DEFAULT_LIMIT_BYTES),
        only_user_installed="0" not in owners,
        source=source,
        opened_by=opened_by,
    )
    interaction.payload = _payload(world, interaction, data, owners)
    world.interactions[interaction.token] = interaction
    event = dict(interaction.payload)
    if source is not None:
        event["message"] = payloads.message(world, source)
    if world.send("INTERACTION_CREATE", event, channel.guild) == 0:
        fail(world, interaction)
    else:
        asyncio.get_running_loop().call_later(first_response_s, fail, world, interaction)
    return Sent(interaction, world.changes)


def fail(world: World, interaction: Interaction) -> None:
    """Give up on an interaction that was not answered."""
    if not interaction.is_answered:
        interaction.failed = True
        world.changes.notify()


def context_of(channel: Channel) -> int:
    if channel.guild is not None:
        return IN_GUILD
    return IN_BOT_DM if channel.kind == DM_CHANNEL and channel.has_bot else IN_PRIVATE_CHANNEL


def _must_be_there(user: User, channel: Channel) -> None:
    people = channel.people if channel.guild is None else [member.user for member in channel.guild.members.values()]
    if user not in people:
        raise NotOffered(f"{user.name} is not in {channel.name or 'this conversation'}")
    if channel.deleted:
        raise NotOffered(f"{channel.name} is gone")


def _owners(user: User, channel: Channel, *, user_install: bool) -> Json:
    """Who brought the bot here: "0" a guild (or "0" for its own messages), "1" the person."""
    owners: Json = {}
    context = context_of(channel)
    if context == IN_GUILD and channel.guild is not None and channel.guild.bot_installed:
        owners["0"] = str(channel.guild.id)
    elif context == IN_BOT_DM:
        owners["0"] = "0"
    if user_install or user.has_installed:
        owners["1"] = str(user.id)
    if not owners:
        raise NotOffered(f"neither {channel.name or 'this conversation'} nor {user.name} has the bot")
    return owners


def _payload(world: World, interaction: Interaction, data: Json, owners: Json) -> Json:
    channel, user = interaction.channel, interaction.user
    body: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application_id),
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel_id": str(channel.id),
        "channel": payloads.channel(world, channel),
        "locale": user.locale,
        "app_permissions": str(world.bot_permissions(channel)),
        "attachment_size_limit": interaction.attachment_limit_bytes,
        "authorizing_integration_owners": owners,
        "context": context_of(channel),
        "entitlements": [],
        "entitlement_sku_ids": [],
    }
    if channel.guild is None:
        return body | {"user": user.to_json()}
    guild = channel.guild
    member = payloads.member(world, channel, user)
    body["channel"]["permissions"] = member["permissions"]
    return body | {
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "member": member,
    }
