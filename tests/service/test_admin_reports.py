"""What admins do about a report: look, close it, hide what was reported."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from structlog.testing import capture_logs

from bot.domain.job import Job
from bot.domain.refusals import RefusalCode
from bot.service.roles import Caller
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, House
from tests.loopback.scripted_channel import ScriptedChannel

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def reported(house: House) -> Job:
    """Have a video made, and two people find it wrong."""
    job = await house.until((await house.ask("bob", "draw something ugly")).job.id)
    for name in ("ann", "eve"):
        await house.services.reports.report(house.person(name), job.id, "ugly")
    return job


async def test_hiding_leaves_nothing_to_see_anywhere(house: House) -> None:
    """Files, words and options are deleted, the message is taken back, both reports are closed, and the row stays."""
    job, other = await reported(house), await house.until((await house.ask("bob")).job.id)
    await house.services.reports.report(house.person("ann"), other.id, "ugly too")
    answer = await house.admin("hide", job=job.id)
    assert str(answer["message"]).startswith(f"Job {job.id} is hidden")
    with expect_refusal(RefusalCode.VIDEO_GONE):
        await house.services.jobs.video(house.person("bob"), job.id)
    left = await house.job(job.id)
    assert left is not None
    assert (left.prompt, left.state, left.has_video) == ("", job.state, False)
    assert not house.files.video(job.id).exists()
    assert [one.id for one in house.channel.taken_back] == [job.id]
    open_reports = (await house.admin("reports"))["data"]
    assert isinstance(open_reports, list)
    assert [report["job"] for report in open_reports] == [other.id]
    [line, *_] = (await house.services.admin.overview(ADMIN)).audit
    assert line["command"] == "reports"


async def test_hiding_is_for_admins_and_asks_again(house: House) -> None:
    """Nobody else may, not even whoever manages the place, and a channel asks before it is done; it is in the audit."""
    job = await reported(house)
    [hide] = [command for command in house.services.admin.commands if command.name == "hide"]
    assert (hide.danger, hide.scope) == (True, "bot")
    manager = Caller(house.person("ann"), manages="scripted:here", place="scripted:here")
    with expect_refusal(RefusalCode.NOT_ALLOWED):
        await house.services.admin.run(manager, "hide", {"job": job.id})
    await house.admin("hide", job=job.id)
    audit = (await house.services.admin.overview(ADMIN)).audit
    assert [(line["who"], line["command"]) for line in audit[:2]] == [(ADMIN.id, "hide"), ("scripted:ann", "hide")]


async def test_what_is_not_over_cannot_be_hidden(house: House) -> None:
    """A job that is being made is to be cancelled first, and one that does not exist is not hidden."""
    view = await house.ask("bob", "hold")
    await house.renderer.began(1)
    with expect_refusal(RefusalCode.NOT_OVER):
        await house.admin("hide", job=view.job.id)
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await house.admin("hide", job="no such job")
    assert house.channel.taken_back == []


async def test_a_message_that_cannot_be_removed_hinders_nothing(house: House) -> None:
    """Whatever is wrong with the platform, what can be hidden is, and the log says what could not."""
    job = await reported(house)
    house.channel.next_errors.append(RuntimeError("the platform is away"))
    with capture_logs() as logs:
        await house.admin("hide", job=job.id)
    assert [line["job"] for line in logs if line["event"] == "the message could not be removed"] == [job.id]
    await house.admin("hide", job=job.id)  # once more, when the platform is back
    assert len(house.channel.taken_back) == 2


async def test_of_a_channel_that_is_switched_off_the_message_stays(house_at: HouseAt) -> None:
    """What the bot itself has is deleted all the same."""
    async with house_at(channel=ScriptedChannel()) as house:
        job = await reported(house)
    async with house_at(channel=ScriptedChannel("another")) as house:
        await house.admin("hide", job=job.id)
        assert house.channel.taken_back == []
        left = await house.job(job.id)
        assert left is not None
        assert left.prompt == ""


async def test_a_notice_comes_with_what_it_is_about(house: House) -> None:
    """A channel that offers something to do with a notice need not read its words."""
    job = await reported(house)
    notices = await house.services.admin.notices_since(0)
    assert [(notice.code, dict(notice.details)) for notice in notices] == [
        ("reported", {"job": job.id, "reason": "ugly"})
    ] * 2
