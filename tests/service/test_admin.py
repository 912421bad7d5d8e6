"""The admin commands: who may, what they need, what they do, and that every call leaves a line."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.credits import Limit
from bot.domain.job import JobState
from bot.domain.refusals import RefusalCode
from bot.service.admin_command import AdminCommand
from bot.service.board import QUEUE
from bot.service.delivery import GoneForGood
from bot.service.quotas import QuotaLimits
from tests.loopback.expect import expect_refusal
from tests.loopback.house import ADMIN, GENEROUS, PATIENCE_S, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def audit(house: House) -> list[Mapping[str, object]]:
    """Return what was written down, the newest first."""
    return list((await house.services.admin.overview(ADMIN)).audit)


@pytest.fixture
async def quiet(house_at: HouseAt) -> "object":
    """A bot in which nothing is rendered, so that what waits stays."""
    async with house_at(works=False) as house:
        yield house


async def test_only_an_admin_may(quiet: House) -> None:
    """Whoever is no admin is refused, whatever the command and its arguments, and the attempt is written down."""
    view = await quiet.ask("bob")
    for command in quiet.services.admin.commands:
        quiet.clock.move(60)  # within a minute only some are written down
        with expect_refusal(RefusalCode.NOT_ALLOWED) as refusal:
            await quiet.services.admin.run(
                quiet.person("bob"), command.name, {"job": view.job.id, "person": "scripted:ann"}
            )
        assert refusal.text == "Only an admin may do that."
        line = (await audit(quiet))[0]
        assert (line["who"], line["command"], line["outcome"]) == ("scripted:bob", command.name, "refused: not_allowed")
    after = await quiet.job(view.job.id)
    assert after is not None
    assert after.state is JobState.QUEUED


async def test_the_overview_is_for_admins(quiet: House) -> None:
    """The operator's board is refused to everybody else."""
    with expect_refusal(RefusalCode.NOT_ALLOWED):
        await quiet.services.admin.overview(quiet.person("bob"))


async def test_every_command_answers_with_a_sentence_and_data(quiet: House) -> None:
    """Each command, called as its arguments say, gives one sentence and data for JSON, and leaves a line with both."""
    waiting, ended = await quiet.ask("bob"), await quiet.ask("bob")
    cancelled = await quiet.ask("bob")
    await quiet.services.jobs.cancel(quiet.person("bob"), ended.job.id)
    await quiet.services.reports.report(quiet.person("eve"), ended.job.id, "ugly")
    arguments: dict[str, dict[str, str]] = {
        "job": {"job": waiting.job.id},
        "cancel": {"job": cancelled.job.id},
        "promote": {"job": waiting.job.id},
        "retry": {"job": ended.job.id},
        "grant": {"person": "scripted:bob", "credits": "2.5"},
        "set-limit": {"person": "scripted:bob", "cap": "5", "per-day": "1"},
        "ban": {"person": "scripted:eve", "reason": "spam", "days": "1.5"},
        "unban": {"person": "scripted:eve"},
        "resolve-report": {"report": "1"},
        "hide": {"job": ended.job.id},
        "place": {"place": "scripted:here"},
        "place-rooms": {"action": "add", "room": "7", "place": "scripted:here"},
        "place-tier": {"role": "8", "cap": "2", "per-day": "1", "place": "scripted:here"},
        "place-pool": {"cap": "20", "per-day": "5", "place": "scripted:here"},
        "place-age-restricted": {"state": "on", "place": "scripted:here"},
    }
    for name in ("resume", *(command.name for command in quiet.services.admin.commands)):
        answer = await quiet.services.admin.run(ADMIN, name, arguments.get(name, {}))
        assert answer.message.endswith(".")
        json.dumps(answer.data)
        line = (await audit(quiet))[0]
        assert (line["who"], line["command"], line["arguments"]) == (ADMIN.id, name, arguments.get(name, {}))
        assert line["outcome"] == answer.message
        if name in ("pause", "drain"):
            await quiet.admin("resume")
    assert await quiet.broken_promises() == []


async def test_wrong_arguments_are_named(quiet: House) -> None:
    """A missing, an unknown and a wrong argument are each refused in a sentence that names it."""
    for command in quiet.services.admin.commands:
        await _names_wrong_arguments(quiet, command)


async def _names_wrong_arguments(quiet: House, command: AdminCommand) -> None:
    good = {"job": "x", "person": "scripted:bob", "text": "words", "number": "1", "room": "7", "role": "8"}
    good["place"] = "scripted:here"
    full = {argument.name: (*argument.choices, good.get(argument.kind))[0] or "" for argument in command.arguments}
    with expect_refusal(RefusalCode.UNKNOWN_ARGUMENT) as refusal:
        await quiet.services.admin.run(ADMIN, command.name, {**full, "persn": "x"})
    assert "has no argument persn" in refusal.text
    for argument in command.arguments:
        if argument.required:
            for empty in ({}, {argument.name: "  "}):
                given = {name: value for name, value in full.items() if name != argument.name} | empty
                with expect_refusal(RefusalCode.MISSING_ARGUMENT) as refusal:
                    await quiet.services.admin.run(ADMIN, command.name, given)
                assert refusal.text == f"{command.name} needs {argument.name}."
        bad = {
            "number": ["many", "nan", "inf", "1e10", ""],
            "person": ["bob", ":bob", "scripted:", "a b:c", "x:" + "y" * 90],
            "place": ["here", ":here", "scripted:", "a b:c", "x:" + "y" * 90],
            "room": ["a b", "a,b", "x" * 90],
            "role": ["a b", "a,b", "x" * 90],
            "choice": ["neither"],
        }
        for value in filter(None, bad.get(argument.kind, [])):
            with expect_refusal(RefusalCode.BAD_ARGUMENT) as refusal:
                await quiet.services.admin.run(ADMIN, command.name, {**full, argument.name: value})
            assert refusal.text.startswith(f"{argument.name} must be ")


async def test_an_unknown_command_names_the_nearest(quiet: House) -> None:
    """Whoever mistypes a command reads which one was probably meant; an empty name is no exception."""
    with expect_refusal(RefusalCode.UNKNOWN_COMMAND) as refusal:
        await quiet.admin("puase")
    assert refusal.text == "There is no command puase. Did you mean pause?"
    with expect_refusal(RefusalCode.UNKNOWN_COMMAND):
        await quiet.admin("")
    assert (await audit(quiet))[1]["outcome"] == "refused: unknown_command"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("ban", {"reason": "x", "days": "0"}),
        ("ban", {"reason": "x", "days": "-3"}),
        ("set-limit", {"cap": "-1"}),
        ("set-limit", {"per-day": "-0.5"}),
    ],
)
async def test_a_number_beyond_its_bounds_is_refused_and_not_bent(
    quiet: House, command: str, arguments: dict[str, str]
) -> None:
    """A ban of minus three days is no ban for good, and a cap below nothing is no cap of nothing."""
    with expect_refusal(RefusalCode.BAD_ARGUMENT):
        await quiet.services.admin.run(ADMIN, command, {"person": "scripted:bob", **arguments})
    await quiet.ask("bob")


async def test_a_flood_of_words_is_not_kept_whole(quiet: House) -> None:
    """Anybody may try a command; what is written down of it is cut."""
    with expect_refusal(RefusalCode.NOT_ALLOWED):
        await quiet.services.admin.run(quiet.person("bob"), "x" * 9_000, {"y" * 9_000: "z" * 9_000})
    line = (await audit(quiet))[0]
    assert len(json.dumps(line)) < 1_000


async def test_an_admin_cannot_be_banned(quiet: House) -> None:
    """Nobody locks the admins out."""
    with expect_refusal(RefusalCode.BAD_ARGUMENT):
        await quiet.admin("ban", person=ADMIN.id, reason="a coup")


async def test_who_is_not_banned_cannot_be_unbanned(quiet: House) -> None:
    """Somebody unknown and somebody who is not banned are two different answers."""
    with expect_refusal(RefusalCode.UNKNOWN_PERSON):
        await quiet.admin("unban", person="scripted:nobody")
    await quiet.ask("bob")
    with expect_refusal(RefusalCode.BAD_ARGUMENT) as refusal:
        await quiet.admin("unban", person="scripted:bob")
    assert refusal.text == "person must be banned; scripted:bob is not."


async def test_credits_can_be_granted_and_taken(house_at: HouseAt) -> None:
    """A grant may go beyond the cap; taking more than there is takes what there is."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(3_000, 0))), works=False) as house:
        assert (await house.admin("grant", person="scripted:bob", credits="4"))["message"] == (
            "scripted:bob has 7 credits now."
        )
        for _ in range(7):
            await house.ask("bob")
        assert (await house.admin("grant", person="scripted:ann", credits="-100"))["data"] == {"left_mcr": 0}
        with expect_refusal(RefusalCode.NO_CREDITS):
            await house.ask("ann")
        assert await house.broken_promises() == []


async def test_a_limit_of_ones_own_and_the_usual_one_again(house_at: HouseAt) -> None:
    """An admin may give somebody another cap and pace; without numbers the usual ones hold again."""
    async with house_at(rules=replace(GENEROUS, quota=QuotaLimits(Limit(3_000, 1_000))), works=False) as house:
        await house.admin("set-limit", person="scripted:bob", cap="1")
        assert (await house.services.quotas.view("scripted:bob")).cap_mcr == 1_000
        await house.ask("bob")
        with expect_refusal(RefusalCode.NO_CREDITS):
            await house.ask("bob")
        answer = await house.admin("set-limit", person="scripted:bob")
        assert answer["message"] == "scripted:bob can have 3 credits at once, and 1 come back a day."
        assert await house.broken_promises() == []


async def test_only_a_waiting_job_is_promoted_and_only_an_ended_one_retried(quiet: House) -> None:
    """A job that is over cannot be moved up, one that is not cannot be asked for again; both are told in words."""
    view = await quiet.ask("bob")
    with expect_refusal(RefusalCode.BAD_ARGUMENT) as refusal:
        await quiet.admin("retry", job=view.job.id)
    assert refusal.text == "job must be over; queued is not."
    await quiet.admin("cancel", job=view.job.id)
    with expect_refusal(RefusalCode.BAD_ARGUMENT) as refusal:
        await quiet.admin("promote", job=view.job.id)
    assert refusal.text == "job must be waiting; cancelled is not."
    for command in ("job", "cancel", "promote", "retry"):
        with expect_refusal(RefusalCode.UNKNOWN_JOB):
            await quiet.admin(command, job="no such job")


async def test_a_retry_is_the_same_again_for_the_same_person(quiet: House) -> None:
    """It has the old one's seed, options and requester, costs that person's credits and answers where they asked."""
    old = await quiet.ask("bob", "draw a hill", camera="pan-left")
    await quiet.admin("cancel", job=old.job.id)
    answer = await quiet.admin("retry", job=old.job.id)
    [new, _] = await quiet.services.jobs.latest(quiet.person("bob"), 5)
    assert answer["message"] == f"Job {old.job.id} is asked for again as {new.job.id}."
    assert (new.job.seed, new.job.origin, new.job.prompt) == (old.job.seed, old.job.origin, "draw a hill")
    assert new.job.options["camera"] == "pan-left"


async def test_the_overview_shows_the_whole_bot(house: House) -> None:
    """Queue, running, waiting, ended, people, numbers, reports, notices and audit, in one look."""
    done = await house.until((await house.ask("bob")).job.id)
    running = await house.ask("bob", "hold")
    waiting = await house.ask("ann")
    await house.until((await house.ask("eve", "draw")).job.id, JobState.QUEUED)
    await house.renderer.began(2)
    await house.services.reports.report(house.person("ann"), done.id, "ugly")
    await house.admin("ban", person="scripted:eve", reason="spam")
    board = await house.services.admin.overview(ADMIN)
    assert [view.job.id for view in board.running] == [running.job.id]
    assert board.waiting[0].job.id == waiting.job.id
    assert [view.ahead for view in board.waiting] == [0, 1]
    assert [view.job.id for view in board.ended] == [done.id]
    people = {person.requester.user: person for person in board.people}
    assert (people["bob"].running, people["bob"].jobs, people["ann"].waiting) == (1, 2, 1)
    assert (people["eve"].is_banned, people["eve"].ban_reason) == (True, "spam")
    assert (board.stats["jobs_today"], board.stats["delivered_today"], board.stats["render_p50_s"]) == (1, 1, 2.0)
    assert board.reports[0]["reason"] == "ugly"
    assert board.notices[0]["message"] == f"The video of job {done.id} was reported: ugly"
    assert board.audit[0]["command"] == "ban"


async def test_numbers_read_as_a_sentence(house: House) -> None:
    """Without a job and with one, the numbers of the day are a sentence."""
    assert (await house.admin("stats"))["message"] == "In the last 24 hours 0 jobs ended: 0 delivered, 0 failed."
    await house.until((await house.ask("bob")).job.id)
    assert (await house.admin("stats"))["message"] == (
        "In the last 24 hours 1 job ended: 1 delivered, 0 failed. Half waited 0 s or less, and took 2 s."
    )


async def test_notices_can_be_followed(house: House) -> None:
    """Whoever passes notices on reads those after the last one that they know, the oldest first."""
    reported = await house.until((await house.ask("bob")).job.id)
    await house.services.reports.report(house.person("ann"), reported.id, "ugly")
    [first] = await house.services.admin.notices_since(0)
    assert first.message == f"The video of job {reported.id} was reported: ugly"
    assert first.at_s == house.clock.now_ms() / 1000
    failed = await house.until((await house.ask("bob", "refuse")).job.id)
    await house.channel.called(2)  # the failure is told: what comes next is the video
    house.channel.next_errors.append(GoneForGood("blocked"))
    lost = await house.until((await house.ask("bob")).job.id)
    later = await house.services.admin.notices_since(first.id)
    assert [notice.message for notice in later] == [
        f"Job {failed.id} failed (out_of_memory).",
        f"The video of job {lost.id} could not be delivered: blocked.",
    ]
    assert await house.services.admin.notices_since(later[-1].id) == []
    assert await house.services.admin.notices_since(0) == [first, *later]


async def test_a_notice_wakes_whoever_watches_the_queue(house: House) -> None:
    """A notice of which no job and no queue tells is a change of the board all the same."""
    done = await house.until((await house.ask("bob")).job.id)
    with house.services.board.subscribe(None) as changes:
        await house.services.reports.report(house.person("ann"), done.id, "ugly")
        async with asyncio.timeout(PATIENCE_S):
            assert await changes.changed() == {QUEUE}


async def test_a_stranger_who_tries_all_the_time_does_not_fill_the_audit(house: House) -> None:
    """However often somebody without any right tries, each try is refused, and the audit names some a minute."""
    for _ in range(30):
        with expect_refusal(RefusalCode.NOT_ALLOWED):
            await house.services.admin.run(house.person("eve"), "pause", {})
    audit = (await house.admin("audit"))["data"]
    assert 1 <= str(audit).count("not_allowed") <= 10
