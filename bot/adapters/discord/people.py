"""Who asks and from where, as an interaction says it, in the services' words."""

from collections.abc import Collection
from typing import Any

import discord

from bot.adapters.discord.address import CHANNEL_NAME, TOKEN_LIFE_S, Address
from bot.adapters.discord.trouble import SMALLEST_LIMIT_BYTES
from bot.domain.job import Origin, Requester
from bot.service.clock import Clock
from bot.service.roles import Caller
from bot.service.views import Circumstances

Interaction = discord.Interaction[Any]

#: What one request may hold in all (resources/message, "Create Message"), less what stands around the file.
_MAX_REQUEST_BYTES = 25 * 2**20 - 64 * 1024


def requester_of(interaction: Interaction) -> Requester:
    """Return the person."""
    user = interaction.user
    return Requester(CHANNEL_NAME, str(user.id), user.display_name)


def place_of(interaction: Interaction) -> str:
    """Return the server where the bot is installed; elsewhere no place's rules hold."""
    is_installed = interaction.guild_id is not None and interaction.is_guild_integration()
    return f"{CHANNEL_NAME}:{interaction.guild_id}" if is_installed else ""


def caller_of(interaction: Interaction, admin_roles: Collection[str]) -> Caller:
    """Return the person with what Discord says in this very call about their rights here."""
    place = place_of(interaction)
    return Caller(
        requester_of(interaction),
        manages=place if place and interaction.permissions.manage_guild else "",
        has_admin_role=bool(_roles_of(interaction) & frozenset(admin_roles)),
        place=place,
    )


def circumstances_of(interaction: Interaction) -> Circumstances:
    """Return what the rules of a place look at."""
    channel = interaction.channel
    # A thread is as its channel is: allowed with it, age-restricted with it.
    room = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
    return Circumstances(
        room=str(room or ""),
        is_age_restricted=bool(channel is not None and getattr(channel, "is_nsfw", lambda: False)()),
        roles=_roles_of(interaction),
    )


def origin_of(interaction: Interaction, message: int, clock: Clock, *, is_private: bool) -> Origin:
    """Return where the answer goes: the interaction's own response, with all that is needed to find it later."""
    address = Address(
        application=interaction.application_id,
        channel=interaction.channel_id or 0,
        message=message,
        token=interaction.token,
        expires_s=clock.now_ms() / 1000 + TOKEN_LIFE_S,
        by_bot=bool(place_of(interaction)) or _is_own_direct_channel(interaction),
        private=is_private,
    )
    return Origin(CHANNEL_NAME, place_of(interaction), str(address), max_video_bytes(interaction), is_private)


def max_video_bytes(interaction: Interaction) -> int:
    """Return what fits by every way: the interaction's limit may be the person's own, which the bot does not have."""
    is_installed = interaction.guild is not None and bool(place_of(interaction))
    of_place = interaction.guild.filesize_limit if is_installed and interaction.guild else SMALLEST_LIMIT_BYTES
    return min(interaction.filesize_limit, of_place, _MAX_REQUEST_BYTES)


def _is_own_direct_channel(interaction: Interaction) -> bool:
    return interaction.guild_id is None and interaction.context.dm_channel


def _roles_of(interaction: Interaction) -> frozenset[str]:
    member = interaction.user
    if not isinstance(member, discord.Member) or not place_of(interaction):
        return frozenset()
    return frozenset(str(role.id) for role in member.roles)
