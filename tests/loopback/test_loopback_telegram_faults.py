"""What goes wrong on the loopback Telegram by plan, as the real library meets it."""

import asyncio
from random import Random

import pytest
from telegram.error import Forbidden, NetworkError, RetryAfter, TelegramError

from tests.loopback.telegram import LoopbackTelegram, NeverHappened
from tests.loopback.telegram.stage import jpeg, stage


@pytest.fixture
def waits_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the library warns at each 429 that it will do so one day."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


async def test_refusal_on_purpose() -> None:
    """A planned refusal meets the next call of its method and chat, and no other."""
    async with stage() as here:
        fault = here.telegram.faults.next("sendMessage", chat=here.chat.id, status=403, description="Forbidden: no")
        await here.bot.send_message(here.group.id, "elsewhere")
        with pytest.raises(Forbidden, match="Forbidden: no"):
            await here.says()
        await here.says("again")
        assert fault.hits == 1
        assert [message.text for message in here.chat.of_bot] == ["again"]


async def test_page_of_a_proxy() -> None:
    """A proxy in between can answer with a page instead of JSON."""
    async with stage() as here:
        here.telegram.faults.next("sendMessage", html=True)
        with pytest.raises(NetworkError, match="502"):
            await here.says()
        assert here.chat.of_bot == []


async def test_answer_that_is_lost() -> None:
    """When an answer is lost, what was asked for has happened all the same."""
    async with stage() as here:
        here.telegram.faults.next("sendMessage", lost_answer=True)
        with pytest.raises(NetworkError):
            await here.says("once")
        assert [message.text for message in here.chat.of_bot] == ["once"]
        assert [call.lost for call in here.telegram.calls_to("sendMessage")] == [True]


async def test_connection_cut_during_an_upload() -> None:
    """When the connection is cut during an upload, nothing has happened."""
    async with stage() as here:
        here.telegram.faults.next("sendVideo", reset=True)
        with pytest.raises(NetworkError):
            await here.bot.send_video(here.chat.id, bytes(3_000_000))
        assert here.chat.of_bot == []


async def test_share_of_calls() -> None:
    """With a rate, about that share of the calls is spoilt, the same ones for the same seed."""
    async with stage() as here:
        fault = here.telegram.faults.next("getMe", status=500, count=None, rate=0.5, random=Random(7))
        failed = 0
        for _ in range(20):
            try:
                await here.bot.get_me()
            except TelegramError:
                failed += 1
        assert failed == fault.hits
        assert 4 < failed < 16


async def test_held_call() -> None:
    """A held call has not happened until it is released."""
    async with stage() as here:
        held = here.telegram.faults.hold("sendMessage")
        sending = asyncio.create_task(here.says("late"))
        await here.telegram.until(lambda: held.hits)
        assert here.chat.of_bot == []
        held.release()
        assert (await sending).text == "late"


async def test_download_that_fails() -> None:
    """A download can fail, and be fetched the next time."""
    async with stage() as here:
        sent = here.anna.sends_photo(here.chat, jpeg())
        file = await here.bot.get_file(sent.photo[-1].file_id)
        here.telegram.faults.next("/file/", status=502)
        with pytest.raises(NetworkError):
            await file.download_as_bytearray()
        assert bytes(await file.download_as_bytearray()) == sent.photo[-1].data


@pytest.mark.usefixtures("waits_as_timedelta")
async def test_flood_closes_one_chat() -> None:
    """Who sends too fast into one chat is told how long to wait there, while other chats take everything."""
    async with stage() as here:
        now_s = 0.0
        here.telegram.flood.enforce(2, window_s=3.0, monotonic_s=lambda: now_s)
        message = await here.says("one")
        await here.bot.edit_message_text("two", here.chat.id, message.id)
        now_s = 0.5
        with pytest.raises(RetryAfter, match="Retry in 0:00:03"):
            await here.bot.edit_message_text("three", here.chat.id, message.id)
        await here.bot.send_message(here.group.id, "elsewhere")
        now_s = 3.2
        with pytest.raises(RetryAfter, match="Retry in 0:00:01"):
            await here.says("too early")
        now_s = 3.5
        await here.bot.edit_message_text("three", here.chat.id, message.id)
        assert [call.method for call in here.telegram.flood.refusals] == ["editMessageText", "sendMessage"]


@pytest.mark.usefixtures("waits_as_timedelta")
async def test_flood_of_a_group() -> None:
    """A group takes so many sends and edits a minute, however slowly they come; chat actions do not count."""
    async with stage() as here:
        now_s = 0.0
        here.telegram.flood.enforce(20, window_s=1.0, group_per_minute=4, monotonic_s=lambda: now_s)
        for text in "1234":
            await here.bot.send_chat_action(here.group.id, "typing")
            await here.bot.send_message(here.group.id, text)
            now_s += 10
        with pytest.raises(RetryAfter, match="Retry in 0:00:20"):
            await here.bot.send_message(here.group.id, "5")


@pytest.mark.usefixtures("waits_as_timedelta")
async def test_flood_of_all_chats() -> None:
    """All chats together take so much a second."""
    async with stage() as here:
        here.telegram.flood.enforce(20, overall_per_s=2, monotonic_s=lambda: 0.0)
        await here.says()
        await here.bot.send_message(here.group.id, "2")
        with pytest.raises(RetryAfter, match="Retry in 0:00:01"):
            await here.bot.send_message(here.forum.id, "3")


async def test_what_never_happens_says_how_things_stand() -> None:
    """Whoever waits in vain reads what was called and what is to be seen."""
    async with LoopbackTelegram.open() as telegram:
        telegram.private(anna := telegram.user("anna"))
        anna.sends(telegram.private(anna), "is anybody there?")
        with pytest.raises(NeverHappened, match=r"(?s)an answer.*unconfirmed: 1.*is anybody there"):
            await telegram.until(lambda: False, limit_s=0.01, about="an answer")
