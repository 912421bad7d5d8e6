"""What admins are to be told, in the chat that the operator has named."""

from collections.abc import AsyncIterator

import pytest
import structlog

from bot.domain.job import Origin, Requester
from bot.service.views import IncomingRequest
from bot.store import journal
from bot.store.database import Connection
from bot.store.milestones import Change
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
from tests.adapters.telegram.office import noticed
from tests.loopback.telegram import Call, Group, LoopbackTelegram

ANNA = Requester("web", "anna", "Anna")


@pytest.fixture
def room(telegram: LoopbackTelegram) -> Group:
    """The admins' group."""
    return telegram.group("Office")


@pytest.fixture
async def posting(telegram: LoopbackTelegram, bot: Bot, room: Group) -> AsyncIterator[None]:
    """Notices that have seen what there was at the start, and post what comes."""
    await fail(bot, "of-long-ago")
    async with noticed(telegram, bot, room):
        yield


async def fail(bot: Bot, *jobs: str) -> None:
    """Have admins told that jobs failed."""
    now_ms = bot.clock.now_ms()

    def add(tx: Connection) -> None:
        for job in jobs:
            journal.add_notice(tx, "job_failed", {"job": job, "failure": "bug"}, now_ms)

    await bot.database.write(Change.ADMIN, add, lambda _: bot.services.board.queue_changed())


async def report(bot: Bot, reason: str) -> str:
    """Have somebody report a new job of Anna's; return its id."""
    job = (await bot.services.intake.submit(ANNA, Origin("web"), IncomingRequest(b"a", "hold"))).job
    await bot.services.reports.report(Requester("web", "ben"), job.id, reason)
    return job.id


async def until_tried(telegram: LoopbackTelegram, times: int) -> None:
    """Wait until so many messages were sent or tried."""
    await telegram.until(lambda: len(telegram.calls_to("sendMessage")) >= times)


def texts(room: Group) -> str:
    return "\n".join(message.text for message in room.of_bot)


async def test_a_new_notice_is_posted_once(telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group) -> None:
    """What is new since the start is posted, once, as it was written."""
    await fail(bot, "*one*_@everyone")
    await telegram.until(lambda: room.of_bot)
    assert "Job *one*_@everyone failed (bug)." in room.of_bot[0].text
    await fail(bot, "two")
    await telegram.until(lambda: "two" in texts(room))
    assert texts(room).count("*one*") == 1
    assert "of-long-ago" not in texts(room)


async def test_many_notices_are_one_message(telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group) -> None:
    """What comes at once comes in one message, which says how much it leaves out."""
    await fail(bot, *(f"{number}-{'x' * 200}" for number in range(40)))
    await telegram.until(lambda: room.of_bot)
    (message,) = room.of_bot
    shown = message.text.count("failed")
    assert 3 < shown < 40
    assert message.text.endswith(f"and {40 - shown} more")


async def test_a_report_is_a_message_of_its_own(
    telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group
) -> None:
    """Between other notices a report stands by itself, in the order in which all came, with what can be done."""
    held = telegram.faults.hold("sendMessage")
    await fail(bot, "one")
    await telegram.until(lambda: telegram.calls_to("sendMessage"))
    await fail(bot, "two")
    job = await report(bot, "not nice")
    await report(bot, "nor this")
    await fail(bot, "three", "four")
    held.release()
    await telegram.until(lambda: "four" in texts(room))
    assert [sorted(label for label in message.labels) for message in room.of_bot] == [
        [],
        [],
        ["Ban", "False alarm", "Hide", "Show"],
        ["Ban", "False alarm", "Hide", "Show"],
        [],
    ]
    assert job in room.of_bot[2].text
    assert "Reason: not nice" in room.of_bot[2].text


async def test_what_could_not_be_sent_comes_later_and_nothing_twice(
    telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group
) -> None:
    """Where Telegram is away in the middle, only what it has not taken yet is sent again."""
    held = telegram.faults.hold("sendMessage")
    await fail(bot, "one")
    await telegram.until(lambda: telegram.calls_to("sendMessage"))
    await report(bot, "first")
    await report(bot, "second")

    def spoil(call: Call, stage: str) -> None:
        if stage == "before" and "second" in call.text("text"):
            telegram.faults.next("sendMessage", status=502, html=True)
            telegram.on_call = None

    telegram.on_call = spoil
    held.release()
    await telegram.until(lambda: "second" in texts(room))
    assert [texts(room).count(word) for word in ("one", "first", "second")] == [1, 1, 1]
    assert any(call.status == 502 for call in telegram.calls_to("sendMessage"))


async def test_a_closed_chat_gives_one_line_in_the_log(
    telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group
) -> None:
    """Where the bot may not write, the log says so once, and other notices are not piled up for later."""
    room.forbids("send_messages")
    with structlog.testing.capture_logs() as lines:
        for number in range(1, 4):
            await fail(bot, f"number-{number}")
            await until_tried(telegram, number)
        room.allows("send_messages")
        await fail(bot, "heard-again")
        await telegram.until(lambda: room.of_bot)
    assert len([line for line in lines if line["log_level"] == "error"]) == 1
    assert "heard-again" in texts(room)
    assert "number" not in texts(room)


async def test_notices_follow_a_group_that_gets_another_number(
    telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group
) -> None:
    """When the admins' group becomes a supergroup, notices go on there, and the log names the new number."""
    new = room.migrates()
    with structlog.testing.capture_logs() as lines:
        await fail(bot, "one")
        await telegram.until(lambda: new.of_bot)
    assert texts(new).count("one") == 1
    assert [line["chat"] for line in lines if line["log_level"] == "warning"] == [new.id]


async def test_what_comes_before_the_first_login_is_posted(
    telegram: LoopbackTelegram, open_bot: OpenBot, room: Group
) -> None:
    """What admins are to be told while Telegram cannot be reached at a start is posted when it can."""
    telegram.faults.next("getMe", status=503, count=None)
    async with open_bot(options=quick(telegram, admin_chat=room.id), is_online=False) as bot:
        await telegram.until(lambda: telegram.calls_to("getMe"))
        await fail(bot, "one")
        telegram.faults.clear()
        await telegram.until(lambda: "one" in texts(room))


async def test_what_comes_while_the_bot_is_away_is_posted_by_its_next_life(
    telegram: LoopbackTelegram, open_bot: OpenBot, room: Group
) -> None:
    """A report that Telegram did not take before a restart is posted after it, and what was posted is not repeated."""
    options = quick(telegram, admin_chat=room.id)
    async with open_bot(options=options) as bot:
        await fail(bot, "one")
        await telegram.until(lambda: "one" in texts(room))
    async with open_bot(options=options, is_online=False) as bot:
        telegram.faults.next("sendMessage", status=502, html=True, chat=room.id, count=None)
        await report(bot, "very rude")
        await until_tried(telegram, 2)
    telegram.faults.clear()
    async with open_bot(options=options):
        await telegram.until(lambda: "very rude" in texts(room))
    assert texts(room).count("one") == 1
    assert texts(room).count("very rude") == 1


async def test_a_page_that_is_refused_takes_no_other_along(
    telegram: LoopbackTelegram, bot: Bot, posting: None, room: Group
) -> None:
    """Of what came at once only the message that Telegram refuses is left out."""
    held = telegram.faults.hold("sendMessage")
    await fail(bot, "one")
    await telegram.until(lambda: telegram.calls_to("sendMessage"))
    for reason in ("first", "second", "third"):
        await report(bot, reason)

    def spoil(call: Call, stage: str) -> None:
        if stage == "before" and "second" in call.text("text"):
            telegram.faults.next("sendMessage", status=400, description="Bad Request: SOMETHING_NEW")
            telegram.on_call = None

    telegram.on_call = spoil
    held.release()
    await telegram.until(lambda: "third" in texts(room))
    assert [texts(room).count(word) for word in ("first", "second", "third")] == [1, 0, 1]
