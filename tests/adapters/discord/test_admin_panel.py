"""The queue as its operators see it: live for a while, with buttons that work for ever and ask before harm."""

from collections.abc import AsyncIterator

import pytest

from bot.adapters.discord.address import Address
from bot.domain.job import JobState, Origin, Requester
from bot.service.views import IncomingRequest, JobView
from tests.adapters.discord.conftest import PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.discord.quick_client import quick_client
from tests.adapters.discord.scenes import Harbour, whisper
from tests.loopback.discord import LoopbackDiscord, Message

NOT_ALLOWED = "Only an admin may do that."


@pytest.fixture
async def bot(open_bot: OpenBot, scene: Harbour) -> AsyncIterator[Bot]:
    """A bot that renders nothing, of which Ben is an admin."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id), works=False) as bot:
        await scene.world.until_ready()
        yield bot


async def asked(bot: Bot, scene: Harbour, prompt: str, *, in_server: bool = True) -> JobView:
    """Accept a job of Anna's."""
    place = f"discord:{scene.guild.id}" if in_server else ""
    origin = Origin("discord", place, str(Address(scene.world.application_id, scene.channel.id, 0)))
    anna = Requester("discord", str(scene.anna.id), "Anna")
    return await bot.services.intake.submit(anna, origin, IncomingRequest(b"a picture", prompt))


async def panel_of(scene: Harbour) -> Message:
    """Return the panel that Ben opens in direct messages with the bot."""
    return await whisper(await scene.ben.command(scene.world.dm(scene.ben), "admin queue"))


async def test_the_panel_shows_who_waits_in_order(bot: Bot, scene: Harbour) -> None:
    """The panel shows the jobs in their order, each with its person, and what can be done."""
    await asked(bot, scene, "boats **sway**")
    await asked(bot, scene, "gulls cry")
    panel = await panel_of(scene)
    assert "2 jobs waiting, 0 running." in panel.text
    assert panel.text.index(r"1. boats \*\*sway\*\*") < panel.text.index("2. gulls cry")
    assert f"<@{scene.anna.id}>" in panel.text
    assert panel.labels == ["Pause", "Drain", "Refresh"]
    assert [select.placeholder for select in panel.selects] == ["Cancel a job", "Promote a job"]


async def test_an_empty_queue_has_nothing_to_pick(bot: Bot, scene: Harbour) -> None:
    """Where nothing waits, no menus are shown."""
    panel = await panel_of(scene)
    assert "0 jobs waiting" in panel.text
    assert panel.selects == []


async def test_pause_and_resume_work_after_a_restart(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """The panel's buttons pause and resume the bot, also a panel that was opened before a restart."""
    rules = with_admins(PLACE_RULES, scene.ben.id)
    async with open_bot(rules=rules):
        await world.until_ready()
        panel = await panel_of(scene)
    async with open_bot(rules=rules) as bot:
        await world.until_ready()
        await (await scene.ben.press(panel, "Pause")).until(lambda m: "Resume" in m.labels)
        assert bot.services.queue.view().paused
        assert "Paused" in panel.text
        await (await scene.ben.press(panel, "Resume")).until(lambda m: "Pause" in m.labels)
        assert not bot.services.queue.view().paused


async def test_drain_and_cancel_ask_first(bot: Bot, scene: Harbour) -> None:
    """What cannot be taken back is asked once more before it is done."""
    job = (await asked(bot, scene, "boats sway")).job
    panel = await panel_of(scene)
    question = await whisper(await scene.ben.press(panel, "Cancel a job", values=[job.id]))
    assert (await bot.job(job.id)).state is JobState.QUEUED
    await (await scene.ben.press(question, "Yes, cancel")).until(lambda m: "is cancelled" in m.text)
    assert (await bot.job(job.id)).state is JobState.CANCELLED
    question = await whisper(await scene.ben.press(panel, "Drain"))
    assert not bot.services.queue.view().draining
    await (await scene.ben.press(question, "Yes, drain")).until(lambda m: "Draining" in m.text)
    assert bot.services.queue.view().draining


async def test_promote_moves_a_job_up(bot: Bot, scene: Harbour) -> None:
    """A job that is picked in the menu for it stands first then."""
    await asked(bot, scene, "boats sway")
    gulls = await asked(bot, scene, "gulls cry")
    pressed = await scene.ben.press(await panel_of(scene), "Promote a job", values=[gulls.job.id])
    await pressed.until(lambda m: "1. gulls cry" in m.text and "2. boats sway" in m.text)


async def test_rights_count_when_a_button_is_pressed(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """Whoever is no admin any more presses in vain, and learns nothing."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)):
        await world.until_ready()
        panel = await panel_of(scene)
    async with open_bot() as bot:
        await world.until_ready()
        await asked(bot, scene, "hold a secret")
        for label in ("Pause", "Drain", "Refresh"):
            assert (await whisper(await scene.ben.press(panel, label))).text == NOT_ALLOWED
        assert "secret" not in panel.text
        assert not bot.services.queue.view().paused


async def test_a_manager_sees_their_server_only(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever manages a server sees what was asked for there for all to see, and cannot pause the bot."""
    manager = world.user("mia")
    scene.guild.join(manager, permissions="MANAGE_GUILD")
    await asked(bot, scene, "boats sway")
    await asked(bot, scene, "gulls cry", in_server=False)
    await (await scene.ask(scene.anna, prompt="a secret", private=True)).until(lambda m: "Cancel" in m.labels)
    panel = await whisper(await manager.command(scene.channel, "admin queue"))
    assert "1 job waiting, 0 running." in panel.text
    assert "boats sway" in panel.text
    assert "gulls" not in panel.text
    assert "secret" not in panel.text + str(panel.selects)
    assert panel.labels == ["Refresh"]
    assert [select.placeholder for select in panel.selects] == ["Cancel a job"]


async def test_the_panel_follows_the_queue(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """While it is live the panel changes with the queue, without a press."""
    async with quick_client(bot, world):
        panel = await panel_of(scene)
        job = (await asked(bot, scene, "boats sway")).job
        await world.until(lambda: "1. boats sway" in panel.text)
        await bot.services.jobs.cancel(job.requester, job.id)
        await world.until(lambda: "0 jobs waiting" in panel.text)


async def test_the_panel_says_when_it_is_not_live_any_more(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Before Discord closes the message the panel says that it stands still; Refresh makes it live again."""
    async with quick_client(bot, world):
        panel = await panel_of(scene)
        assert "Live." in panel.text
        bot.clock.move(14 * 60)
        await world.until(lambda: "does not change by itself any more" in panel.text)
        await asked(bot, scene, "boats sway")
        await (await scene.ben.press(panel, "Refresh")).until(lambda m: "1. boats sway" in m.text and "Live." in m.text)
        await asked(bot, scene, "gulls cry")
        await world.until(lambda: "2. gulls cry" in panel.text)


async def test_a_person_has_one_live_panel(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Of two panels of one person the one that was used last is live."""
    async with quick_client(bot, world):
        first, second = await panel_of(scene), await panel_of(scene)
        await asked(bot, scene, "boats sway")
        await world.until(lambda: "boats sway" in second.text)
        assert "boats sway" not in first.text
