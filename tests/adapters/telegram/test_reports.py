"""Reports: made by a reply, read in the admins' chat, and dealt with there by whoever is an admin now."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.domain.job import Job
from bot.store import journal
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot, quick, with_admins
from tests.adapters.telegram.office import noticed
from tests.adapters.telegram.scenes import Harbour, answers
from tests.loopback.telegram import Group, LoopbackTelegram, Message, Person

NOT_ALLOWED = "Only an admin may do that."


@dataclass(frozen=True)
class Reported:
    """A video of Anna's in a group that Ben has reported, and Ada's office, where she deals with it."""

    bot: Bot
    job: Job
    video: Message
    office: Group
    report: Message
    ada: Person


@pytest.fixture
async def reported(telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour) -> AsyncIterator[Reported]:
    ada = telegram.user("ada")
    office = telegram.group("Office")
    for person in (ada, scene.ben):
        office.join(person)
    async with open_bot(rules=with_admins(PLACE_RULES, ada.id)) as bot, noticed(telegram, bot, office):
        caption = f"/animate@{telegram.me.username} rude boats"
        video = await scene.video(scene.anna, scene.group, caption)
        job = await bot.until((await bot.only_job()).id)
        scene.ben.sends(scene.group, "/report not nice at all", reply_to=video)
        await telegram.until(lambda: office.of_bot)
        yield Reported(bot, job, video, office, office.of_bot[0], ada)


async def press(reported: Reported, label: str, person: Person | None = None) -> str:
    """Have Ada, or somebody else, press a button of the report; return what pops up."""
    return (await (person or reported.ada).presses(reported.report, label)).text


async def open_reports(reported: Reported) -> int:
    """Return how many reports nobody has dealt with."""
    found = await reported.bot.database.read(lambda tx: journal.open_reports(tx, 50))
    return len(found)


async def test_a_report_says_what_who_and_why(reported: Reported, scene: Harbour) -> None:
    """The admins read which job it is, who asked for it with which words, and the reason; the video is not there."""
    text = reported.report.text
    assert reported.job.id in text
    assert f"Asked for by anna telegram:{scene.anna.id}" in text
    assert "Prompt: rude boats" in text
    assert "Reason: not nice at all" in text
    assert reported.report.labels == ["Show", "Hide", "Ban", "False alarm"]
    assert [message for message in reported.office.messages if message.video] == []


async def test_who_reports_is_thanked_and_asked_for_a_video(reported: Reported, scene: Harbour) -> None:
    """A report is confirmed where it was made; one that answers no video is told how to make one."""
    thanks = [message.text for message in scene.group.of_bot if "Thank you" in message.text]
    assert len(thanks) == 1
    hint = await scene.answer_to(scene.ben.sends(scene.group, "/report it is rude"))
    assert "reply to the video with /report" in hint.text
    assert await open_reports(reported) == 1


async def test_the_button_below_a_video_reports_at_once(
    telegram: LoopbackTelegram, reported: Reported, scene: Harbour
) -> None:
    """Report below a video needs no words, and reaches the admins without a reason."""
    pressed = await scene.anna.presses(reported.video, "Report")
    assert pressed.is_alert
    await telegram.until(lambda: len(reported.office.of_bot) == 2)
    assert "Reason: none was given" in reported.office.of_bot[1].text


async def test_a_video_is_shown_to_the_admins_who_ask(telegram: LoopbackTelegram, reported: Reported) -> None:
    """Show brings the video into the admins' chat, as an answer to the report, and without buttons."""
    await press(reported, "Show")
    await telegram.until(lambda: answers(reported.report))
    (shown,) = answers(reported.report)
    assert shown.video is not None
    assert (
        shown.video.data
        == (await reported.bot.services.jobs.video(reported.job.requester, reported.job.id)).read_bytes()
    )
    assert shown.labels == []


async def test_hiding_takes_the_video_away(telegram: LoopbackTelegram, reported: Reported) -> None:
    """Hide deletes the message and what the job was about, closes its reports, and says who did it."""
    await press(reported, "Hide")
    await telegram.until(lambda: "Hidden by ada." in reported.report.text)
    assert reported.video.deleted
    job = await reported.bot.job(reported.job.id)
    assert (job.has_video, job.has_picture, job.prompt) == (False, False, "")
    assert await open_reports(reported) == 0
    assert reported.report.labels == ["Ban"]


async def test_a_false_alarm_closes_every_report_of_the_job(
    telegram: LoopbackTelegram, reported: Reported, scene: Harbour
) -> None:
    """False alarm leaves the video where it is, and nobody else need look at what others reported of it."""
    await scene.anna.presses(reported.video, "Report")
    await telegram.until(lambda: len(reported.office.of_bot) == 2)
    await press(reported, "False alarm")
    await telegram.until(lambda: "Found to be a false alarm by ada." in reported.report.text)
    assert await open_reports(reported) == 0
    assert not reported.video.deleted
    assert reported.report.labels == []
    late = await reported.ada.presses(reported.office.of_bot[1], "False alarm")
    assert "is open any more" in late.text


async def test_a_ban_is_asked_again(telegram: LoopbackTelegram, reported: Reported, scene: Harbour) -> None:
    """Ban asks whether that is meant; No changes nothing, and Yes lets the person ask no more."""
    anna = f"telegram:{scene.anna.id}"
    await press(reported, "Ban")
    await telegram.until(lambda: reported.report.labels == ["Yes, ban", "No"])
    await press(reported, "No")
    await telegram.until(lambda: reported.report.labels == ["Show", "Hide", "Ban", "False alarm"])
    assert (await reported.bot.services.privacy.export(anna))["ban"] is None
    await press(reported, "Ban")
    await telegram.until(lambda: reported.report.labels == ["Yes, ban", "No"])
    await press(reported, "Yes, ban")
    await telegram.until(lambda: "Banned by ada." in reported.report.text)
    assert (await reported.bot.services.privacy.export(anna))["ban"] is not None
    assert reported.report.labels == ["Show", "Hide", "False alarm"]


@pytest.mark.parametrize("label", ["Show", "Hide", "Ban", "False alarm"])
async def test_whoever_is_no_admin_deals_with_nothing(reported: Reported, scene: Harbour, label: str) -> None:
    """Being in the admins' chat is not enough: a press counts by who presses."""
    assert await press(reported, label, scene.ben) == NOT_ALLOWED
    assert await open_reports(reported) == 1
    assert not reported.video.deleted
    assert reported.report.labels == ["Show", "Hide", "Ban", "False alarm"]
    assert answers(reported.report) == []


async def test_what_is_gone_is_said(reported: Reported) -> None:
    """Of a job whose person was forgotten meanwhile, nothing can be shown."""
    await reported.bot.services.privacy.forget(reported.job.requester)
    assert "no such job" in await press(reported, "Show")


async def test_what_cannot_be_shown_is_told(telegram: LoopbackTelegram, reported: Reported) -> None:
    """Where Telegram does not take the video, whoever pressed Show reads so; one that is too large is not sent."""
    telegram.faults.next("sendVideo", status=403, description="Forbidden: not enough rights to send videos to the chat")
    await press(reported, "Show")
    await telegram.until(lambda: answers(reported.report))
    assert "did not take the video" in answers(reported.report)[0].text
    path = reported.bot.files.video(reported.job.id)
    os.truncate(path, quick(telegram).max_video_bytes + 1)
    assert "too large" in await press(reported, "Show")
    assert len(telegram.calls_to("sendVideo")) == 1


async def test_what_was_done_is_told_though_the_report_cannot_be_changed(
    telegram: LoopbackTelegram, reported: Reported
) -> None:
    """Where the report cannot be edited after a press, what the press did is told below it."""
    telegram.faults.next("editMessageText", status=502, html=True, chat=reported.office.id)
    await press(reported, "Hide")
    await telegram.until(lambda: answers(reported.report))
    assert "Hidden by ada." in answers(reported.report)[0].text
    assert answers(reported.report)[0].labels == ["Ban"]
    telegram.faults.next("editMessageReplyMarkup", status=502, html=True, chat=reported.office.id)
    await press(reported, "Ban")
    await telegram.until(lambda: len(answers(reported.report)) == 2)
    assert "try again" in answers(reported.report)[1].text
