"""The loopback Discord refuses what Discord refuses, with the same codes."""

import asyncio
import io
from typing import Any

import discord
import pytest
from discord.http import MultipartParameters, Route

from tests.loopback.discord.harbour import Harbour, harbour, png

V2 = 1 << 15
_TEXT = {"type": 10, "content": "hello"}
_BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}


def _gallery(*names: str) -> dict[str, Any]:
    return {"type": 12, "items": [{"media": {"url": f"attachment://{name}"}} for name in names]}


def _row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def _file(name: str, data: bytes | None = None) -> discord.File:
    return discord.File(io.BytesIO(data if data is not None else png()), name)


async def _post(here: Harbour, payload: dict[str, Any]) -> Any:
    params = MultipartParameters(payload=payload, multipart=None, files=None)
    return await here.bot.http.send_message(here.channel.id, params=params)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"flags": V2, "content": "a", "components": [_TEXT]}, id="content beside components of version 2"),
        pytest.param({"flags": V2, "components": [_gallery("missing.mp4")]}, id="a file that is not there"),
        pytest.param({"flags": V2, "components": [{"type": 10, "content": "x" * 4001}]}, id="too much text"),
        pytest.param({"flags": V2, "components": [{"type": 17, "components": [_TEXT] * 40}]}, id="too many components"),
        pytest.param({"components": [_row(_BUTTON, _BUTTON)]}, id="one custom_id twice"),
        pytest.param({"components": [_row(_BUTTON | {"label": "x" * 81})]}, id="a long label"),
        pytest.param({"components": [_row(*({**_BUTTON, "custom_id": str(i)} for i in range(6)))]}, id="a long row"),
        pytest.param({"components": [_row({"type": 2, "style": 1, "label": "Go"})]}, id="a button without custom_id"),
        pytest.param({"components": [_TEXT]}, id="text without the flag"),
        pytest.param({"content": "x" * 2001}, id="long content"),
    ],
)
async def test_bad_messages(monkeypatch: pytest.MonkeyPatch, payload: dict[str, Any]) -> None:
    """A message that breaks a rule is refused with 50035 and is not there afterwards."""
    async with harbour(monkeypatch) as here:
        with pytest.raises(discord.HTTPException) as caught:
            await _post(here, payload)
        assert (caught.value.status, caught.value.code) == (400, 50035)
        assert here.channel.messages == []
        here.discord.violations.clear()  # the document forbids some of these as well


async def test_empty_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message with nothing in it is refused with 50006."""
    async with harbour(monkeypatch) as here:
        with pytest.raises(discord.HTTPException) as caught:
            await _post(here, {"content": ""})
        assert caught.value.code == 50006


async def test_wrong_body_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is not what the OpenAPI document asks for is named with its place."""
    async with harbour(monkeypatch) as here:
        if not here.discord.validates:
            pytest.skip("no OpenAPI document at ../shared/specs/discord-openapi.json")
        await _post(here, {"content": "hello", "components": [_row(_BUTTON | {"style": "blue"})]})
        await _post(here, {"content": "hello", "embeds": {}})
        first, second = here.discord.violations
        assert "components.0.components.0.style" in first
        assert "embeds" in second
        here.discord.violations.clear()


async def test_unknown_routes_and_missing_tokens_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that is not modelled and a call without a token are named."""
    async with harbour(monkeypatch) as here:
        with pytest.raises(discord.NotFound):
            await here.bot.http.request(Route("GET", "/stage-instances/1"))
        here.bot.http.token = None
        with pytest.raises(discord.HTTPException):
            await here.bot.http.request(Route("GET", "/users/@me"))
        unknown, without = here.discord.protocol_errors
        assert "no such route: GET /stage-instances/1" in unknown
        assert "no Authorization" in without
        here.discord.protocol_errors.clear()


@pytest.mark.parametrize(
    ("what_happened", "status", "code"),
    [
        (lambda here: here.channel.deny("SEND_MESSAGES"), 403, 50013),
        (lambda here: here.channel.deny("ATTACH_FILES"), 403, 50013),
        (lambda here: here.channel.deny("VIEW_CHANNEL"), 403, 50001),
        (lambda here: here.guild.kick_bot(), 403, 50001),
        (lambda here: here.channel.delete(), 404, 10003),
        (lambda here: setattr(here.channel, "automod_blocks", True), 400, 200000),
    ],
    ids=["silenced", "no files", "not visible", "thrown out", "channel gone", "automod"],
)
async def test_refused_sends(monkeypatch: pytest.MonkeyPatch, what_happened: Any, status: int, code: int) -> None:
    """Where the bot may not write, it is told so in Discord's words."""
    async with harbour(monkeypatch) as here:
        what_happened(here)
        with pytest.raises(discord.HTTPException) as caught:
            await here.bot.http.send_message(
                here.channel.id, params=discord.http.handle_message_parameters("hi", file=_file("a.png"))
            )
        assert (caught.value.status, caught.value.code) == (status, code)
        assert here.channel.messages == []


async def test_permissions_reach_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bot may do in a channel is what the library reads from the events."""
    async with harbour(monkeypatch) as here:
        me = here.place.guild.me
        assert here.place.permissions_for(me).attach_files
        here.channel.deny("ATTACH_FILES")
        here.channel.deny("SEND_MESSAGES", to="members")
        sent = await here.anna.command(here.channel, "say", text="hi")
        assert not here.bot.interactions[0].app_permissions.attach_files
        assert not here.place.permissions_for(me).attach_files
        assert here.place.permissions_for(me).send_messages
        assert not here.bot.interactions[0].permissions.send_messages
        assert sent.response is not None


async def test_deleted_and_foreign_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is gone is unknown, as is a private one; one of somebody else cannot be edited."""
    async with harbour(monkeypatch) as here:
        mine = await here.place.send("mine")
        here.channel.messages[0].delete()
        with pytest.raises(discord.NotFound) as gone:
            await mine.edit(content="still mine")
        assert gone.value.code == 10008
        theirs = here.channel.message(here.anna, "theirs")
        with pytest.raises(discord.Forbidden) as foreign:
            await here.place.get_partial_message(theirs.id).edit(content="mine")
        assert foreign.value.code == 50005
        private = await here.anna.message_command(here.channel, "Look", theirs)
        assert private.response is not None
        with pytest.raises(discord.NotFound) as hidden:
            await here.place.get_partial_message(private.response.id).edit(content="mine")
        assert hidden.value.code == 10008
        assert "by its interaction only" in here.discord.protocol_errors.pop()


async def test_closed_direct_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has closed their direct messages gets none, until they open them."""
    async with harbour(monkeypatch) as here:
        user = await here.bot.fetch_user(here.anna.id)
        here.anna.close_dms()
        with pytest.raises(discord.Forbidden) as closed:
            await user.send("hi")
        assert closed.value.code == 50007
        here.anna.open_dms()
        await user.send("hi")
        assert [one.text for one in here.discord.dm(here.anna).messages] == ["hi"]


@pytest.mark.parametrize(("tier", "size_mib", "fits"), [(0, 10, True), (0, 11, False), (2, 11, True)])
async def test_upload_limits(monkeypatch: pytest.MonkeyPatch, tier: int, size_mib: int, fits: bool) -> None:
    """A file above the limit of the place is refused with 413, for messages as for answers to a command."""
    async with harbour(monkeypatch, tier=tier) as here:
        data = bytes(size_mib * 1024 * 1024)
        sent = await here.anna.command(here.channel, "say", text="hi")
        interaction = here.bot.interactions[0]
        results = await asyncio.gather(
            here.place.send(file=_file("big.bin", data)),
            interaction.edit_original_response(attachments=[_file("big.bin", data)]),
            return_exceptions=True,
        )
        for result in results:
            refused = isinstance(result, discord.HTTPException) and (result.status, result.code) == (413, 40005)
            assert refused != fits
        assert sent.response is not None
        assert bool(sent.response.attachments) == fits


async def test_edits_keep_add_and_drop_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit keeps the files it lists and adds the new ones; one that says nothing of files keeps all."""
    async with harbour(monkeypatch) as here:
        message = await here.place.send("two", files=[_file("a.png"), _file("b.png")])
        stored = here.channel.messages[0]

        def names() -> list[str]:
            return [one.filename for one in stored.attachments]

        await message.edit(content="still two")
        assert names() == ["a.png", "b.png"]
        message = await message.edit(attachments=[message.attachments[1], _file("c.png")])
        assert names() == ["b.png", "c.png"]
        await message.edit(attachments=[])
        assert names() == []
        assert stored.text == "still two"


async def test_files_of_components_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With components of version 2 a file that no component names is kept and not seen; the flag stays for good."""
    async with harbour(monkeypatch) as here:
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://a.mp4")))
        sent = await here.place.send(view=view, files=[_file("a.mp4"), _file("b.mp4")])
        stored = here.channel.messages[0]
        assert [one.filename for one in stored.videos] == ["a.mp4"]
        assert [one.filename for one in stored.attachments] == ["a.mp4", "b.mp4"]
        assert [one.filename for one in sent.attachments] == ["b.mp4"]
        with pytest.raises(discord.HTTPException) as caught:
            await here.bot.http.edit_message(
                here.channel.id,
                sent.id,
                params=MultipartParameters(payload={"content": "plain", "flags": 0}, multipart=None, files=None),
            )
        assert caught.value.code == 50035
        params = MultipartParameters(payload={"components": [_TEXT], "flags": 0}, multipart=None, files=None)
        await here.bot.http.edit_message(here.channel.id, sent.id, params=params)
        assert stored.text == "hello"
        assert stored.is_v2


async def test_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends twice with one nonce has sent one message, for some minutes."""
    async with harbour(monkeypatch) as here:
        first = await here.place.send("once", nonce=7)
        again = await here.place.send("once", nonce=7)
        assert first.id == again.id
        here.watch.now_s += 600
        later = await here.place.send("once", nonce=7)
        assert later.id != first.id
        assert len(here.channel.messages) == 2


async def test_mentions_that_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is mentioned is notified only as far as the message allows it."""
    async with harbour(monkeypatch) as here:
        text = f"{here.anna.mention} and @everyone"
        await here.place.send(text)
        await here.place.send(text, allowed_mentions=discord.AllowedMentions.none())
        loud, silent = here.channel.messages
        assert loud.pings == [str(here.anna.id), "everyone"]
        assert silent.pings == []


async def test_many_invalid_requests_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that goes on asking what it is refused is reported, as Discord would lock its address out."""
    async with harbour(monkeypatch) as here:
        here.discord.max_invalid_requests = 2
        here.channel.deny("SEND_MESSAGES")
        results = await asyncio.gather(*(here.place.send("hi") for _ in range(3)), return_exceptions=True)
        assert all(isinstance(one, discord.Forbidden) for one in results)
        assert here.discord.invalid_requests == 3
        assert here.discord.protocol_errors == ["more than 2 answers of 401, 403 and 429"]
        here.discord.protocol_errors.clear()
