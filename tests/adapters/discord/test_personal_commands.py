"""The commands about oneself: seen by nobody else, the same in servers and direct messages, and after a restart."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.credits import Limit
from bot.domain.job import JobState
from bot.service.quotas import QuotaLimits
from bot.service.retention import KeepRules
from bot.store.milestones import Change
from tests.adapters.discord.conftest import PLACE_RULES, Bot, OpenBot
from tests.adapters.discord.scenes import Harbour, has_video, whisper
from tests.loopback.discord import LoopbackDiscord, Message, Person

PERSONAL = ("jobs", "history", "quota", "help", "privacy", "forget-me")
A_DAY_S = 86_400


async def told(scene: Harbour, person: Person, command: str) -> Message:
    """Return what a person is told who gives a command in the server's channel."""
    await scene.world.until_ready()
    return await whisper(await person.command(scene.channel, command))


@pytest.mark.parametrize("command", PERSONAL)
async def test_personal_answers_are_private(world: LoopbackDiscord, bot: Bot, scene: Harbour, command: str) -> None:
    """What the bot tells somebody about themselves nobody else in the channel sees."""
    answer = await told(scene, scene.anna, command)
    assert answer.text
    assert answer.recipient is scene.anna
    assert scene.channel.messages == []


@pytest.mark.parametrize("command", PERSONAL)
async def test_personal_commands_work_everywhere(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, command: str
) -> None:
    """Personal commands work in direct messages with the bot, and for whoever has installed it for themselves."""
    await world.until_ready()
    ida = world.user("ida", has_installed=True)
    for person, place in ((scene.anna, world.dm(scene.anna)), (ida, world.group_dm(ida, scene.ben))):
        assert (await whisper(await person.command(place, command))).text


async def test_quota_shows_what_is_left_and_when_more_comes(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Whoever asks for their credits reads how many are left, what is set aside, and when the next one comes."""
    rules = replace(PLACE_RULES, quota=QuotaLimits(Limit(5_000, 1_000)))
    async with open_bot(rules=rules) as bot:
        await (await scene.ask(scene.anna, prompt="hold")).until(lambda m: "Cancel" in m.labels)
        answer = await told(scene, scene.anna, "quota")
        assert "4 of 5 credits left, and 1 set aside for jobs under way. Each day brings 1." in answer.text
        assert "balanced: 1 credit" in answer.text
        bot.renderer.release()
        await bot.until((await bot.only_job()).id)
        answer = await told(scene, scene.anna, "quota")
        next_s = bot.clock.now_ms() // 1000 + A_DAY_S
        assert f"One more credit <t:{next_s}:R>." in answer.text


async def test_quota_counts_roles_where_they_are_worn(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """A role that gives more credits in a server is counted there, and not in direct messages."""
    rules = replace(PLACE_RULES, quota=QuotaLimits(Limit(5_000, 0)))
    async with open_bot(rules=rules):
        scene.guild.join(scene.anna, roles=["patron"], permissions="MANAGE_GUILD")
        (role,) = [role for role in scene.guild.roles if role.name == "patron"]
        await world.until_ready()
        limit: dict[str, Any] = {"cap": 3.0, "per-day": 0.0}
        await whisper(await scene.anna.command(scene.channel, "admin place-tier", role=role, **limit))
        assert "3 of 3 credits left" in (await told(scene, scene.anna, "quota")).text
        private = await whisper(await scene.anna.command(world.dm(scene.anna), "quota"))
        assert "5 of 5 credits left" in private.text


async def test_jobs_lists_ones_own_and_each_can_be_cancelled(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever asks for their jobs sees their own under way, and a Cancel beside each ends that one."""
    first = await scene.ask(scene.anna, prompt="hold the first")
    await first.until(lambda m: "Cancel" in m.labels)
    second = await scene.ask(scene.anna, prompt="hold the second")
    await second.until(lambda m: "Cancel" in m.labels)
    await (await scene.ask(scene.ben, prompt="hold of Ben")).until(lambda m: "Cancel" in m.labels)
    answer = await told(scene, scene.anna, "jobs")
    assert answer.text.index("hold the first") < answer.text.index("hold the second")
    assert "Ben" not in answer.text
    assert answer.labels == ["Cancel", "Cancel", "Refresh"]
    pressed = await scene.anna.press(answer, str(answer.buttons[1].custom_id))
    await pressed.until(lambda m: "hold the second" not in m.text and "hold the first" in m.text)
    await second.until(lambda m: "Cancelled." in m.text)
    assert [job.state for job in await bot.jobs()].count(JobState.CANCELLED) == 1


async def test_a_long_list_says_how_many_more_there_are(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Of many jobs the first ten are shown, and how many more there are."""
    async with open_bot(works=False):
        for number in range(12):
            await (await scene.ask(scene.anna, prompt=f"wave {number}")).until(lambda m: "Cancel" in m.labels)
        answer = await told(scene, scene.anna, "jobs")
        assert answer.labels.count("Cancel") == 10
        assert "and 2 more." in answer.text


async def test_the_longest_prompts_fit_into_a_list(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """Ten jobs under way and five results of the longest prompts, all of marks, are shown in one message each."""
    prompt = "*" * 500
    async with open_bot() as bot:
        for _ in range(5):
            await scene.video(scene.anna, prompt=prompt)
        for job in await bot.jobs():
            await bot.until(job.id)
        for _ in range(10):
            await (await scene.ask(scene.anna, prompt=f"hold {prompt}")).until(lambda m: "Cancel" in m.labels)
        assert (await told(scene, scene.anna, "history")).text.count("seed") == 5
        assert (await told(scene, scene.anna, "jobs")).labels.count("Cancel") == 10


async def test_a_job_in_the_list_leads_to_its_message(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Each job in the list comes with a link to its message."""
    sent = await scene.ask(scene.anna, prompt="hold")
    card = await sent.until(lambda m: "Cancel" in m.labels)
    link = f"https://discord.com/channels/{scene.guild.id}/{scene.channel.id}/{card.id}"
    assert link in (await told(scene, scene.anna, "jobs")).text


async def test_a_cancel_that_comes_too_late_is_told(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A Cancel in a list that is out of date is answered with why nothing is left to cancel; Refresh renews it."""
    sent = await scene.ask(scene.anna, prompt="hold")
    await sent.until(lambda m: "Cancel" in m.labels)
    answer = await told(scene, scene.anna, "jobs")
    bot.renderer.release()
    await sent.until(has_video)
    await bot.until((await bot.only_job()).id)
    late = await whisper(await scene.anna.press(answer, "Cancel"))
    assert "nothing left to cancel" in late.text
    renewed = await (await scene.anna.press(answer, "Refresh")).until(lambda m: "no jobs under way" in m.text)
    assert renewed.labels == ["Refresh"]


async def test_history_turns_pages_after_a_restart(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """Results are shown the newest first, five at a time, and the pages turn both ways, also after a restart."""
    async with open_bot() as bot:
        for number in range(6):
            await scene.video(scene.anna, prompt=f"wave {number}")
        for job in await bot.jobs():
            await bot.until(job.id)
        page = await told(scene, scene.anna, "history")
        assert page.text.index("wave 5") < page.text.index("wave 1")
        assert "wave 0" not in page.text
        assert page.labels[-4:] == ["Send again", "Again", "Copy settings", "Older"]
    async with open_bot():
        await world.until_ready()
        older = await (await scene.anna.press(page, "Older")).until(lambda m: "wave 0" in m.text)
        assert "wave 1" not in older.text
        newest = await (await scene.anna.press(older, "Newer")).until(lambda m: "wave 5" in m.text)
        assert "wave 0" not in newest.text


async def test_history_leaves_out_what_was_deleted_or_is_under_way(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """What was deleted, what is under way, and what is somebody else's is in nobody's results."""
    await scene.video(scene.anna, prompt="gone")
    job = await bot.until((await bot.only_job()).id)
    await bot.services.jobs.delete(job.requester, job.id)
    await scene.video(scene.ben, prompt="of Ben")
    await (await scene.ask(scene.anna, prompt="hold")).until(lambda m: "Cancel" in m.labels)
    assert (await told(scene, scene.anna, "history")).text == "There are no results yet."


async def test_a_result_is_sent_again_from_the_history(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Send again, beside a result, gives its owner the video once more."""
    await scene.video(scene.anna)
    await bot.until((await bot.only_job()).id)
    page = await told(scene, scene.anna, "history")
    answer = await whisper(await scene.anna.press(page, "Send again"))
    assert has_video(answer)


async def test_help_says_which_engine_runs_and_what_can_be_set(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """The help names the commands and options, and says honestly that no AI makes the video where none does."""
    answer = await told(scene, scene.anna, "help")
    assert "No AI runs here" in answer.text
    for name in ("/animate", "/jobs", "/history", "/quota", "/privacy", "/forget-me", "seconds", "camera"):
        assert f"`{name}`" in answer.text
    for name in ("jobs", "history", "quota", "privacy", "forget-me", "animate", "animate-form"):
        assert any(command["name"] == name for command in world.commands)


async def test_help_names_the_channels_of_this_server(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where one may ask in some channels only, the help says in which."""
    scene.guild.join(scene.anna, permissions="MANAGE_GUILD")
    await world.until_ready()
    await whisper(await scene.anna.command(scene.channel, "admin place-rooms", action="add", room=scene.channel))
    assert f"<#{scene.channel.id}>" in (await told(scene, scene.ben, "help")).text


async def test_privacy_says_how_long_things_are_kept(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """How long pictures and videos stay is told as the operator has set it."""
    async with open_bot(rules=replace(PLACE_RULES, keep=KeepRules(0, 7, 0))):
        answer = await told(scene, scene.anna, "privacy")
        assert "Pictures are deleted as soon as the job is over." in answer.text
        assert "Videos are deleted 7 days after the job is over" in answer.text


async def test_my_data_comes_as_a_file(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Export gives a person their own jobs as JSON, in a file that only they see, without the platform's tokens."""
    await scene.video(scene.anna, prompt="the boats of Anna")
    await scene.video(scene.ben, prompt="the boats of Ben")
    pressed = await scene.anna.press(await told(scene, scene.anna, "privacy"), "Export my data")
    answer = await pressed.until(lambda m: m.attachments)
    assert answer.is_ephemeral
    assert answer.recipient is scene.anna
    (file,) = answer.attachments
    data = json.loads(file.data)
    assert file.filename == "my-data.json"
    assert [job["prompt"] for job in data["jobs"]] == ["the boats of Anna"]
    assert "token" not in file.data.decode()


async def test_being_forgotten_is_asked_once_more(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """The command deletes nothing by itself: only the button below its question does, and it says how many jobs."""
    await scene.video(scene.anna, prompt="the boats of Anna")
    await scene.video(scene.ben, prompt="the boats of Ben")
    question = await told(scene, scene.anna, "forget-me")
    assert len(await bot.jobs()) == 2
    pressed = await scene.anna.press(question, "Delete everything")
    answer = await pressed.until(lambda m: "1 job of yours is deleted" in m.text)
    assert answer.labels == []
    assert [job.prompt for job in await bot.jobs()] == ["the boats of Ben"]


async def test_whoever_is_forgotten_leaves_no_waiting_message(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """The messages of jobs that being forgotten ends are deleted: nothing would ever end them."""
    sent = await scene.ask(scene.anna, prompt="hold")
    await sent.until(lambda m: "Cancel" in m.labels)
    privacy = await told(scene, scene.anna, "privacy")
    question = await whisper(await scene.anna.press(privacy, "Forget me"))
    await scene.anna.press(question, "Delete everything")
    await world.until(lambda: scene.channel.messages == [])
    assert await bot.jobs() == []


async def test_a_broken_database_is_told_kindly(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where something breaks while an answer is made, the person reads so, and nothing stays "thinking"."""
    await world.until_ready()
    await bot.database.write(Change.ADMIN, lambda tx: tx.execute("ALTER TABLE account RENAME TO lost"))
    answer = await whisper(await scene.anna.command(scene.channel, "quota"))
    assert "Something broke in the bot" in answer.text


async def test_again_in_the_history_is_as_public_as_the_video_was(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """What was made for all to see is made again for all to see, also where only its owner looks at the list."""
    await scene.video(scene.anna)
    await bot.until((await bot.only_job()).id)
    listed = await told(scene, scene.anna, "history")
    sent = await scene.anna.press(listed, "Again")
    message = await sent.until(lambda one: one.videos)
    assert not message.is_ephemeral
    assert message in scene.channel.messages
