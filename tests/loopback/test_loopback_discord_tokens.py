"""The loopback Discord's interactions: who may answer, when, how often."""

import discord
import pytest

from tests.loopback.discord.harbour import harbour


async def test_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen minutes after a command its token edits nothing more, but the bot's own token does."""
    async with harbour(monkeypatch) as here:
        sent = await here.anna.command(here.channel, "say", text="hi")
        here.watch.now_s += 14 * 60
        await here.bot.interactions[0].edit_original_response(content="in time")
        here.watch.now_s += 61
        with pytest.raises(discord.HTTPException) as caught:
            await here.bot.interactions[0].edit_original_response(content="too late")
        assert (caught.value.status, caught.value.code) == (401, 50027)
        assert sent.response is not None
        assert here.discord.protocol_errors == []
        for _ in range(3):
            with pytest.raises(discord.HTTPException):
                await here.bot.interactions[0].edit_original_response(content="again and again")
        assert "expired" in here.discord.protocol_errors.pop()
        await here.place.get_partial_message(sent.response.id).edit(content="by the bot itself")
        assert sent.response.text == "by the bot itself"


async def test_first_response_in_time_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interaction nobody answers in time fails and cannot be answered any more; an answered one only once."""
    async with harbour(monkeypatch, first_response_s=0.05) as here:
        sent = await here.anna.command(here.channel, "slow")
        assert sent.failed
        assert (sent.acknowledged_after_s, sent.response) == (None, None)
        with pytest.raises(discord.NotFound) as late:
            await here.bot.interactions[0].response.send_message("here I am")
        assert late.value.code == 10062
    async with harbour(monkeypatch) as here:
        sent = await here.anna.command(here.channel, "slow", wait=False)
        await here.discord.until(lambda: here.bot.interactions)
        again = discord.InteractionResponse(here.bot.interactions[0])
        await here.bot.interactions[0].response.send_message("one")
        with pytest.raises(discord.HTTPException) as twice:
            await again.send_message("two")
        assert twice.value.code == 40060
        assert [one.text for one in here.channel.messages] == ["one"]
        assert sent.response is here.channel.messages[0]


async def test_followups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first follow-up after a deferral takes its place; where the bot is not, five more may come."""
    async with harbour(monkeypatch) as here:
        carla = here.discord.user("carla", has_installed=True)
        group = here.discord.group_dm(carla, here.ben)
        sent = await carla.command(group, "slow", wait=False)
        await here.discord.until(lambda: here.bot.interactions)
        interaction = here.bot.interactions[0]
        with pytest.raises(discord.NotFound) as early:
            await interaction.followup.send("too early")
        assert early.value.code == 10015
        await interaction.response.defer(ephemeral=True)
        assert sent.response is not None
        assert sent.response.is_loading
        await interaction.followup.send("the answer")
        assert (sent.response.text, sent.response.is_ephemeral, sent.followups) == ("the answer", True, [])
        for number in range(5):
            await interaction.followup.send(str(number))
        with pytest.raises(discord.HTTPException) as caught:
            await interaction.followup.send("6")
        assert caught.value.code == 40094
        assert [one.text for one in sent.followups] == list("01234")
