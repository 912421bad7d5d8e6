"""Reports: somebody finds a video wrong, and the admins deal with it."""

from bot.domain.refusals import RefusalCode
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, House


async def test_a_report_is_read_and_closed(house: House) -> None:
    """Each person and job is one report, with the last reason; an admin closes it by its number, once."""
    job = await house.until((await house.ask("bob")).job.id)
    eve = house.person("eve")
    await house.services.reports.report(eve, job.id, "ugly")
    await house.services.reports.report(eve, job.id, "it shows\n my {house}\x00")
    await house.services.reports.report(house.person("ann"), job.id, "x" * 10_000)
    first, second = (await house.services.admin.overview(ADMIN)).reports
    assert (first["by"], first["reason"]) == (eve.id, "it shows my {house}")
    assert len(str(second["reason"])) == 500
    assert (await house.admin("reports"))["message"] == "2 open reports."
    number = str(first["id"])
    assert (await house.admin("resolve-report", report=number))["message"] == f"Report {number} is closed."
    for gone in (number, "999", f"{second['id']}.5"):
        with expect_refusal(RefusalCode.UNKNOWN_REPORT) as refusal:
            await house.admin("resolve-report", report=gone)
        assert refusal.text == f"There is no open report {gone}."
    assert (await house.admin("reports"))["message"] == "1 open report."
    await house.services.reports.report(eve, job.id, "still there")
    assert (await house.admin("reports"))["message"] == "2 open reports."


async def test_a_job_that_is_not_there_cannot_be_reported(house: House) -> None:
    """A report of nothing is refused, and nothing is noted."""
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await house.services.reports.report(house.person("eve"), "no such job", "ugly")
    assert (await house.services.admin.overview(ADMIN)).notices == ()


async def test_admins_are_told_in_whole_sentences(house: House) -> None:
    """A report without a reason is a sentence too."""
    job = await house.until((await house.ask("bob")).job.id)
    await house.services.reports.report(house.person("eve"), job.id, "")
    [notice] = (await house.services.admin.overview(ADMIN)).notices
    assert notice["message"] == f"The video of job {job.id} was reported: no reason was given"


async def test_the_same_report_again_is_told_once(house: House) -> None:
    """Somebody who reports a video again and again changes the reason, and calls the admins once."""
    job = await house.until((await house.ask("bob")).job.id)
    for reason in ("bad", "very bad", "very, very bad"):
        await house.services.reports.report(house.person("eve"), job.id, reason)
    reports = await house.admin("reports")
    board = await house.services.admin.overview(ADMIN)
    assert len([notice for notice in board.notices if "reported" in str(notice["message"])]) == 1
    assert "very, very bad" in str(reports["data"])
