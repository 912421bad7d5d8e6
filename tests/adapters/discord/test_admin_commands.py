"""The commands of admins and of those who manage a server: offered to few, checked at every call, asked twice."""

from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.discord.admin_commands import TooManyCommands, admin_group
from bot.adapters.discord.admin_panel import QueuePanels
from bot.domain.job import JobState
from bot.service.admin_command import AdminAnswer, AdminCommand, Call
from bot.service.views import JobView
from tests.adapters.discord.conftest import PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.discord.scenes import Harbour, whisper
from tests.loopback.discord import LoopbackDiscord, Message, NotOffered, Person

NOT_ALLOWED = "Only an admin may do that."


async def admin(scene: Harbour, person: Person, command: str, /, **arguments: Any) -> Message:
    """Return what a person is told who gives an admin command in direct messages with the bot."""
    await scene.world.until_ready()
    return await whisper(await person.command(scene.world.dm(person), f"admin {command}", **arguments))


async def waiting_job(bot: Bot, scene: Harbour, prompt: str) -> JobView:
    """Return a job of Anna's that has been accepted."""
    known = {job.id for job in await bot.jobs()}
    await (await scene.ask(scene.anna, prompt=prompt)).until(lambda m: "Cancel" in m.labels)
    (job,) = [job for job in await bot.jobs() if job.id not in known]
    return await bot.view(job.id)


async def test_every_command_of_the_services_is_offered(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Discord is told every admin command with its help and arguments; the place is left out: it is the server."""
    (group,) = [command for command in world.commands if command["name"] == "admin"]
    offered = {one["name"]: one for one in group["options"]}
    assert set(offered) == {command.name for command in bot.services.admin.commands}
    for command in bot.services.admin.commands:
        options = {option["name"]: option for option in offered[command.name].get("options", [])}
        assert set(options) == {argument.name for argument in command.arguments if argument.kind != "place"}
        for argument in command.arguments:
            if argument.kind != "place":
                assert options[argument.name].get("required", False) is argument.required
    (cap,) = [option for option in offered["set-limit"]["options"] if option["name"] == "cap"]
    assert cap["min_value"] == 0


async def test_the_group_is_hidden_from_members(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """In a server, only who may manage it is shown the admin commands."""
    await world.until_ready()
    with pytest.raises(NotOffered):
        await scene.anna.command(scene.channel, "admin pause")


async def test_somebody_else_is_refused(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever is neither an admin nor manages a server can call a command in direct messages, and is refused."""
    for command in ("pause", "queue", "drain", "stats"):
        assert (await admin(scene, scene.anna, command)).text == NOT_ALLOWED
    assert not bot.services.queue.view().paused


async def test_a_manager_is_not_an_admin(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever manages a server may set its rules, and may not pause the bot."""
    scene.guild.join(scene.ben, permissions="MANAGE_GUILD")
    await world.until_ready()
    refused = await whisper(await scene.ben.command(scene.channel, "admin pause"))
    assert refused.text == NOT_ALLOWED
    allowed = await whisper(await scene.ben.command(scene.channel, "admin place-age-restricted", state="on"))
    assert "only where it is age-restricted" in allowed.text


async def test_an_operator_can_do_it_in_direct_messages(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """An admin can pause and resume the bot from direct messages, and only they read the answer."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        answer = await admin(scene, scene.ben, "pause")
        assert "Paused" in answer.text
        assert bot.services.queue.view().paused
        assert "Running" in (await admin(scene, scene.ben, "resume")).text
        assert not bot.services.queue.view().paused


async def test_a_dangerous_command_is_asked_again(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """A dangerous command does nothing until its question is answered; the question names the person and the words."""
    reason = "wrote `rude` words: ```twice```\u2026 and \U0001f41f"
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        question = await admin(scene, scene.ben, "ban", person=scene.anna, reason=reason, days=2.5)
        assert f"<@{scene.anna.id}>" in question.text
        anna = f"discord:{scene.anna.id}"
        assert (await bot.services.privacy.export(anna))["ban"] is None
        assert question.labels == ["Yes, ban"]
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:  # also after a restart
        await world.until_ready()
        pressed = await scene.ben.press(question, "Yes, ban")
        await pressed.until(lambda m: "may not ask any more" in m.text)
        ban: Any = (await bot.services.privacy.export(anna))["ban"]
        assert ban["reason"] == reason
        assert ban["until_ms"] == bot.clock.now_ms() + round(2.5 * 86_400_000)


async def test_a_question_is_answered_with_todays_rights(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Whoever is no admin any more when they answer the question changes nothing."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)):
        question = await admin(scene, scene.ben, "drain")
    async with open_bot() as bot:
        await world.until_ready()
        pressed = await scene.ben.press(question, "Yes, drain")
        assert (await whisper(pressed)).text == NOT_ALLOWED
        assert not bot.services.queue.view().draining


async def test_what_is_impossible_is_not_asked(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """What is wrong with a dangerous command is said at once, and not after its question."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)):
        answer = await admin(scene, scene.ben, "ban", person=scene.anna, reason=" ")
        assert answer.text == "ban needs reason."
        assert answer.labels == []


async def test_jobs_are_offered_by_what_is_typed(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """For a job an admin is offered those it can be about, by prompt and name; somebody else is offered nothing."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id), works=False) as bot:
        boats, gulls = await waiting_job(bot, scene, "boats sway"), await waiting_job(bot, scene, "gulls cry")
        ada = world.dm(scene.ben)
        found = await scene.ben.autocomplete(ada, "admin cancel", "job", "GULL")
        assert [choice.value for choice in found] == [gulls.job.id]
        assert "gulls cry" in found[0].name
        everything = await scene.ben.autocomplete(ada, "admin promote", "job", "")
        assert {choice.value for choice in everything} == {boats.job.id, gulls.job.id}
        assert await scene.ben.autocomplete(ada, "admin retry", "job", "") == []
        assert await scene.anna.autocomplete(world.dm(scene.anna), "admin cancel", "job", "") == []


async def test_a_manager_is_offered_the_jobs_of_their_server(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Whoever manages a server is offered, and may cancel, the jobs that were asked for there, and no others."""
    scene.guild.join(scene.ben, permissions="MANAGE_GUILD")
    async with open_bot(works=False) as bot:
        here = await waiting_job(bot, scene, "in the server")
        await (await scene.ask(scene.anna, world.dm(scene.anna))).until(lambda m: "Cancel" in m.labels)
        (elsewhere,) = [job for job in await bot.jobs() if job.id != here.job.id]
        found = await scene.ben.autocomplete(scene.channel, "admin cancel", "job", "")
        assert [choice.value for choice in found] == [here.job.id]
        question = await whisper(await scene.ben.command(scene.channel, "admin cancel", job=elsewhere.id))
        assert "There is no such job" in (await whisper(await scene.ben.press(question, "Yes, cancel"))).text
        question = await whisper(await scene.ben.command(scene.channel, "admin cancel", job=here.job.id))
        await (await scene.ben.press(question, "Yes, cancel")).until(lambda m: "is cancelled" in m.text)
        assert (await bot.job(here.job.id)).state is JobState.CANCELLED
        assert (await bot.job(elsewhere.id)).state is JobState.QUEUED


async def test_channels_and_roles_are_picked(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Channels and roles are picked from Discord's own lists, and shown as such in the answer."""
    scene.guild.join(scene.ben, roles=["patron"], permissions="MANAGE_GUILD")
    (role,) = [role for role in scene.guild.roles if role.name == "patron"]
    await world.until_ready()
    answer = await whisper(
        await scene.ben.command(scene.channel, "admin place-rooms", action="add", room=scene.channel)
    )
    assert f"<#{scene.channel.id}>" in answer.text
    answer = await whisper(await scene.ben.command(scene.channel, "admin place-tier", role=role, cap=2.0))
    assert f"<@&{role.id}>: cap 2" in answer.text
    assert "In this server one may ask in 1 channel only." in answer.text
    assert (await bot.services.places.rules(f"discord:{scene.guild.id}")).rooms == {str(scene.channel.id)}


async def test_a_servers_commands_need_the_server(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """What is about a server is answered in direct messages with where it must be said."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)):
        assert "in the server that it is about" in (await admin(scene, scene.ben, "place")).text


async def test_people_are_picked_and_shown_by_name(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """Who gets credits is picked from Discord's own list; in what was done, people stand as Discord shows them."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)):
        granted = await admin(scene, scene.ben, "grant", person=scene.anna, credits=5.0)
        assert "credits now" in granted.text
        audit = await admin(scene, scene.ben, "audit")
        assert f"<@{scene.ben.id}> grant person=discord:{scene.anna.id}" in audit.text
        assert audit.pings == []


async def test_reports_are_closed_by_a_menu(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """Open reports come with a menu that closes one of them."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        await scene.video(scene.anna)
        job = await bot.until((await bot.only_job()).id)
        await bot.services.reports.report(job.requester, job.id, "not **nice** @everyone")
        answer = await admin(scene, scene.ben, "reports")
        assert r"not \*\*nice\*\*" in answer.text
        pressed = await scene.ben.press(answer, "Close a report", values=["1"])
        await pressed.until(lambda m: "Report 1 is closed." in m.text)
        assert "0 open reports" in (await admin(scene, scene.ben, "reports")).text


async def test_a_long_answer_says_how_much_is_left_out(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """An answer that is longer than a message ends with how many lines there are more."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        await scene.video(scene.anna)
        job = await bot.until((await bot.only_job()).id)
        for number in range(30):
            reporter = replace(job.requester, user=str(number))
            await bot.services.reports.report(reporter, job.id, "_" * 300)
        answer = await admin(scene, scene.ben, "reports")
        assert len(answer.text) <= 4_000
        shown = answer.text.count("job `")
        assert 3 < shown < 30
        assert f"and {30 - shown} more" in answer.text


async def test_more_commands_than_discord_takes_are_refused(bot: Bot) -> None:
    """A bot with more admin commands than one group of Discord's can hold does not pretend to offer them all."""

    async def nothing(call: Call) -> AdminAnswer:
        return AdminAnswer("")

    bot.services.admin.commands = tuple(AdminCommand(f"command-{number}", "Nothing.", nothing) for number in range(26))
    desk: Any = bot
    with pytest.raises(TooManyCommands, match="26"):
        admin_group(desk, QueuePanels(desk))
