"""The doctor's look at Discord: whether it takes the bot as it is set up, and who can install it. Changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode, urlsplit

import aiohttp
import discord
from discord import app_commands

from bot.domain import doctor_discord_words as words
from bot.service.doctor import Check

_NAME = "discord"
_LIMIT_S = 20.0
_GATEWAY_LIMIT_S = 5.0
_MAX_SERVERS = 200  # what one call tells
_MAX_SHOWN_SERVERS = 5
_MAX_NAME_CHARACTERS = 40

#: What the code beside this file asks of a server, as Discord's own settings call it: cards that are edited or sent
#: anew by the bot's token hold files, answer a message, and are looked for before they are sent a second time.
PERMISSIONS = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
_SERVER_SCOPES, _PERSON_SCOPES = ("bot", "applications.commands"), ("applications.commands",)
_PRIVILEGED_INTENTS = {
    "Presence": ("gateway_presence", "gateway_presence_limited"),
    "Server Members": ("gateway_guild_members", "gateway_guild_members_limited"),
    "Message Content": ("gateway_message_content", "gateway_message_content_limited"),
}
_UNREACHABLE = (aiohttp.ClientError, OSError, TimeoutError)


async def check(token: str, admin_channel: int | None = None, limit_s: float = _LIMIT_S) -> list[Check]:
    """Return what Discord says about the bot with this token; at most what ``limit_s`` leaves time for."""
    found: list[Check] = []
    try:
        async with asyncio.timeout(limit_s), discord.Client(intents=discord.Intents.none()) as client:
            await client.login(token)
            async for one in _checks_of(client, admin_channel):
                found.append(one)  # noqa: PERF401 (what was found before something breaks is kept)
    except discord.LoginFailure:
        found.append(Check.fail(_NAME, words.token_is_wrong()))
    except discord.HTTPException as error:
        found.append(Check.warn(_NAME, words.answers_badly(error.status)))
    except _UNREACHABLE as error:
        found.append(Check.warn(_NAME, words.out_of_reach(_reason(error, limit_s))))
    return found


async def _checks_of(client: discord.Client, admin_channel: int | None) -> AsyncIterator[Check]:
    application = client.application
    assert application is not None  # the login has fetched it
    yield Check.ok(_NAME, words.token_works(_shown(application.name), application.id))
    if application.interactions_endpoint_url:
        yield Check.fail(_NAME, words.endpoint_is_set(application.interactions_endpoint_url, application.id))
    yield await _gateway(client)
    yield _intents(application)
    for one in _installs(application):
        yield one
    async for one in _servers(client, application):
        yield one
    yield await _commands(client)
    if admin_channel is not None:
        yield await _notices(client, admin_channel)


async def _gateway(client: discord.Client) -> Check:
    """Knock at the gateway, without a login: it says hello to everybody."""
    try:
        _, url, limit = await client.http.get_bot_gateway()
    except discord.GatewayNotFound as error:
        cause = error.__cause__
        return Check.warn(_NAME, words.answers_badly(getattr(cause, "status", 0)))
    if limit["remaining"] == 0:
        return Check.warn(_NAME, words.no_logins_left(limit["reset_after"] // 60_000 + 1))
    host = urlsplit(url).hostname or url
    try:
        async with asyncio.timeout(_GATEWAY_LIMIT_S):
            socket = await client.http.ws_connect(f"{url.rstrip('/')}/?v=10&encoding=json")
            hello = await socket.receive()
            await socket.close()
    except _UNREACHABLE as error:
        return Check.fail(_NAME, words.gateway_is_closed(host, _reason(error, _GATEWAY_LIMIT_S)))
    if hello.type is not aiohttp.WSMsgType.TEXT:
        return Check.fail(_NAME, words.gateway_is_closed(host, "it hangs up at once"))
    return Check.ok(_NAME, words.gateway_is_open(limit["remaining"], limit["total"]))


def _intents(application: discord.AppInfo) -> Check:
    flags = application.flags
    on = [name for name, both in _PRIVILEGED_INTENTS.items() if any(getattr(flags, flag) for flag in both)]
    return Check.ok(_NAME, words.intents_are_on(on) if on else words.intents_are_off())


def _installs(application: discord.AppInfo) -> Iterator[Check]:
    """Who can install it, whether what they would grant is enough, and by which link."""
    server, person = application.guild_integration_config, application.user_integration_config
    # An application cannot have both off: where Discord names neither, it is one from before there was a choice.
    is_for_servers, is_for_people = server is not None or person is None, person is not None
    problems = [
        *([] if is_for_servers else [Check.warn(_NAME, words.no_install("Guild", application.id))]),
        *([] if is_for_people else [Check.warn(_NAME, words.no_install("User", application.id))]),
        *_lacks("Guild", server, _SERVER_SCOPES, application.id),
        *_lacks("User", person, _PERSON_SCOPES, application.id),
    ]
    if application.bot_require_code_grant:
        problems.append(Check.warn(_NAME, words.needs_code_grant(application.id)))
    yield from problems or [Check.ok(_NAME, words.installable(is_public=application.bot_public))]
    if all(config is not None and config.oauth2_install_params is not None for config in (server, person)):
        # Discord itself asks whether it is for a server or for oneself, and knows what with.
        yield Check.ok(_NAME, words.install_link(install_link(application.id)))
        return
    if is_for_servers:
        yield Check.ok(_NAME, words.install_link(install_link(application.id, is_for_server=True), "in a server"))
    if is_for_people:
        yield Check.ok(_NAME, words.install_link(install_link(application.id, is_for_server=False), "for yourself"))


def _lacks(
    by: str, config: discord.IntegrationTypeConfig | None, scopes: tuple[str, ...], application: int
) -> Iterator[Check]:
    """What is missing of what an installation asks for; where nothing is set, the link itself says all of it."""
    params = None if config is None else config.oauth2_install_params
    if params is None:
        return
    missing_scopes = [scope for scope in scopes if scope not in params.scopes]
    missing_permissions = _missing(params.permissions) if "bot" in scopes else []
    if missing_scopes or missing_permissions:
        yield Check.warn(_NAME, words.install_lacks(by, missing_scopes, missing_permissions, application))


def install_link(application: int, *, is_for_server: bool | None = None) -> str:
    """Return the link that installs the bot: as the developer portal has it, or with all that is needed spelt out."""
    query: dict[str, str | int] = {"client_id": application}
    if is_for_server is True:
        permissions = discord.Permissions(**dict.fromkeys(PERMISSIONS, True)).value
        query |= {"integration_type": 0, "scope": " ".join(_SERVER_SCOPES), "permissions": permissions}
    elif is_for_server is False:
        query |= {"integration_type": 1, "scope": " ".join(_PERSON_SCOPES)}
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


async def _servers(client: discord.Client, application: discord.AppInfo) -> AsyncIterator[Check]:
    """How far the bot has come, and where its roles do not let it work; a channel may still say otherwise."""
    people = application.approximate_user_install_count or 0
    yield Check.ok(_NAME, words.in_servers(application.approximate_guild_count, people))
    servers = await client.http.get_guilds(_MAX_SERVERS, with_counts=False)
    lacking = []
    for server in servers:
        missing = _missing(discord.Permissions(int(server.get("permissions", 0))))
        if missing:
            lacking.append((_shown(server["name"]), missing))
    if lacking:
        shown = lacking[:_MAX_SHOWN_SERVERS]
        yield Check.warn(_NAME, words.servers_lack(shown, len(lacking) - len(shown)))


async def _commands(client: discord.Client) -> Check:
    commands = await app_commands.CommandTree(client).fetch_commands()
    if not commands:
        return Check.ok(_NAME, words.no_commands_yet())
    is_slash = discord.AppCommandType.chat_input
    names = [f"/{command.name}" if command.type is is_slash else f'"{command.name}"' for command in commands]
    return Check.ok(_NAME, words.commands_registered(sorted(names)))


async def _notices(client: discord.Client, admin_channel: int) -> Check:
    try:
        channel = await client.fetch_channel(admin_channel)
    except (discord.NotFound, discord.Forbidden):
        return Check.warn(_NAME, words.notices_go_nowhere(admin_channel))
    if not isinstance(channel, discord.abc.Messageable):
        return Check.warn(_NAME, words.notices_go_nowhere(admin_channel))
    return Check.ok(_NAME, words.notices_go_to(_shown(str(channel))))


def _missing(permissions: discord.Permissions) -> list[str]:
    if permissions.administrator:
        return []
    return [label for name, label in PERMISSIONS.items() if not getattr(permissions, name)]


def _reason(error: Exception, limit_s: float) -> str:
    return f"no answer within {limit_s:g} s" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def _shown(name: str) -> str:
    """A name that somebody else has given, without what would steer the terminal."""
    return "".join(character for character in name if character.isprintable())[:_MAX_NAME_CHARACTERS]
