"""The loopback Discord fails as the real one does: slowly, half, twice, and in the middle."""

import asyncio
import io
from random import Random

import aiohttp
import discord
import pytest

from tests.loopback.discord import Call, LoopbackDiscord, NeverHappened, Upload
from tests.loopback.discord.harbour import harbour, png


async def test_rate_limits_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that reads the headers sends seven messages through a limit of five without one refusal."""
    async with harbour(monkeypatch) as here:
        here.discord.rates.enforce(5, 0.3)
        await asyncio.gather(*(here.place.send(str(number)) for number in range(7)))
        assert here.discord.rates.refusals == 0
        assert len(here.channel.messages) == 7
        statuses = [call.status for call in here.discord.calls_to("POST", "/messages")]
        assert statuses == [200] * 7


async def test_rate_limits_are_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not read the headers is refused with 429 until the window has passed."""
    async with harbour(monkeypatch) as here, aiohttp.ClientSession() as session:
        here.discord.rates.enforce(5, 0.3)
        url, headers = f"{here.discord.api}/channels/{here.channel.id}/messages", here.bot.http.token
        answers = []
        for _ in range(6):
            async with session.post(url, json={"content": "x"}, headers={"Authorization": f"Bot {headers}"}) as answer:
                answers.append((answer.status, await answer.json()))
        assert [status for status, _ in answers] == [200] * 5 + [429]
        assert 0 < answers[-1][1]["retry_after"] <= 0.3
        await here.place.send("in the next window")  # which the library waits for, because it is told 429
        assert len(here.channel.messages) == 6


@pytest.mark.parametrize("is_global", [False, True])
async def test_one_429(monkeypatch: pytest.MonkeyPatch, is_global: bool) -> None:
    """A single 429 costs the time it names, and then the message is there once."""
    async with harbour(monkeypatch) as here:
        fault = here.discord.faults.next("POST", "/messages", retry_after=0.05, is_global=is_global)
        await here.place.send("hi")
        assert fault.hits == 1
        assert [call.status for call in here.discord.calls_to("POST", "/messages")] == [429, 200]
        assert len(here.channel.messages) == 1


async def test_limit_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """More calls in a second than all routes together may have are refused for all, and answers to commands are not."""
    async with harbour(monkeypatch) as here:
        here.discord.rates.enforce(100, 5, global_per_s=2)
        for _ in range(2):
            await here.bot.http.get_channel(here.channel.id)
        sent = await here.anna.command(here.channel, "say", text="hi")
        assert sent.response is not None
        assert here.discord.rates.refusals == 0
        await here.bot.http.get_channel(here.channel.id)
        assert here.discord.rates.refusals == 1
        refused = next(call for call in here.discord.calls if call.status == 429)
        assert refused.answer["global"]


async def test_lost_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the answer is lost the message is there all the same, and a second try with its nonce finds it."""
    async with harbour(monkeypatch) as here:
        here.discord.faults.next("POST", "/messages", lost_answer=True)
        with pytest.raises(aiohttp.ClientError):
            await here.place.send("hi", nonce=7)
        assert here.discord.calls[-1].lost
        await here.place.send("hi", nonce=7)
        assert len(here.channel.messages) == 1


async def test_cut_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that is cut off leaves nothing behind."""
    async with harbour(monkeypatch) as here:
        here.discord.faults.next("POST", "/messages", reset=True)
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await here.place.send(file=discord.File(io.BytesIO(bytes(4 * 1024 * 1024)), "a.bin"))
        assert here.channel.messages == []
        await here.place.send(file=discord.File(io.BytesIO(png()), "a.png"))
        assert len(here.channel.messages) == 1


@pytest.mark.parametrize(("status", "code"), [(503, 0), (403, 50013)])
async def test_refusal_on_purpose(monkeypatch: pytest.MonkeyPatch, status: int, code: int) -> None:
    """A status asked for is given once, with its code, and nothing is done."""
    async with harbour(monkeypatch) as here:
        here.discord.faults.next("POST", "/messages", status=status, code=code)
        with pytest.raises(discord.HTTPException) as caught:
            await here.place.send("hi")
        assert (caught.value.status, caught.value.code) == (status, code)
        await here.place.send("hi")
        assert len(here.channel.messages) == 1


async def test_a_share_of_all_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rate and a seed the same calls fail each time, and none after the faults are cleared."""
    patterns = []
    for _ in range(2):
        async with harbour(monkeypatch) as here:
            here.discord.faults.next("POST", "/typing", status=403, count=None, rate=0.5, random=Random(7))
            for _ in range(12):
                await asyncio.gather(here.bot.http.send_typing(here.channel.id), return_exceptions=True)
            patterns.append([call.status for call in here.discord.calls_to("POST", "/typing")])
            here.discord.faults.clear()
            await here.bot.http.send_typing(here.channel.id)
    assert patterns[0] == patterns[1]
    assert {403, 204} == set(patterns[0])


async def test_held_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is held has been made and has done nothing, until it is released."""
    async with harbour(monkeypatch) as here:
        held = here.discord.faults.hold("POST", "/messages")
        sending = asyncio.create_task(here.place.send("hi"))
        await here.discord.until(lambda: held.hits)
        assert here.channel.messages == []
        held.release()
        await sending
        assert len(here.channel.messages) == 1
        held = here.discord.faults.hold("POST", "/messages")
        sending = asyncio.create_task(here.place.send("hi"))
        await here.discord.until(lambda: held.hits)
        here.discord.faults.clear()
        await asyncio.wait_for(sending, 5)


async def test_broken_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download can fail as well, and the next one succeeds."""
    async with harbour(monkeypatch) as here:
        message = here.channel.message(here.anna, "", Upload("a.png", here.picture))
        attachment = (await here.place.fetch_message(message.id)).attachments[0]
        here.discord.faults.next("GET", "/cdn/", reset=True, count=2)  # aiohttp itself tries a GET once more
        here.discord.faults.next("GET", "/cdn/", status=500)
        with pytest.raises(aiohttp.ClientError):
            await attachment.read()
        with pytest.raises(discord.HTTPException):
            await attachment.read()
        assert await attachment.read() == here.picture


async def test_hook_sees_each_call_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook hears of each call before it acts and after it has, in this order."""
    async with harbour(monkeypatch) as here:
        heard: list[tuple[str, str, int]] = []

        async def hook(call: Call, stage: str) -> None:
            await asyncio.sleep(0)
            heard.append((call.method, stage, len(here.channel.messages)))

        here.discord.on_call = hook
        await here.place.send("hi")
        assert heard == [("POST", "before", 0), ("POST", "after", 1)]
        here.discord.on_call = None


async def test_what_never_happens_is_told() -> None:
    """A wait in vain ends, and says how things stand."""
    async with LoopbackDiscord.open() as server:
        server.guild("Harbour").channel("sea").message(server.user("anna"), "anybody here?")
        with pytest.raises(NeverHappened, match="anybody here"):
            await server.until(lambda: False, limit_s=0.01)
