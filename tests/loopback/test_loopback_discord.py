"""The loopback Discord under the real discord.py: what people do, what the bot hears, what people then see."""

import asyncio
import io
from typing import Any

import discord
import pytest
from aiohttp import ClientSession

from tests.loopback.discord import Channel, DiscordInThread, LoopbackDiscord, NotOffered, Person, Upload
from tests.loopback.discord.harbour import Watch, harbour, png
from tests.loopback.discord.sample_bot import SampleBot
from tests.loopback.discord.schema import answer_validator

_EVERY_KIND = [
    {
        "type": 17,
        "components": [
            {"type": 10, "content": "text"},
            {"type": 14},
            {"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}}]},
            {
                "type": 9,
                "components": [{"type": 10, "content": "beside"}],
                "accessory": {"type": 11, "media": {"url": "https://example.org/b.png"}},
            },
            {"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]},
            {
                "type": 1,
                "components": [{"type": 3, "custom_id": "pick", "options": [{"label": "One", "value": "1"}]}],
            },
        ],
    }
]


async def test_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that logs in knows who it is, which guilds it is in, and has its commands registered."""
    async with harbour(monkeypatch) as here:
        assert here.bot.user is not None
        assert here.bot.user.id == here.bot.application_id == here.discord.application_id
        assert [guild.name for guild in here.bot.guilds] == ["Harbour"]
        assert {command["name"] for command in here.discord.commands} == {"echo", "say", "details", "slow", "Look"}
        assert here.discord.gateway.identifies[0]["token"] == here.discord.token


async def test_wrong_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was never given out opens nothing, and the server says that somebody tried it."""
    async with LoopbackDiscord.open() as server:
        server.point_library_at(monkeypatch)
        bot = SampleBot()
        with pytest.raises(discord.LoginFailure):
            await bot.login("nonsense")
        await bot.close()
        assert len(server.protocol_errors) == 1


async def test_command_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture sent with a command comes back as a video in the message that said the bot was thinking."""
    async with harbour(monkeypatch) as here:
        sent = await here.anna.command(here.channel, "echo", image=Upload("a.png", here.picture))
        assert sent.acknowledged_after_s is not None
        assert sent.acknowledged_after_s < 3
        message = await sent.until(lambda one: one.videos)
        assert message.videos[0].data == here.picture
        assert message.text == "Here it is"
        assert message.is_v2
        assert not message.is_loading
        assert len(message.edits) == 1
        assert here.channel.messages == [message]
        interaction = here.bot.interactions[0]
        assert isinstance(interaction.user, discord.Member)
        assert interaction.user.id == here.anna.id
        assert interaction.locale is discord.Locale.german
        assert interaction.filesize_limit == 10 * 1024 * 1024
        assert interaction.channel == here.place


async def test_button_edits_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A button found by its label does what its custom_id says, in the message it stands in."""
    async with harbour(monkeypatch) as here:
        sent = await here.anna.command(here.channel, "say", text="hello")
        assert sent.response is not None
        assert sent.response.labels == ["Again"]
        pressed = await here.ben.press(sent.response, "Again")
        assert pressed.response is sent.response
        assert (sent.response.text, sent.response.buttons) == ("again 7", [])
        with pytest.raises(AssertionError, match="nothing to press"):
            await here.ben.press(sent.response, "Again")


async def test_form_with_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form takes a file and the text it was opened with, and what it answers privately is seen by one person only."""
    async with harbour(monkeypatch) as here:
        opened = await here.anna.command(here.channel, "details")
        assert opened.modal is not None
        assert list(opened.modal.fields) == ["Words", "Picture"]
        with pytest.raises(NotOffered, match="Picture"):
            await here.anna.submit(opened.modal, {"Words": "left"})
        sent = await here.anna.submit(opened.modal, {"Picture": Upload("b.png", here.picture)})
        assert sent.response is not None
        assert sent.response.text == f"push in: {len(here.picture)} bytes"
        assert sent.response.is_ephemeral
        assert here.anna.sees(here.channel) == [sent.response]
        assert here.ben.sees(here.channel) == here.channel.messages == []
        with pytest.raises(NotOffered, match="does not see"):
            await here.ben.press(sent.response, "anything")


async def test_message_menu_and_autocomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    """The menu of a message hands over its files; typing into an option brings suggestions."""
    async with harbour(monkeypatch) as here:
        message = here.channel.message(here.ben, "look", Upload("a.png", here.picture), Upload("b.png", here.picture))
        sent = await here.anna.message_command(here.channel, "Look", message)
        assert sent.response is not None
        assert sent.response.text == "2 files"
        choices = await here.anna.autocomplete(here.channel, "say", "text", "har")
        assert [choice.value for choice in choices] == ["harbour"]


@pytest.mark.parametrize(
    ("command", "options", "why"),
    [
        ("nothing", {}, "no command"),
        ("say", {}, "must be filled in"),
        ("say", {"text": 3}, "cannot be"),
        ("say", {"text": "hi", "loud": True}, "no option"),
    ],
)
async def test_what_the_app_would_not_send(
    monkeypatch: pytest.MonkeyPatch, command: str, options: dict[str, Any], why: str
) -> None:
    """What a person's app would not let them do is the story's mistake and never reaches the bot."""
    async with harbour(monkeypatch) as here:
        with pytest.raises(NotOffered, match=why):
            await here.anna.command(here.channel, command, **options)
        assert here.bot.heard == []


async def test_own_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has added the bot to their account uses it in a guild and in a group that do not have it."""
    async with harbour(monkeypatch) as here:
        carla = here.discord.user("carla", has_installed=True)
        elsewhere = here.discord.guild("Elsewhere", bot_installed=False)
        square = elsewhere.channel("square")
        elsewhere.join(carla)
        for place in (square, here.discord.group_dm(carla, here.ben)):
            sent = await carla.command(place, "say", text="hi")
            assert sent.response is not None
            assert not here.bot.interactions[-1].is_guild_integration()
            assert here.bot.interactions[-1].is_user_integration()
            with pytest.raises(discord.Forbidden):
                await here.bot.http.send_message(place.id, params=discord.http.handle_message_parameters("hi"))
        with pytest.raises(NotOffered, match="has the bot"):
            await here.ben.command(here.discord.group_dm(carla, here.ben), "say", text="hi")
        dm = await carla.command(here.discord.dm(carla), "say", text="hi")
        assert dm.response in here.discord.dm(carla).messages


async def test_two_hundred_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred people who ask in the same moment are all answered in time."""
    async with harbour(monkeypatch) as here:
        people = [here.discord.user(f"person {number}") for number in range(200)]
        for person in people:
            here.guild.join(person)
        sent = await asyncio.gather(
            *(one.command(here.channel, "echo", image=Upload("a.png", here.picture)) for one in people)
        )
        await asyncio.gather(*(one.until(lambda message: message.videos) for one in sent))
        assert not any(one.failed for one in sent)
        assert len(here.channel.messages) == 200


async def test_answers_are_what_discord_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this server answers is what Discord's own document says that Discord answers."""
    async with harbour(monkeypatch) as here:
        if not here.discord.validates:
            pytest.skip("no OpenAPI document at ../shared/specs/discord-openapi.json")
        echoed = await here.anna.command(here.channel, "echo", image=Upload("a.png", here.picture))
        card = await echoed.until(lambda one: one.videos)
        said = await here.anna.command(here.channel, "say", text="hi")
        assert said.response is not None
        await here.anna.press(said.response, "Again")
        opened = await here.anna.command(here.channel, "details")
        await here.anna.submit(opened.modal, {"Picture": Upload("b.png", here.picture)})
        await here.anna.autocomplete(here.channel, "say", "text", "har")
        await here.place.fetch_message(card.id)
        assert [one.id async for one in here.place.history(limit=1)] == [said.response.id]
        reply = await here.place.send("reply", reference=here.place.get_partial_message(card.id), file=_file())
        await reply.edit(content="changed")
        await here.bot.interactions[0].original_response()
        await here.bot.interactions[0].followup.send("more")
        await (await here.bot.fetch_user(here.anna.id)).send("in private")
        await here.bot.fetch_channel(here.channel.id)
        await here.bot.tree.fetch_commands()
        await here.bot.http.get_bot_gateway()
        everything = discord.http.MultipartParameters(
            payload={"flags": 1 << 15, "components": _EVERY_KIND}, multipart=None, files=None
        )
        await here.bot.http.send_message(here.channel.id, params=everything)
        judged = set()
        for call in here.discord.calls:
            assert call.status is not None
            validator = answer_validator(call.method.lower(), call.template, call.status)
            if validator is not None:
                judged.add(call.template)
                problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(call.answer)]
                assert not problems, f"{call.method} {call.template}: {problems[0][:400]}"
        assert len(judged) >= 11


async def test_links_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    """An uploaded file can be fetched for a day and no longer, and never with a forged address."""
    async with harbour(monkeypatch) as here, ClientSession() as session:
        message = here.channel.message(here.anna, "", Upload("a.png", here.picture))
        url = here.discord.world.cdn.url(message.attachments[0])
        for address, moved_s, status in (
            (url, 0, 200),
            (url.replace("hm=", "hm=0"), 0, 404),
            (url, 24 * 3600 + 1, 404),
        ):
            here.watch.now_s += moved_s
            async with session.get(address) as answer:
                assert answer.status == status
        assert [call.status for call in here.discord.downloads] == [200, 404, 404]


async def test_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server runs as well in a thread and loop of its own, for a bot that is not in its loop."""
    with DiscordInThread() as far:
        far.discord.point_library_at(monkeypatch)
        bot = SampleBot()
        life = asyncio.create_task(bot.start(far.discord.token))
        await far.run_from(far.discord.until_ready())

        def enter(server: LoopbackDiscord) -> tuple[Person, Channel]:
            guild, anna = server.guild("Harbour"), server.user("anna")
            guild.join(anna)
            return anna, guild.channel("sea")

        anna, channel = far.do(enter)
        sent = await far.run_from(anna.command(channel, "say", text="hi"))
        assert sent.response is not None
        assert sent.response.text == "hi"
        await bot.close()
        await asyncio.gather(life, return_exceptions=True)


async def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command works in a thread as in its channel, and what the channel denies is denied in the thread."""
    async with harbour(monkeypatch) as here:
        thread = here.channel.thread("talk")
        sent = await here.anna.command(thread, "say", text="hi")
        assert sent.response is not None
        place = here.bot.interactions[0].channel
        assert isinstance(place, discord.Thread)
        assert place.parent == here.place
        await place.send("more")
        assert [one.text for one in thread.messages] == ["hi", "more"]
        here.channel.deny("SEND_MESSAGES_IN_THREADS")
        with pytest.raises(discord.Forbidden):
            await place.send("more")


async def test_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages of a channel are listed newest first, in pages before, after or around one of them."""
    async with harbour(monkeypatch) as here:
        ids = [here.channel.message(here.anna, str(number)).id for number in range(9)]
        middle = discord.Object(ids[4])
        assert [one.id async for one in here.place.history(limit=3)] == ids[:5:-1]
        assert [one.id async for one in here.place.history(limit=3, before=middle)] == ids[3:0:-1]
        assert [one.id async for one in here.place.history(limit=3, after=middle)] == ids[5:8]
        assert sorted([one.id async for one in here.place.history(limit=3, around=middle)]) == ids[3:6]


async def test_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shard hears of its own guilds only."""

    class Sharded(discord.AutoShardedClient):
        async def before_identify_hook(self, _shard_id: int | None, *, initial: bool = False) -> None:
            del initial  # the library would wait five seconds between shards

    watch = Watch()
    async with LoopbackDiscord.open(watch, shards=2) as server:
        server.point_library_at(monkeypatch)
        one = server.guild("one")
        watch.now_s += 0.0015  # the next id belongs to the next shard
        two = server.guild("two")
        bot = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0)
        life = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: len(server.gateway.identifies) == 2)
        await bot.wait_until_ready()
        assert [identify["shard"] for identify in server.gateway.identifies] == [[0, 2], [1, 2]]
        assert {guild.id: guild.shard_id for guild in bot.guilds} == {
            guild.id: (guild.id >> 22) % 2 for guild in (one, two)
        }
        assert len({guild.shard_id for guild in bot.guilds}) == 2
        assert [server.gateway.send("GUILD_UPDATE", {"id": "1"}, guild) for guild in (one, two)] == [1, 1]
        await bot.close()
        await asyncio.gather(life, return_exceptions=True)
        assert server.protocol_errors == []


def _file() -> discord.File:
    return discord.File(io.BytesIO(png()), "c.png")
