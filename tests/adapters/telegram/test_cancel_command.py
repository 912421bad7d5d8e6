"""``/cancel``: by an id, by a reply, or simply the only job there is."""

from typing import Any

import pytest

from bot.domain.job import Job, JobState
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import Chat, Message, Person


async def waiting(bot: Bot, scene: Harbour, prompt: str, chat: Chat | None = None) -> tuple[Job, Message]:
    """Return a job of Anna's that does not end, and its status message."""
    caption = prompt if chat is None else f"/animate@{scene.telegram.me.username} {prompt}"
    status = await scene.answer_to(scene.ask(chat=chat, caption=caption))
    return next(job for job in await bot.jobs() if job.prompt == prompt), status


async def told(scene: Harbour, person: Person, chat: Chat, text: str, **about: Any) -> str:
    return (await scene.answer_to(person.sends(chat, text, **about))).text


async def test_the_only_job_needs_no_name(bot: Bot, scene: Harbour) -> None:
    """Whoever has one job under way ends it with the command alone."""
    job, status = await waiting(bot, scene, "hold")
    assert "Cancelled. 1 credit given back." in await told(scene, scene.anna, scene.private, "/cancel")
    assert (await bot.job(job.id)).state is JobState.CANCELLED
    await scene.telegram.until(lambda: "Cancelled." in status.text)


async def test_of_several_jobs_one_is_chosen(bot: Bot, scene: Harbour) -> None:
    """With several under way the list comes, a reply ends the one that it answers, and an id the one that has it."""
    first, status = await waiting(bot, scene, "hold one")
    second, _ = await waiting(bot, scene, "hold two")
    assert "hold two" in await told(scene, scene.anna, scene.private, "/cancel")
    assert {job.state for job in await bot.jobs()} <= {JobState.QUEUED, JobState.RUNNING}
    await told(scene, scene.anna, scene.private, "/cancel", reply_to=status)
    assert (await bot.job(first.id)).state is JobState.CANCELLED
    await told(scene, scene.anna, scene.private, f"/cancel {second.id}")
    assert (await bot.job(second.id)).state is JobState.CANCELLED


async def test_in_a_group_only_its_jobs_are_meant(bot: Bot, scene: Harbour) -> None:
    """The command alone, in a group, ends nothing that was asked for elsewhere."""
    job, _ = await waiting(bot, scene, "hold")
    assert "no jobs under way in this group" in await told(scene, scene.anna, scene.group, "/cancel")
    assert (await bot.job(job.id)).state is not JobState.CANCELLED


async def test_nothing_under_way_is_said(bot: Bot, scene: Harbour) -> None:
    """Without a job there is nothing to cancel; an id that nobody has is no job."""
    assert "no jobs under way" in await told(scene, scene.anna, scene.private, "/cancel")
    assert "no such job" in await told(scene, scene.anna, scene.private, f"/cancel {'0' * 20}")


async def test_somebody_elses_job_is_not_ended(bot: Bot, scene: Harbour) -> None:
    """Who sees another's job cannot end it; who only knows its id does not even learn that it is there."""
    job, status = await waiting(bot, scene, "hold", scene.group)
    answer = await told(scene, scene.ben, scene.group, "/cancel", reply_to=status)
    assert answer == "Only the person who asked for this video can do that."
    assert "no such job" in await told(scene, scene.ben, scene.bens, f"/cancel {job.id}")
    assert (await bot.job(job.id)).state is not JobState.CANCELLED


@pytest.mark.parametrize("is_bots_admin", [True, False])
async def test_an_admin_ends_it_and_that_is_noted(open_bot: OpenBot, scene: Harbour, is_bots_admin: bool) -> None:
    """An admin of the bot or of the group ends somebody's job; the credits come back, and the audit names the admin."""
    scene.group.join(scene.ben, admin=not is_bots_admin)
    rules = with_admins(PLACE_RULES, *([scene.ben.id] if is_bots_admin else []))
    async with open_bot(rules=rules) as bot:
        job, status = await waiting(bot, scene, "hold", scene.group)
        answer = await told(scene, scene.ben, scene.group, "/cancel", reply_to=status)
        assert "its credits were given back" in answer
        commands: Any = (await bot.services.privacy.export(f"telegram:{scene.ben.id}"))["commands"]
        assert [one["command"] for one in commands] == ["cancel"]
        assert (await bot.job(job.id)).state is JobState.CANCELLED
