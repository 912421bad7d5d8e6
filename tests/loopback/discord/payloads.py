"""What the API and the gateway say about messages, channels, guilds and members, in JSON."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import shown_components
from .message import Message
from .people import User
from .permissions import ALL
from .places import DM_CHANNEL, GROUP_DM_CHANNEL, Channel

if TYPE_CHECKING:
    from .interaction import Interaction
    from .world import World

Json = dict[str, Any]


def timestamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="microseconds")


def message(world: "World", message: Message) -> Json:
    """A message; files that a component shows stand in that component and not among the attachments."""
    referenced = [stored for stored in message.attachments if message.is_v2 and message.is_referenced(stored)]
    body: Json = {
        "id": str(message.id),
        "type": _message_type(message),
        "channel_id": str(message.channel.id),
        "author": message.author.to_json(),
        "content": message.content,
        "timestamp": timestamp(message.created_s),
        "edited_timestamp": timestamp(message.edits[-1]) if message.edits else None,
        "tts": False,
        "mention_everyone": "everyone" in message.pings,
        "mentions": [
            world.users[int(ping)].to_json() for ping in message.pings if ping.isdigit() and int(ping) in world.users
        ],
        "mention_roles": [],
        "attachments": [
            world.cdn.to_json(stored, ephemeral=message.is_ephemeral)
            for stored in message.attachments
            if stored not in referenced
        ],
        "embeds": message.embeds,
        "components": shown_components.resolved(world.cdn, message),
        "flags": message.flags,
        "pinned": False,
    }
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.reference is not None:
        body["message_reference"] = message.reference
    if message.interaction is not None:
        body |= {
            "application_id": str(world.application_id),
            "webhook_id": str(world.application_id),
            "interaction_metadata": interaction_metadata(message.interaction),
        }
    return body


def interaction_metadata(interaction: "Interaction") -> Json:
    body: Json = {
        "id": str(interaction.id),
        "type": interaction.kind,
        "user": interaction.user.to_json(),
        "authorizing_integration_owners": interaction.payload["authorizing_integration_owners"],
    }
    if interaction.kind == 3 and interaction.source is not None:
        body["interacted_message_id"] = str(interaction.source.id)
    elif interaction.kind == 5 and interaction.opened_by is not None:
        body["triggering_interaction_metadata"] = interaction_metadata(interaction.opened_by)
    return body


def channel(world: "World", place: Channel) -> Json:
    if place.guild is None:
        return _private_channel(world, place)
    if place.parent is not None:
        return _thread(world, place, place.parent)
    return {
        "id": str(place.id),
        "type": place.kind,
        "name": place.name,
        "guild_id": str(place.guild.id),
        "position": place.guild.channels.index(place) if place in place.guild.channels else 0,
        "nsfw": place.nsfw,
        "topic": None,
        "parent_id": None,
        "rate_limit_per_user": 0,
        "last_message_id": str(max(place.all_messages)) if place.all_messages else None,
        "flags": 0,
        "permission_overwrites": _overwrites(world, place),
    }


def member(world: "World", place: Channel, user: User) -> Json:
    """A member as an interaction carries it, with the permissions in that channel."""
    assert place.guild is not None
    body = place.guild.members[user.id].to_json()
    return body | {"user": user.to_json(), "permissions": str(world.member_permissions(place, user))}


def _private_channel(world: "World", place: Channel) -> Json:
    body: Json = {
        "id": str(place.id),
        "type": place.kind,
        "last_message_id": str(max(place.all_messages)) if place.all_messages else None,
        "flags": 0,
        "recipients": [user.to_json() for user in place.people],
    }
    if place.kind == GROUP_DM_CHANNEL:
        body |= {"name": place.name or None, "icon": None, "owner_id": str(place.people[0].id)}
    assert place.kind in (DM_CHANNEL, GROUP_DM_CHANNEL)
    return body


def _thread(world: "World", place: Channel, parent: Channel) -> Json:
    assert place.guild is not None
    return {
        "id": str(place.id),
        "type": place.kind,
        "name": place.name,
        "guild_id": str(place.guild.id),
        "parent_id": str(parent.id),
        "owner_id": str(place.guild.owner.id),
        "last_message_id": str(max(place.all_messages)) if place.all_messages else None,
        "rate_limit_per_user": 0,
        "message_count": len(place.messages),
        "total_message_sent": len(place.all_messages),
        "member_count": 1,
        "flags": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": timestamp(world.clock()),
            "create_timestamp": timestamp(world.clock()),
            "locked": False,
        },
    }


def _overwrites(world: "World", place: Channel) -> list[Json]:
    overwrites: list[Json] = []
    if place.denied_to_members:
        assert place.guild is not None
        overwrites.append({"id": str(place.guild.id), "type": 0, "allow": "0", "deny": str(place.denied_to_members)})
    if place.denied_to_bot or place.denied_to_members:
        kept = place.denied_to_members & ~place.denied_to_bot & ALL
        overwrites.append({"id": str(world.bot.id), "type": 1, "allow": str(kept), "deny": str(place.denied_to_bot)})
    return overwrites


def _message_type(message: Message) -> int:
    if message.interaction is not None and message.interaction.kind == 2 and message is message.interaction.original:
        return 20 if message.interaction.payload["data"].get("type", 1) == 1 else 23
    return 19 if message.reference is not None else 0
