"""The loopback Discord's gateway: connections that break, sessions that come back or do not."""

import asyncio
from typing import ClassVar

import discord
import pytest
from aiohttp import ClientSession

from tests.loopback.discord import LoopbackDiscord
from tests.loopback.discord.harbour import harbour
from tests.loopback.discord.sample_bot import SampleBot, running


async def test_dropped_connection_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened while the connection was gone is heard once after it has come back, and what was heard is not."""
    async with harbour(monkeypatch) as here:
        await here.anna.command(here.channel, "say", text="one")
        await here.discord.gateway.drop()
        sent = await here.anna.command(here.channel, "say", text="two")
        await here.anna.command(here.channel, "say", text="three")
        assert here.bot.heard == ["say one", "say two", "say three"]
        assert not sent.failed
        await here.discord.until(lambda: here.bot.resumed)
        assert [one.accepted for one in here.discord.gateway.resumes] == [True]
        assert here.discord.gateway.resumes[0].replayed >= 1
        assert len(here.discord.gateway.identifies) == 1


async def test_cut_connection_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that breaks without a word is resumed as well."""
    async with harbour(monkeypatch) as here:
        here.discord.gateway.cut()
        await here.discord.until(lambda: here.bot.resumed)
        sent = await here.anna.command(here.channel, "say", text="hi")
        assert sent.response is not None


@pytest.mark.parametrize("how", ["invalidate", "forget", "reconnect"])
async def test_lost_session(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A session that is over is followed by a new one; a bot that is only told to reconnect resumes."""
    async with harbour(monkeypatch) as here:
        gateway = here.discord.gateway
        if how == "invalidate":
            gateway.invalidate()
        elif how == "forget":
            await gateway.drop(resumable=False)
        else:
            gateway.ask_to_reconnect()
        again = 1 if how == "reconnect" else 2
        await here.discord.until(
            lambda: len(gateway.identifies) == again and gateway.is_ready and (how != "reconnect" or here.bot.resumed)
        )
        sent = await here.anna.command(here.channel, "say", text="hi")
        assert sent.response is not None
        assert [guild.name for guild in here.bot.guilds] == ["Harbour"]


async def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """While no bot has a session, an interaction fails at once."""
    async with harbour(monkeypatch) as here:
        await here.bot.close()
        await here.discord.gateway.drop(resumable=False)
        sent = await here.anna.command(here.channel, "say", text="hi", wait=False)
        assert sent.failed


async def test_revoked_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot whose token was replaced is thrown out for good, and one with the new token gets in."""
    async with LoopbackDiscord.open() as server:
        server.point_library_at(monkeypatch)
        bot = SampleBot()
        life = asyncio.create_task(bot.start(server.token))
        await server.until_ready()
        await server.revoke_token()
        with pytest.raises(discord.ConnectionClosed) as thrown_out:
            await life
        assert thrown_out.value.code == 4004
        async with running(server) as successor:
            assert successor.user is not None
        assert server.protocol_errors == []


async def test_presence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bot says it is doing is recorded, and too much talk on the gateway ends the connection."""
    async with harbour(monkeypatch) as here:
        await here.bot.change_presence(activity=discord.Game("films"))
        await here.discord.until(lambda: here.discord.gateway.presences)
        assert here.discord.gateway.presences[-1]["activities"][0]["name"] == "films"
        for _ in range(125):
            await here.bot.ws.socket.send_str('{"op": 1, "d": null}')
        await here.discord.until(lambda: here.bot.resumed)
        assert "120 events" in here.discord.protocol_errors[0]
        here.discord.protocol_errors.clear()


async def test_dead_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot whose heartbeats are never answered gives the connection up and resumes on a new one."""
    async with LoopbackDiscord.open() as server:
        server.point_library_at(monkeypatch)
        server.gateway.heartbeat_interval_ms = 30
        bot = SampleBot()
        bot._connection.heartbeat_timeout = 0.2
        async with running(server, bot):
            await server.until(lambda: server.gateway.heartbeats > 9)
            assert server.gateway.resumes == []
            server.gateway.ignores_heartbeats = True
            await server.until(lambda: server.gateway.resumes)
            server.gateway.ignores_heartbeats = False
        assert server.gateway.resumes[0].accepted
        assert server.protocol_errors == []


async def test_refused_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that finds the gateway closed when it comes back tries again and resumes."""
    async with harbour(monkeypatch) as here:
        monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda _self: 0.0)
        here.discord.gateway.refuse_next_handshake(2)
        await here.discord.gateway.drop()
        await here.discord.until(lambda: here.bot.resumed)
        assert here.discord.gateway.handshakes_refused == 2
        assert len(here.discord.gateway.identifies) == 1


async def test_wrong_token_at_the_gateway() -> None:
    """A session that is begun with a wrong token is closed with 4004, and one that nobody began cannot be used."""
    async with LoopbackDiscord.open() as server, ClientSession() as session:
        for op, data, code in (
            (2, {"token": "nonsense", "intents": 0, "properties": {}}, 4004),
            (6, {"token": "nonsense", "session_id": "x", "seq": 1}, 4004),
            (3, {"status": "online"}, 4003),
            (99, {}, 4001),
        ):
            async with asyncio.timeout(5), session.ws_connect(server.gateway_url) as socket:
                await socket.receive()
                await socket.send_json({"op": op, "d": data})
                await socket.receive()
                assert socket.close_code == code


@pytest.mark.parametrize("may_read", [False, True])
async def test_contents_for_who_may_read(monkeypatch: pytest.MonkeyPatch, may_read: bool) -> None:
    """Without the intent for it, a bot hears of messages in a guild and does not learn what they say."""

    class Listener(SampleBot):
        said: ClassVar[list[str]] = []

        def __init__(self) -> None:
            super().__init__()
            self._connection._intents.guild_messages = True
            self._connection._intents.dm_messages = True
            self._connection._intents.message_content = may_read

        async def on_message(self, message: discord.Message) -> None:
            self.said.append(message.content)

    Listener.said.clear()
    async with LoopbackDiscord.open() as server:
        server.point_library_at(monkeypatch)
        channel, anna = server.guild("Harbour").channel("sea"), server.user("anna")
        async with running(server):
            assert server.gateway.send("MESSAGE_CREATE", {}, channel.guild) == 0
            assert server.gateway.send("MESSAGE_CREATE", {}, None) == 0
        await server.gateway.drop(resumable=False)
        async with running(server, Listener()) as bot:
            assert bot.user is not None
            channel.message(anna, "secret")
            channel.message(anna, f"hey {bot.user.mention}")
            server.dm(anna).message(anna, "in private")
            await server.until(lambda: len(Listener.said) == 3)
        assert Listener.said == ["secret" if may_read else "", f"hey {bot.user.mention}", "in private"]
