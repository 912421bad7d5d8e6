"""Privacy: a person may see all that is stored about them, and have it deleted, at any time."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.credits import Limit
from bot.domain.job import JobState, Origin
from bot.domain.refusals import RefusalCode
from bot.service.delivery import TryLater
from bot.service.inbox import NewUpdate
from bot.service.quotas import QuotaLimits
from bot.service.views import IncomingRequest, JobView
from bot.store.database import Connection
from tests.loopback.expect import eventually, expect_refusal
from tests.loopback.house import ADMIN, GENEROUS, House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
FIVE = replace(GENEROUS, quota=QuotaLimits(Limit(5_000, 0)))


def inbox_people(tx: Connection, channel: str) -> list[str]:
    """Return from whom the updates of a channel are, as the rows say it."""
    return sorted(row[0] for row in tx.execute("SELECT person FROM inbox WHERE channel = ?", (channel,)))


async def words_about(house: House, *words: str) -> list[str]:
    """Return where in the whole database one of the words stands."""

    def search(tx: "object") -> list[str]:
        import sqlite3

        assert isinstance(tx, sqlite3.Connection)
        tables = [row[0] for row in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            f"{table}: {tuple(row)}"
            for table in tables
            for row in tx.execute(f"SELECT * FROM {table}")
            if any(word in str(value) for value in tuple(row) for word in words)
        ]

    return await house.database.read(search)


async def test_an_export_holds_everything(house: House) -> None:
    """Jobs with words, options and ends, credits, a ban, what was reported and what commands were tried."""
    done = await house.until((await house.ask("bob", "my secret garden", key="k", camera="pan-left")).job.id)
    failed = await house.until((await house.ask("bob", "refuse")).job.id)
    await house.ask("ann", "anns secret")
    await house.services.reports.report(house.person("bob"), done.id, "too slow for me")
    with expect_refusal(RefusalCode.NOT_ALLOWED):
        await house.services.admin.run(house.person("bob"), "grant", {"person": "scripted:bob", "credits": "9"})
    await house.admin("ban", person="scripted:bob", reason="greed")
    export = await house.services.privacy.export("scripted:bob")
    text = json.dumps(export)
    for fact in ("my secret garden", "pan-left", "Bob", "out_of_memory", "too slow for me", "grant", "greed"):
        assert fact in text
    assert "anns secret" not in text
    jobs = export["jobs"]
    assert isinstance(jobs, list)
    assert [job["id"] for job in jobs] == [failed.id, done.id]
    assert (export["person"], export["name"]) == ("scripted:bob", "Bob")


async def test_notes_and_letters_of_somebody_are_theirs(house: House) -> None:
    """What a channel has noted is exported and forgotten, and so is what they wrote that nobody has seen to."""
    notebook, inbox = house.services.notebook, house.services.inbox
    await notebook.keep("scripted", "1:2", "scripted:bob", "my secret wish")
    await notebook.keep("scripted", "1:3", "scripted:ann", "anns wish")
    group = [
        NewUpdate(1, "group", "a secret letter", "bob"),
        NewUpdate(2, "group", "anns letter", "ann"),
        NewUpdate(3, "group:bob", "seen to", "bob"),
        NewUpdate(4, "group", "nobodys letter"),
    ]
    await inbox.keep("scripted", group)
    await inbox.done("scripted", [3])
    await inbox.keep("elsewhere", [NewUpdate(1, "bob", "another bobs letter", "bob")])
    export = await house.services.privacy.export("scripted:bob")
    assert export["notes"] == [
        {"channel": "scripted", "name": "1:2", "body": "my secret wish", "at": house.clock.now_ms() / 1000}
    ]
    await house.services.privacy.forget(house.person("bob"))
    assert await words_about(house, "secret", "group:bob") == []
    assert await house.database.read(lambda tx: inbox_people(tx, "scripted")) == ["", "", "", "ann"]
    assert await inbox.still_open("scripted", [1, 2, 3, 4, 5]) == {2, 4}
    assert await inbox.keep("scripted", group) == 0
    assert await notebook.read("scripted", "1:3") == "anns wish"
    assert [one.number for one in await inbox.open("scripted")] == [2, 4]
    assert [one.number for one in await inbox.open("elsewhere")] == [1]


async def test_what_is_still_being_looked_at_does_not_become_a_job(house: House) -> None:
    """Whose picture is on its way while they are forgotten has no job afterwards; what others sent goes on."""
    go, begun = asyncio.Event(), 0

    async def fetch() -> bytes:
        nonlocal begun
        begun += 1
        await go.wait()
        return b"a picture"

    async def submit(name: str) -> JobView:
        request = IncomingRequest(fetch, "secret")
        return await house.services.intake.submit(house.person(name), Origin("scripted"), request)

    bobs, anns = asyncio.create_task(submit("bob")), asyncio.create_task(submit("ann"))
    await eventually(lambda: begun == 2)
    await house.services.privacy.forget(house.person("bob"))
    go.set()
    with expect_refusal(RefusalCode.UNKNOWN_JOB):
        await bobs
    await house.until((await anns).job.id)
    assert await house.services.jobs.latest(house.person("bob"), 10) == []
    assert (await submit("bob")).job.prompt == "secret"
    assert await house.broken_promises() == []


async def test_an_export_says_nothing_of_where_a_message_is(house: House) -> None:
    """An address may hold a token of its platform: channel and place are exported, the address is not."""
    origin = Origin("scripted", "scripted:here", "token-of-a-message", is_private=True)
    view = await house.services.intake.submit(house.person("bob"), origin, IncomingRequest(b"a picture"))
    await house.until(view.job.id)
    text = json.dumps(await house.services.privacy.export("scripted:bob"))
    assert "token-of-a-message" not in text
    assert "scripted:here" in text


async def test_an_export_of_somebody_unknown_is_empty(house: House) -> None:
    """Whoever has never asked reads that nothing is known."""
    export = await house.services.privacy.export("scripted:nobody")
    assert (export["name"], export["jobs"], export["ban"], export["reports"]) == ("", [], None, [])


async def test_forgetting_ends_and_deletes_everything_in_every_state(house_at: HouseAt) -> None:
    """Waiting, running, rendered, delivered, failed, cancelled: all jobs go, with files, words and name."""
    async with house_at() as house:
        bob = house.person("bob")
        done = await house.until((await house.ask("bob", "draw secret-done")).job.id)
        await house.until((await house.ask("bob", "refuse secret-failed")).job.id)
        house.channel.next_errors.extend([TryLater(), TryLater()])
        await house.until((await house.ask("bob", "draw secret-rendered")).job.id, JobState.RENDERED)
        await house.ask("bob", "hold secret-running")
        await house.renderer.began(4)
        await house.ask("bob", "draw secret-waiting")
        gone = await house.ask("bob", "draw secret-cancelled")
        await house.services.jobs.cancel(bob, gone.job.id)
        await house.services.reports.report(house.person("ann"), done.id, "secret-report of ann")
        anns = await house.ask("ann", "draw anns")
        await house.services.reports.report(bob, anns.job.id, "secret-report of bob")
        assert await house.services.privacy.forget(bob) == 6
        assert await words_about(house, "secret", "Bob") == []
        assert (await house.until(anns.job.id)).state is JobState.DELIVERED
        files = [
            path.stem
            for folder in (house.files.picture("x"), house.files.video("x"))
            for path in folder.parent.iterdir()
        ]
        assert set(files) == {anns.job.id}
        assert await house.services.jobs.latest(bob, 10) == []
        assert house.services.queue.view().waiting == 0
        assert await house.broken_promises() == []
    async with house_at() as house:
        assert await house.services.privacy.forget(house.person("bob")) == 0


async def test_being_forgotten_does_not_fill_the_credits(house_at: HouseAt) -> None:
    """Used credits stay used, those of waiting jobs come back, and nobody is full again."""
    async with house_at(rules=FIVE) as house:
        for _ in range(2):
            await house.until((await house.ask("bob")).job.id)
        await house.ask("bob", "hold")
        await house.ask("bob")
        await house.services.privacy.forget(house.person("bob"))
        quota = await house.services.quotas.view("scripted:bob")
        assert (quota.left_mcr, quota.held_mcr) == (3_000, 0)
        assert await house.broken_promises() == []


@pytest.mark.parametrize("word", ["half", "draw"])
async def test_being_forgotten_is_no_way_to_render_for_nothing(house_at: HouseAt, word: str) -> None:
    """A render that is half done, or done and on its way, is paid for, as a cancel would have it."""
    async with house_at(rules=FIVE) as house:
        house.channel.next_errors.append(TryLater())
        view = await house.ask("bob", word)
        if word == "draw":
            await house.until(view.job.id, JobState.RENDERED)
        else:
            with house.services.board.subscribe(None) as changes:
                while (render := house.services.board.render(view.job.id)) is None or render.step < 5:
                    await changes.changed()
        await house.services.privacy.forget(house.person("bob"))
        assert (await house.services.quotas.view("scripted:bob")).left_mcr == 4_000
        assert await house.broken_promises() == []


async def test_a_ban_stays(house: House) -> None:
    """Being forgotten does not lift a ban; everything but the ban goes."""
    await house.until((await house.ask("bob")).job.id)
    await house.admin("ban", person="scripted:bob", reason="spam")
    await house.services.privacy.forget(house.person("bob"))
    with expect_refusal(RefusalCode.BANNED) as refusal:
        await house.ask("bob")
    assert "spam" in refusal.text
    assert await words_about(house, "Bob") == []


async def test_somebody_forgotten_may_come_back(house: House) -> None:
    """After being forgotten a person is as new, and their next request is served."""
    await house.until((await house.ask("bob")).job.id)
    await house.services.privacy.forget(house.person("bob"))
    assert (await house.until((await house.ask("bob")).job.id)).state is JobState.DELIVERED
    people = (await house.services.admin.overview(ADMIN)).people
    assert [person.jobs for person in people] == [1]
