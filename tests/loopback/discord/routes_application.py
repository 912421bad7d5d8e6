"""What the API says about the bot itself: user, application, gateway, commands."""

from typing import Any

from .call import Answer, Call
from .errors import MISSING_ACCESS, NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_COMMAND, UNKNOWN_USER, ApiError, invalid_body
from .front import Route
from .payloads import channel as channel_json
from .world import Command, World

Json = dict[str, Any]

_MAX_BY_KIND = {1: 100, 2: 15, 3: 15}


def _me(world: World, _call: Call) -> Answer:
    return Answer(json=world.bot.to_json() | {"mfa_enabled": True, "verified": True, "locale": "en-US", "email": None})


def _application(world: World, _call: Call) -> Answer:
    owner = next((user for user in world.users.values() if not user.is_bot), world.bot)
    return Answer(
        json={
            "id": str(world.application_id),
            "name": "animate",
            "icon": None,
            "description": "",
            "summary": "",
            "type": None,
            "bot": world.bot.to_json(),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "00" * 32,
            "owner": owner.to_json(),
            "team": None,
            "flags": 0,
            "flags_new": "0",
            "hook": True,
            "is_monetized": False,
            "is_verified": False,
            "is_discoverable": False,
            "storefront_available": False,
            "event_webhooks_status": 1,
            "integration_types_config": {"0": {}, "1": {}},
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "redirect_uris": [],
            "approximate_guild_count": sum(guild.bot_installed for guild in world.guilds.values()),
            "approximate_user_authorization_count": 0,
            "eligible_oauth2_scopes": [],
            "approximate_user_install_count": sum(user.has_installed for user in world.users.values()),
            "explicit_content_filter": 0,
        }
    )


def _gateway(world: World, _call: Call) -> Answer:
    return Answer(json={"url": world.gateway_url})


def _gateway_bot(world: World, _call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return Answer(json={"url": world.gateway_url, "shards": world.recommended_shards, "session_start_limit": limit})


def _open_dm(world: World, call: Call) -> Answer:
    user = world.users.get(int(call.body.get("recipient_id") or 0))
    if user is None or user.is_bot:
        raise ApiError(UNKNOWN_USER)
    return Answer(json=channel_json(world, world.dm_with(user)))


def _my_guilds(world: World, _call: Call) -> Answer:
    return Answer(
        json=[
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(guild.bot_permissions),
                "features": [],
            }
            for guild in world.guilds.values()
            if guild.bot_installed
        ]
    )


def _user(world: World, call: Call) -> Answer:
    user = world.users.get(call.id_of("user_id"))
    if user is None:
        raise ApiError(UNKNOWN_USER)
    return Answer(json=user.to_json())


def _commands_here(world: World, call: Call) -> tuple[int | None, list[Command]]:
    if call.id_of("application_id") != world.application_id:
        raise ApiError(NOT_FOUND)
    guild_id = call.id_of("guild_id") if "guild_id" in call.params else None
    if guild_id is not None and not (guild_id in world.guilds and world.guilds[guild_id].bot_installed):
        raise ApiError(MISSING_ACCESS)
    return guild_id, [command for command in world.commands if command.guild_id == guild_id]


def _list_commands(world: World, call: Call) -> Answer:
    return Answer(json=[command.data for command in _commands_here(world, call)[1]])


def _replace_commands(world: World, call: Call) -> Answer:
    guild_id, old = _commands_here(world, call)
    known = {_key(command.data): command.data["id"] for command in old}
    keys = [_key(data) for data in call.json]
    if len(set(keys)) != len(keys):
        raise invalid_body("0.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    if any(sum(kind == key[0] for key in keys) > most for kind, most in _MAX_BY_KIND.items()):
        raise invalid_body("0", "APPLICATION_COMMAND_LIMIT", "Too many commands of one type.")
    new = [Command(_registered(world, data, known.get(_key(data)), guild_id), guild_id) for data in call.json]
    world.commands = [command for command in world.commands if command not in old] + new
    return Answer(json=[command.data for command in new])


def _add_command(world: World, call: Call) -> Answer:
    guild_id, old = _commands_here(world, call)
    same = [command for command in old if _key(command.data) == _key(call.body)]
    data = _registered(world, call.body, same[0].data["id"] if same else None, guild_id)
    world.commands = [command for command in world.commands if command not in same] + [Command(data, guild_id)]
    return Answer(200 if same else 201, data)


def _delete_command(world: World, call: Call) -> Answer:
    _guild_id, here = _commands_here(world, call)
    found = [command for command in here if command.data["id"] == call.params["command_id"]]
    if not found:
        raise ApiError(UNKNOWN_COMMAND)
    world.commands.remove(found[0])
    return Answer(204)


def _registered(world: World, data: Json, old_id: str | None, guild_id: int | None) -> Json:
    body: Json = {
        "id": old_id or str(world.next_id()),
        "application_id": str(world.application_id),
        "version": str(world.next_id()),
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "dm_permission": True,
        "nsfw": False,
        "contexts": None,
        "integration_types": [0],
    }
    body |= {name: value for name, value in data.items() if value is not None}
    permissions = body["default_member_permissions"]
    body["default_member_permissions"] = None if permissions is None else str(permissions)
    if guild_id is not None:
        body["guild_id"] = str(guild_id)
    return body


def _key(data: Json) -> tuple[int, str]:
    return int(data.get("type") or 1), str(data["name"])


def _channel_of_guild(world: World, call: Call) -> Answer:
    guild = world.guilds.get(call.id_of("guild_id"))
    if guild is None or not guild.bot_installed:
        raise ApiError(UNKNOWN_CHANNEL)
    return Answer(json=[channel_json(world, one) for one in guild.channels if not one.deleted])


_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES = [
    Route("GET", "/users/@me", _me),
    Route("GET", "/applications/@me", _application),
    Route("GET", "/oauth2/applications/@me", _application),
    Route("GET", "/gateway", _gateway, needs_token=False),
    Route("GET", "/gateway/bot", _gateway_bot),
    Route("GET", "/users/@me/guilds", _my_guilds),
    Route("POST", "/users/@me/channels", _open_dm),
    Route("GET", "/users/{user_id}", _user),
    Route("GET", "/guilds/{guild_id}/channels", _channel_of_guild),
    *(
        Route(method, template, action)
        for base in (_COMMANDS, _GUILD_COMMANDS)
        for method, template, action in (
            ("GET", base, _list_commands),
            ("PUT", base, _replace_commands),
            ("POST", base, _add_command),
            ("DELETE", base + "/{command_id}", _delete_command),
        )
    ),
]
