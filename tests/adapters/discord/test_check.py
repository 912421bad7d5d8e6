"""What the doctor says of Discord: the real library asks a Discord of our own."""

import socket
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.discord.check import check, install_link
from bot.service.doctor import Check, State
from tests.adapters.discord.conftest import PICTURE, OpenBot
from tests.loopback.clock import FixedClock
from tests.loopback.discord import LoopbackDiscord, Upload
from tests.loopback.discord.call import Answer, Call
from tests.loopback.discord.front import Route
from tests.loopback.discord.permissions import bits
from tests.loopback.discord.routes_application import ROUTES
from tests.loopback.discord.world import World

NEEDED = bits(["VIEW_CHANNEL", "SEND_MESSAGES", "SEND_MESSAGES_IN_THREADS", "ATTACH_FILES", "READ_MESSAGE_HISTORY"])
FULL = {
    "0": {"oauth2_install_params": {"scopes": ["bot", "applications.commands"], "permissions": str(NEEDED)}},
    "1": {"oauth2_install_params": {"scopes": ["applications.commands"], "permissions": "0"}},
}


@dataclass
class Portal:
    """What the operator has set on the developer portal, and how many logins Discord still gives."""

    application: dict[str, Any] = field(default_factory=lambda: {"integration_types_config": FULL})
    logins: dict[str, int] = field(default_factory=lambda: {"remaining": 997})

    def routes(self) -> list[Route]:
        as_it_is = {route.template: route.action for route in ROUTES if route.method == "GET"}

        def application(world: World, call: Call) -> Answer:
            found = as_it_is["/oauth2/applications/@me"](world, call)
            return Answer(json={**found.json, **self.application})

        def gateway(world: World, call: Call) -> Answer:
            found = as_it_is["/gateway/bot"](world, call).json
            return Answer(json={**found, "session_start_limit": {**found["session_start_limit"], **self.logins}})

        return [
            Route("GET", "/oauth2/applications/@me", application),
            Route("GET", "/gateway/bot", gateway),
        ]


@pytest.fixture
def portal(world: LoopbackDiscord) -> Portal:
    """The developer portal of the bot, on which all is as the README says."""
    portal = Portal()
    world._front.routes = [*portal.routes(), *world._front.routes]
    return portal


def not_ok(checks: list[Check]) -> list[Check]:
    return [one for one in checks if one.state is not State.OK]


def told(checks: list[Check]) -> str:
    return "\n".join(f"{one.detail} | {one.remedy}" for one in checks)


async def test_a_bot_that_is_set_up_as_the_readme_says_has_nothing_to_do(
    world: LoopbackDiscord, portal: Portal
) -> None:
    """Every line is in order, and one of them is the link by which the bot is installed."""
    world.guild("Harbour")
    world.user("anna", has_installed=True)
    checks = await check(world.token)
    assert {one.name for one in checks} == {"discord"}
    assert not_ok(checks) == []
    assert f"the application is animate ({world.application_id})" in told(checks)
    assert "997 of 1000 logins are left" in told(checks)
    assert "It is in 1 server, and 1 person has it for themselves" in told(checks)
    assert "No command is registered yet" in told(checks)
    assert f"To install it: https://discord.com/oauth2/authorize?client_id={world.application_id} |" in told(checks)


async def test_looking_at_the_gateway_costs_no_login(world: LoopbackDiscord, portal: Portal) -> None:
    """The doctor knocks, hears Discord's hello and goes: a running bot is not disturbed, and nothing stays open."""
    await check(world.token)
    await world.until(lambda: not world.gateway.connections)
    assert world.gateway.identifies == []


async def test_a_wrong_token_is_told_without_showing_it(world: LoopbackDiscord, portal: Portal) -> None:
    """That the token does not count is the only line, and says where a new one comes from and where it goes."""
    old = world.token
    await world.revoke_token()
    checks = await check(old)
    [line] = checks
    assert line.state is State.FAIL
    assert "Reset Token" in line.remedy
    assert "ANIMATE_DISCORD__TOKEN" in line.remedy
    assert old not in told(checks)


async def test_an_endpoint_for_interactions_is_a_failure(world: LoopbackDiscord, portal: Portal) -> None:
    """Where Discord sends commands elsewhere, the bot hears nothing: where it goes and where to clear it are told."""
    portal.application["interactions_endpoint_url"] = "https://old.example.org/hook"
    checks = await check(world.token)
    [line] = not_ok(checks)
    assert line.state is State.FAIL
    assert "https://old.example.org/hook" in line.detail
    assert f"https://discord.com/developers/applications/{world.application_id}/information" in line.remedy
    assert "The gateway can be reached" in told(checks)


async def test_a_bot_that_people_cannot_install_says_how_they_could(world: LoopbackDiscord, portal: Portal) -> None:
    """Without User Install there is a warning, and only the link for servers, with all that is needed spelt out."""
    portal.application["integration_types_config"] = {"0": FULL["0"]}
    checks = await check(world.token)
    [line] = not_ok(checks)
    assert (line.state, line.detail) == (State.WARN, "People cannot install it")
    assert '"User Install"' in line.remedy
    [link] = [one.detail for one in checks if "To install it" in one.detail]
    assert link.startswith("To install it in a server: ")
    assert link.endswith(f"&integration_type=0&scope=bot+applications.commands&permissions={NEEDED}")


async def test_a_bot_that_servers_cannot_install_says_how_they_could(world: LoopbackDiscord, portal: Portal) -> None:
    """Without Guild Install there is a warning, and only the link for oneself."""
    portal.application["integration_types_config"] = {"1": FULL["1"]}
    checks = await check(world.token)
    [line] = not_ok(checks)
    assert (line.state, line.detail) == (State.WARN, "Servers cannot install it")
    [link] = [one.detail for one in checks if "To install it" in one.detail]
    assert link.endswith(f"yourself: {install_link(world.application_id, is_for_server=False)}")


async def test_an_application_from_before_there_was_a_choice_is_for_servers(
    world: LoopbackDiscord, portal: Portal
) -> None:
    """Where Discord names neither kind, servers can install the bot as ever, and people learn that they cannot yet."""
    portal.application["integration_types_config"] = {}
    checks = await check(world.token)
    assert [line.detail for line in not_ok(checks)] == ["People cannot install it"]
    assert "To install it in a server" in told(checks)


async def test_without_default_install_settings_the_links_say_all(world: LoopbackDiscord, portal: Portal) -> None:
    """Where the portal names no scopes, as with a private bot, nothing is wrong: there is a full link for each kind."""
    portal.application |= {"integration_types_config": {"0": {}, "1": {}}, "bot_public": False}
    checks = await check(world.token)
    assert not_ok(checks) == []
    assert "only its owner may" in told(checks)
    assert told(checks).count("To install it ") == 2


async def test_an_installation_that_grants_too_little_is_told(world: LoopbackDiscord, portal: Portal) -> None:
    """Scopes and permissions that the portal's settings do not ask for are named as the portal names them."""
    granted = NEEDED & ~bits(["ATTACH_FILES", "READ_MESSAGE_HISTORY"])
    portal.application["integration_types_config"] = {
        "0": {"oauth2_install_params": {"scopes": ["applications.commands"], "permissions": str(granted)}},
        "1": {"oauth2_install_params": {"scopes": [], "permissions": "0"}},
    }
    [server, person] = not_ok(await check(world.token))
    lacking = "the scopes bot and the permissions Attach Files, Read Message History"
    assert server.detail == f"Guild Install does not ask for {lacking}"
    assert person.detail == "User Install does not ask for the scopes applications.commands"
    assert server.state is person.state is State.WARN


async def test_a_bot_that_needs_a_code_grant_cannot_be_installed(world: LoopbackDiscord, portal: Portal) -> None:
    """Where Discord wants a code grant no link works, and the switch is named."""
    portal.application["bot_require_code_grant"] = True
    [line] = not_ok(await check(world.token))
    assert "Requires OAuth2 Code Grant" in line.remedy


async def test_privileged_intents_are_called_needless(world: LoopbackDiscord, portal: Portal) -> None:
    """Intents that are switched on are named as what the bot does not need; that is no fault."""
    portal.application["flags"] = 1 << 19 | 1 << 14
    checks = await check(world.token)
    assert not_ok(checks) == []
    assert "free to be switched off: Server Members, Message Content" in told(checks)


async def test_servers_where_the_bot_may_not_work_are_named(world: LoopbackDiscord, portal: Portal) -> None:
    """Each server is told with what its roles do not grant; an administrator lacks nothing; a long list is cut."""
    world.guild("Harbour").bot_permissions = NEEDED
    world.guild("Castle").bot_permissions = bits("ADMINISTRATOR")
    world.guild("Mill\x1b[2J").bot_permissions = NEEDED & ~bits("ATTACH_FILES")
    for number in range(6):
        world.guild(f"Farm {number}").bot_permissions = 0
    [line] = not_ok(await check(world.token))
    assert line.state is State.WARN
    assert line.detail.startswith("Its roles lack permissions in Mill[2J (Attach Files), Farm 0 (View Channels, ")
    assert line.detail.endswith(", 2 more")


async def test_a_discord_that_cannot_be_reached_is_one_line(
    world: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network there is a warning that says so: the bot itself would go on trying."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://127.0.0.1:{closed}")
    [line] = await check(world.token)
    assert line.state is State.WARN
    assert line.detail.startswith("Discord cannot be reached: ")


async def test_a_discord_that_is_silent_is_given_up(world: LoopbackDiscord, portal: Portal) -> None:
    """After its time the doctor goes on; what it has heard until then stands."""
    held = world.faults.hold("GET", "/gateway/bot")
    [token, silence] = await check(world.token, limit_s=0.5)
    held.release()
    assert token.detail.startswith("The token is valid")
    assert (silence.state, silence.detail) == (State.WARN, "Discord cannot be reached: no answer within 0.5 s")


@pytest.mark.parametrize("call", ["/users/@me", "/gateway/bot", "/users/@me/guilds", "/commands"])
async def test_a_discord_in_trouble_is_told_by_its_answer(world: LoopbackDiscord, portal: Portal, call: str) -> None:
    """Whichever question it is that Discord cannot answer, the others' answers stand and the number is told."""
    world.faults.next("GET", call, status=503)
    [line] = not_ok(await check(world.token))
    assert (line.state, line.detail) == (State.WARN, "Discord answers with 503: not everything could be checked")


async def test_a_gateway_behind_a_firewall_is_a_failure(world: LoopbackDiscord, portal: Portal) -> None:
    """Where the API answers and the gateway does not, the bot would hear nothing from people."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    world.world.gateway_url = f"ws://127.0.0.1:{closed}/gateway"
    [line] = not_ok(await check(world.token))
    assert line.state is State.FAIL
    assert line.detail.startswith("The gateway 127.0.0.1 cannot be reached")


async def test_a_gateway_that_hangs_up_is_a_failure(world: LoopbackDiscord, portal: Portal) -> None:
    """A proxy that takes the connection and ends it before Discord's hello is no way to Discord."""

    async def hang_up(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", hang_up)
    async with TestServer(app) as proxy:
        world.world.gateway_url = f"ws://127.0.0.1:{proxy.port}/"
        [line] = not_ok(await check(world.token))
    assert (line.state, line.detail.rpartition(": ")[2]) == (State.FAIL, "it hangs up at once")


async def test_a_bot_that_is_out_of_logins_is_told_when_there_are_more(world: LoopbackDiscord, portal: Portal) -> None:
    """Discord gives so many logins a day; without one, the doctor says in how many minutes."""
    portal.logins |= {"remaining": 0, "reset_after": 3_540_000}
    [line] = not_ok(await check(world.token))
    assert (line.state, line.detail) == (State.WARN, "No login is left; Discord gives new ones in 60 minutes")


async def test_the_registered_commands_are_named(world: LoopbackDiscord, portal: Portal) -> None:
    """Slash commands have their slash, and those of a message's menu their quotation marks."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(world.token)
        menu = {"name": "Animate", "type": 3}
        slash = {"name": "animate", "description": "Turn a picture into a video.", "options": []}
        await client.http.bulk_upsert_global_commands(world.application_id, payload=[slash, menu])
    assert 'Registered: "Animate", /animate' in told(await check(world.token))


async def test_the_channel_for_notices_must_be_seen(world: LoopbackDiscord, portal: Portal) -> None:
    """A channel that the bot sees is named; one that is hidden, gone or not for text is a warning with its ID."""
    guild = world.guild("Harbour")
    notices, hidden, gone = guild.channel("notices"), guild.channel("hidden"), guild.channel("gone")
    categories = guild.channel("rooms", kind=4)
    hidden.deny("VIEW_CHANNEL")
    gone.delete()
    assert "Notices for the operator go to notices" in told(await check(world.token, notices.id))
    for channel in (hidden, gone, categories):
        [line] = not_ok(await check(world.token, channel.id))
        assert line.state is State.WARN
        assert f"The channel for notices ({channel.id})" in line.detail
        assert "ANIMATE_DISCORD__ADMIN_CHANNEL" in line.remedy


async def test_the_permissions_that_are_asked_for_are_enough(
    open_bot: OpenBot, world: LoopbackDiscord, clock: FixedClock
) -> None:
    """With them and no others each video comes, and calls its person, when the interaction is long over.

    Also where its message was deleted.
    """
    anna, guild = world.user("anna"), world.guild("Harbour")
    guild.bot_permissions = NEEDED
    guild.join(anna)
    channel = guild.channel("general")
    async with open_bot() as bot:
        await world.until_ready()
        picture = Upload("a.png", PICTURE)
        await anna.command(channel, "animate", image=picture, prompt="hold still")
        deleted = await anna.command(channel, "animate", image=picture, prompt="hold fast")
        await bot.until_accepted(2)
        (await deleted.until(lambda message: "hold fast" in message.text)).delete()
        clock.move(16 * 60)
        bot.renderer.release()
        await world.until(lambda: sum(bool(message.videos) for message in channel.messages) == 2)
        await world.until(lambda: sum(bool(message.pings) for message in channel.messages) == 2)
    assert world.dm(anna).messages == []


def test_the_link_asks_for_what_the_bot_needs_and_no_more() -> None:
    """The permissions of the link are the five that are named, and none of a moderator or an administrator."""
    assert install_link(1, is_for_server=True).endswith(f"permissions={NEEDED}")
