"""Admin commands in a group: everybody reads what is answered there, so that nothing of elsewhere is."""

from typing import Any

import pytest

from bot.domain.job import JobState, Requester
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot, quick, with_admins
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram, Message

SECRET = "hold my secret"


@pytest.fixture
def rules(scene: Harbour) -> Any:
    """Rules by which Ben is an admin of the bot."""
    return with_admins(PLACE_RULES, scene.ben.id)


async def in_group(scene: Harbour, text: str, **about: Any) -> Message:
    """Return the answer to what Ben writes in the group."""
    return await scene.answer_to(scene.ben.sends(scene.group, text, **about))


async def secret_job(bot: Bot, scene: Harbour) -> str:
    """Have Anna ask for something in private, behind something in the group; return its id."""
    scene.ask(chat=scene.group, caption=f"/animate@{scene.telegram.me.username} hold in public")
    await bot.until_accepted(1)
    await scene.answer_to(scene.ask(caption=SECRET))
    return next(job.id for job in await bot.jobs() if job.prompt == SECRET)


async def test_a_group_reads_of_itself_only(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """To an admin of the bot a group's commands tell of that group in the group, and of everything in private."""
    async with open_bot(rules=rules, works=False) as bot:
        job_id = await secret_job(bot, scene)
        scene.ask(chat=scene.group, caption=f"/animate@{scene.telegram.me.username} hold too")
        await bot.until_accepted(3)
        queue = (await in_group(scene, "/queue")).text
        assert "hold too" in queue
        assert "secret" not in queue
        assert "no such job" in (await in_group(scene, f"/job {job_id}")).text
        assert "no such job" in (await in_group(scene, f"/cancel {job_id}")).text
        assert (await bot.job(job_id)).state is JobState.QUEUED
        assert "Only an admin" in (await in_group(scene, "/place telegram:-5")).text
        assert "secret" in (await scene.answer_to(scene.ben.sends(scene.bens, "/queue"))).text
        assert not [one for one in scene.group.of_bot if "secret" in one.text]


@pytest.mark.parametrize("command", ["reports", "audit", "stats", "retry {job}", "hide {job}", "ban 5 a secret reason"])
async def test_what_is_about_the_whole_bot_is_answered_in_private(
    open_bot: OpenBot, scene: Harbour, rules: Any, command: str
) -> None:
    """A command about the whole bot is answered, or asked again, in the admin's own chat; the group reads just that."""
    async with open_bot(rules=rules) as bot:
        await scene.video(caption="a secret")
        job = await bot.until((await bot.only_job()).id)
        await bot.services.reports.report(Requester("web", "carl"), job.id, "a secret reason")
        said = await in_group(scene, f"/{command.format(job=job.id)}")
        assert said.text == "That is answered in our own chat."
        assert len(scene.bens.of_bot) == 1
        assert not [one for one in scene.group.of_bot if "secret" in one.text]


async def test_a_question_is_answered_where_it_was_asked(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """A dangerous command that was given in a group is done with a press in the admin's own chat."""
    async with open_bot(rules=rules) as bot:
        await in_group(scene, "/drain")
        (question,) = scene.bens.of_bot
        assert question.labels == ["Yes, drain", "No"]
        await scene.ben.presses(question, "Yes, drain")
        await telegram.until(lambda: question.labels == [])
        assert bot.services.queue.view().draining


async def test_an_admin_without_a_chat_is_shown_the_way(telegram: LoopbackTelegram, open_bot: OpenBot) -> None:
    """Where the admin has no chat with the bot, the group reads whether it was done, and a link to that chat."""
    carl = telegram.user("carl")
    telegram.private(carl, is_open=False)
    group = telegram.group("Harbour", privacy=False)
    group.join(carl)
    async with open_bot(rules=with_admins(PLACE_RULES, carl.id)) as bot:
        carl.sends(group, "/pause")
        await telegram.until(lambda: group.of_bot)
        assert group.of_bot[0].text.startswith("That was done.")
        assert bot.services.queue.view().paused
        carl.sends(group, "/drain")
        await telegram.until(lambda: len(group.of_bot) == 2)
        assert group.of_bot[1].text.startswith("That is asked in our own chat")
        (link,) = [entity.data["url"] for entity in group.of_bot[1].entities if entity.type == "text_link"]
        assert link.startswith(f"https://t.me/{telegram.me.username}")


async def test_the_admins_chat_reads_everything(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """In the chat that the operator has named for admins, everything is answered as in private."""
    async with open_bot(rules=rules, options=quick(telegram, admin_chat=scene.group.id), works=False) as bot:
        job_id = await secret_job(bot, scene)
        assert "secret" in (await in_group(scene, "/queue")).text
        assert "secret" in (await in_group(scene, f"/job {job_id}")).text
        await in_group(scene, "/stats")
        assert scene.bens.of_bot == []
