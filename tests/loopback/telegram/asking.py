"""Methods that ask or set: who the bot is, chats and members, files, commands, descriptions."""

import json
from collections.abc import Mapping
from typing import Any

from . import payloads
from .call import Call
from .errors import FILE_IS_GONE, FILE_TOO_BIG, INVALID_FILE_ID, bad_request
from .files import MAX_DOWNLOAD_BYTES
from .groups import Group
from .sending import place
from .world import World

Json = dict[str, Any]

DEFAULT_SCOPE: Json = {"type": "default"}


def get_me(world: World, _call: Call) -> Json:
    return world.me.to_full_json()


def log_out(world: World, _call: Call) -> bool:
    world.is_logged_out = True
    return True


def close(_world: World, _call: Call) -> bool:
    return True


def get_chat(world: World, call: Call) -> Json:
    chat = world.chat(call.parameters.get("chat_id"))
    refusal = chat.refusal() if isinstance(chat, Group) else None
    if refusal is not None:
        raise refusal
    return payloads.full_chat(chat)


def get_chat_member(world: World, call: Call) -> Json:
    chat = place(world, call)
    user = world.me if call.number("user_id") == world.me.id else world.users.get(call.number("user_id"))
    if user is None:
        raise bad_request("user not found")
    if not isinstance(chat, Group):
        return payloads.member(user, "member")
    status = chat.bot_status if user is world.me else chat.members.get(user.id, "left")
    return payloads.member(user, status)


def get_administrators(world: World, call: Call) -> list[Json]:
    chat = place(world, call)
    if not isinstance(chat, Group):
        raise bad_request("there are no administrators in the private chat")
    admins = {one: status for one, status in chat.members.items() if status in ("creator", "administrator")}
    people = [payloads.member(world.users[one], status) for one, status in admins.items()]
    return people + ([payloads.member(world.me, "administrator")] if chat.bot_is_admin else [])


def get_file(world: World, call: Call) -> Json:
    stored = world.files.find(call.text("file_id"))
    if stored is None:
        raise INVALID_FILE_ID
    if stored.is_gone:
        raise FILE_IS_GONE
    if world.local_folder is None:
        if stored.size_bytes > MAX_DOWNLOAD_BYTES:
            raise FILE_TOO_BIG
        return stored.to_json() | {"file_path": stored.path}
    path = world.local_folder / stored.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stored.data)
    return stored.to_json() | {"file_path": str(path.absolute())}


def set_commands(world: World, call: Call) -> bool:
    world.commands[_place_of_commands(world, call)] = call.list("commands")
    return True


def get_commands(world: World, call: Call) -> list[Json]:
    return world.commands.get(_place_of_commands(world, call), [])


def delete_commands(world: World, call: Call) -> bool:
    world.commands.pop(_place_of_commands(world, call), None)
    return True


def set_description(world: World, call: Call) -> bool:
    return _describe(world, call, "description")


def set_short_description(world: World, call: Call) -> bool:
    return _describe(world, call, "short_description")


def set_name(world: World, call: Call) -> bool:
    return _describe(world, call, "name")


def set_menu_button(_world: World, _call: Call) -> bool:
    return True


def scope_key(scope: Json) -> str:
    return json.dumps(scope, sort_keys=True)


def _place_of_commands(world: World, call: Call) -> tuple[str, str]:
    scope = call.object("scope") or DEFAULT_SCOPE
    if "chat_id" in scope:
        # A scope of one chat is refused where the bot knows no such chat.
        world.chat(scope["chat_id"])
    return scope_key(scope), call.text("language_code")


def _describe(world: World, call: Call, kind: str) -> bool:
    world.profile[kind, call.text("language_code")] = call.text(kind)
    return True


METHODS: Mapping[str, Any] = {
    "getMe": get_me,
    "logOut": log_out,
    "close": close,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_administrators,
    "getFile": get_file,
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands,
    "setMyDescription": set_description,
    "setMyShortDescription": set_short_description,
    "setMyName": set_name,
    "setChatMenuButton": set_menu_button,
}
