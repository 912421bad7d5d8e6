"""What the gateway says when a bot arrives: itself, its guilds, their channels and roles."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .payloads import channel
from .places import Guild
from .session import Session

if TYPE_CHECKING:
    from .world import World

Json = dict[str, Any]

_LONG_AGO = "2024-01-01T00:00:00.000000+00:00"


def ready(world: "World", session: Session, guilds: Sequence[Guild]) -> Json:
    """The first event of a session; the guilds themselves follow one by one."""
    return {
        "v": 10,
        "user": world.bot.to_json() | {"mfa_enabled": True, "verified": True, "email": None},
        "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
        "session_id": session.id,
        "resume_gateway_url": world.gateway_url,
        "session_type": "normal",
        "private_channels": [],
        "relationships": [],
        "shard": [session.shard_id, session.shard_count],
        "application": {"id": str(world.application_id), "flags": 0},
        "_trace": [],
    }


def guild(world: "World", place: Guild) -> Json:
    """A guild as GUILD_CREATE carries it; without the members intent only the bot itself is among the members."""
    me: Json = {
        "roles": [str(world.bot.id)],
        "nick": None,
        "avatar": None,
        "joined_at": _LONG_AGO,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "user": world.bot.to_json(),
    }
    roles = [role.to_json(position) for position, role in enumerate(place.roles)]
    # The bot's own permissions are those of a role that only it has, as an invitation link would make it.
    bot_role = roles[0] | {"id": str(world.bot.id), "name": "animate", "permissions": str(place.bot_permissions)}
    there = [one for one in place.channels if not one.deleted]
    return {
        "id": str(place.id),
        "name": place.name,
        "owner_id": str(place.owner.id),
        "unavailable": False,
        "large": False,
        "member_count": len(place.members) + 1,
        "premium_tier": place.tier,
        "premium_subscription_count": 0,
        "preferred_locale": place.locale,
        "roles": [*roles, bot_role],
        "channels": [channel(world, one) for one in there if not one.is_thread],
        "members": [me],
        "joined_at": _LONG_AGO,
        "features": [],
        "emojis": [],
        "stickers": [],
        "threads": [channel(world, one) for one in there if one.is_thread],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "vanity_url_code": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_progress_bar_enabled": False,
    }
