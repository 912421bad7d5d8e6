"""Channels and their messages, by the bot's own token."""

from .call import Answer, Call
from .errors import (
    CLOSED_DMS,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NOT_YOUR_MESSAGE,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    ApiError,
)
from .front import Route
from .message import Message
from .payloads import channel as channel_json
from .payloads import message as message_json
from .permissions import holds
from .places import DM_CHANNEL, Channel
from .world import World
from .writing import Written, create, edit

NONCE_LIFETIME_S = 300
_DEFAULT_PAGE, _MAX_PAGE = 50, 100


def _channel(world: World, call: Call) -> Channel:
    channel = world.channels.get(call.id_of("channel_id"))
    if channel is None or channel.deleted:
        raise ApiError(UNKNOWN_CHANNEL)
    is_inside = channel.guild.bot_installed if channel.guild else channel.has_bot
    if not is_inside:
        raise ApiError(MISSING_ACCESS)
    if channel.guild and not holds(world.bot_permissions(channel), "VIEW_CHANNEL"):
        raise ApiError(MISSING_ACCESS)
    return channel


def _message(world: World, call: Call) -> Message:
    message = _channel(world, call).all_messages.get(call.id_of("message_id"))
    if message is not None and message.is_ephemeral:
        raise ApiError(UNKNOWN_MESSAGE, misuse="a message for one person is reached by its interaction only")
    if message is None or message.deleted:
        raise ApiError(UNKNOWN_MESSAGE)
    return message


def _get_channel(world: World, call: Call) -> Answer:
    return Answer(json=channel_json(world, _channel(world, call)))


def _list_messages(world: World, call: Call) -> Answer:
    channel = _channel(world, call)
    _require(world, channel, "READ_MESSAGE_HISTORY", MISSING_ACCESS)
    limit = min(int(call.query.get("limit", _DEFAULT_PAGE)), _MAX_PAGE)
    newest_first = sorted(channel.messages, key=lambda one: one.id, reverse=True)
    if "before" in call.query:
        page = [one for one in newest_first if one.id < int(call.query["before"])][:limit]
    elif "after" in call.query:
        page = [one for one in newest_first if one.id > int(call.query["after"])][-limit:]
    elif "around" in call.query:
        middle = int(call.query["around"])
        nearest = sorted(newest_first, key=lambda one: abs(one.id - middle))[:limit]
        page = [one for one in newest_first if one in nearest]
    else:
        page = newest_first[:limit]
    return Answer(json=[message_json(world, one) for one in page])


def _get_message(world: World, call: Call) -> Answer:
    message = _message(world, call)
    _require(world, message.channel, "READ_MESSAGE_HISTORY", MISSING_ACCESS)
    return Answer(json=message_json(world, message))


def _send(world: World, call: Call) -> Answer:
    channel = _channel(world, call)
    _require_to_send(world, channel, call)
    nonce = call.body.get("nonce")
    if call.body.get("enforce_nonce") and nonce is not None:
        for old in channel.all_messages.values():
            is_recent = world.clock() - old.created_s < NONCE_LIFETIME_S
            if old.author is world.bot and old.nonce == str(nonce) and is_recent and not old.deleted:
                return Answer(json=message_json(world, old))
    message = create(world, channel, Written(call.body, call.files, channel.upload_limit_bytes))
    return Answer(json=message_json(world, message))


def _edit(world: World, call: Call) -> Answer:
    message = _message(world, call)
    if message.author is not world.bot:
        raise ApiError(NOT_YOUR_MESSAGE)
    if call.files:
        _require(world, message.channel, "ATTACH_FILES", MISSING_PERMISSIONS)
    edit(world, message, Written(call.body, call.files, message.channel.upload_limit_bytes))
    return Answer(json=message_json(world, message))


def _delete(world: World, call: Call) -> Answer:
    message = _message(world, call)
    if message.author is not world.bot:
        _require(world, message.channel, "MANAGE_MESSAGES", MISSING_PERMISSIONS)
    world.delete_message(message)
    return Answer(204)


def _type(world: World, call: Call) -> Answer:
    _require_to_send(world, _channel(world, call), call)
    return Answer(204)


def _require_to_send(world: World, channel: Channel, call: Call) -> None:
    if channel.kind == DM_CHANNEL and any(user.dms_closed for user in channel.people):
        raise ApiError(CLOSED_DMS)
    to_write = "SEND_MESSAGES_IN_THREADS" if channel.is_thread else "SEND_MESSAGES"
    _require(world, channel, to_write, MISSING_PERMISSIONS)
    if call.files:
        _require(world, channel, "ATTACH_FILES", MISSING_PERMISSIONS)


def _require(world: World, channel: Channel, permission: str, otherwise: tuple[int, int, str]) -> None:
    if channel.guild and not holds(world.bot_permissions(channel), permission):
        raise ApiError(otherwise)


_MESSAGES = "/channels/{channel_id}/messages"
_ONE = "/channels/{channel_id}/messages/{message_id}"

ROUTES = [
    Route("GET", "/channels/{channel_id}", _get_channel),
    Route("POST", "/channels/{channel_id}/typing", _type),
    Route("GET", _MESSAGES, _list_messages),
    Route("POST", _MESSAGES, _send),
    Route("GET", _ONE, _get_message),
    Route("PATCH", _ONE, _edit),
    Route("DELETE", _ONE, _delete),
]
