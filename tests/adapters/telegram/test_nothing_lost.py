"""Nothing is lost at intake: what Telegram was told has arrived becomes one video or one answer, whatever happens."""

import asyncio
from random import Random
from typing import Any

import pytest

from bot.adapters.telegram.api import make_bot, raw_updates
from bot.adapters.telegram.limiter import ChatLimiter
from bot.domain.job import JobState
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.expect import eventually
from tests.loopback.house import ADMIN
from tests.loopback.telegram import LoopbackTelegram


async def _is_noted(bot: Bot, name: str) -> bool:
    return await bot.services.notebook.read("telegram", name) is not None


async def test_what_was_confirmed_and_not_begun_is_seen_to_after_the_restart(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A bot that ends between the confirmation and the work does the work after its next start, once."""
    held = telegram.faults.hold("getFile")
    async with open_bot() as bot:
        messages = [scene.ask(caption="fog"), scene.ask(scene.ben, caption="snow")]
        await telegram.until_confirmed()
        assert await bot.jobs() == []
    held.release()
    async with open_bot() as bot:
        for message in messages:
            await scene.video_of(message)
        assert sorted(job.prompt for job in await bot.jobs()) == ["fog", "snow"]


async def test_what_comes_while_the_bot_stops_is_seen_to_after_the_restart(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Who asks while the bot finishes its last video is not sent away: their video is made after its next start."""
    async with open_bot() as bot:
        scene.ask(caption="hold")
        await bot.renderer.began(1)
        stopping = asyncio.create_task(bot.lifecycle.finish_work(60))
        await asyncio.sleep(0)
        late = scene.ask(scene.ben, caption="fog")
        album = scene.ben.sends_album(scene.bens, [b"1", b"2"], captions=["rain"])
        name = f"album:{scene.bens.id}:{album.messages[0].album}"
        await eventually(lambda: _is_noted(bot, name))  # its jobs are being made
        bot.renderer.release()
        await stopping
        assert len(await bot.jobs()) == 1
        assert scene.bens.of_bot == []
    async with open_bot() as bot:
        for message in (late, *album.messages):
            await scene.video_of(message)


async def test_where_the_operator_takes_nothing_new_people_are_told(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """While the queue is drained nobody waits for an unknown time: each request is answered at once."""
    await bot.services.admin.run(ADMIN, "drain", {})
    said = sentence(Refused(RefusalCode.STOPPING))
    assert (await scene.answer_to(scene.ask())).text == said
    album = scene.anna.sends_album(scene.private, [b"1", b"2"])
    assert (await scene.answer_to(album.messages[0])).text == f"2 of 2 pictures: {said}"


@pytest.mark.parametrize("fault", [{"reset": True}, {"html": True}, {"retry_after": 0.05}])
async def test_a_refusal_that_does_not_arrive_is_told_later(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, fault: dict[str, Any]
) -> None:
    """While Telegram takes no messages nobody's request is forgotten: its answer comes when it can."""
    lost = telegram.faults.next("sendMessage", count=4, **fault)
    answer = await scene.answer_to(scene.ask(caption="fog --secnds 2"))
    assert "secnds" in answer.text
    assert lost.hits == 4
    assert len(scene.private.of_bot) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_updates_that_come_three_times_and_out_of_order(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour, seed: int
) -> None:
    """However often Telegram sends an update, and in whatever order, it is one video."""
    random = Random(seed)
    messages = [scene.ask(random.choice([scene.anna, scene.ben]), caption=f"fog {n}") for n in range(5)]
    for update in list(telegram.updates):
        telegram.repeats(update, 3)
    telegram.shuffle(random)
    for message in messages:
        await scene.video_of(message)
    await scene.video(caption="later")
    assert sorted(job.prompt for job in await bot.jobs()) == [*(f"fog {n}" for n in range(5)), "later"]
    assert len(scene.private.of_bot) + len(scene.bens.of_bot) == 6


async def test_another_process_with_the_same_token(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Where two processes ask with one token the operator is told, and the bot goes on when it is alone again."""
    async with open_bot() as bot:
        await scene.video()
        other = make_bot(telegram.token, ChatLimiter(), base_url=telegram.base_url)
        await other.initialize()
        for _ in range(3):
            await raw_updates(other, offset=None, timeout_s=0, allowed=["message"])
            await telegram.until(lambda: telegram.polling.is_asked, about="the bot asks again")
        conflicts = [call for call in telegram.calls_to("getUpdates") if call.status == 409]
        assert conflicts
        await other.shutdown()
        await scene.video(scene.ben)
        assert not bot.running.done()


async def test_a_webhook_that_was_left_behind_is_taken_away(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A bot that asks by itself takes away the webhook of an earlier set-up, and what waited for that is not lost."""
    other = make_bot(telegram.token, ChatLimiter(), base_url=telegram.base_url)
    await other.initialize()
    await other.set_webhook("https://elsewhere.example.org/hook")
    await other.shutdown()
    message = scene.ask()
    async with open_bot():
        await scene.video_of(message)


async def test_a_press_does_not_wait_for_a_picture(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Cancel is answered while another picture of the same chat is still being fetched."""
    async with open_bot() as bot:
        line = await scene.answer_to(scene.ask(caption="hold"))
        held = telegram.faults.hold("getFile")
        slow = scene.ask(caption="fog")
        await telegram.until(lambda: len(telegram.calls_to("getFile")) == 2, about="the second picture")
        await scene.anna.presses(line, "Cancel")
        job = (await bot.jobs())[0]
        await bot.until(job.id, JobState.CANCELLED)
        held.release()
        await scene.video_of(slow)


async def test_messages_of_a_chat_are_taken_in_their_order(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """Of several messages in one chat the first is served first, though a later one could be fetched sooner."""
    telegram.faults.next("getFile", slow_s=0.1)
    for n in range(3):
        scene.ask(caption=f"fog {n}")
    assert [job.prompt for job in await bot.until_accepted(3)] == ["fog 0", "fog 1", "fog 2"]


async def test_an_update_of_an_unknown_kind_stops_nothing(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """What a later Telegram sends, and the library cannot read, is passed over."""
    first = scene.ask(caption="fog")
    await scene.video_of(first)
    number = telegram.updates[-1]["update_id"]
    telegram.send_raw({"update_id": number + 1, "message": {"message_id": "seven", "chat": 5}})
    telegram.send_raw({"update_id": number + 2, "something_new": {"id": 1}})
    message = {**telegram.updates[0]["message"], "message_id": 900_000, "caption": "snow"}
    telegram.send_raw({"update_id": number + 3, "message": message})
    assert [job.prompt for job in await bot.until_accepted(2)] == ["fog", "snow"]
    await eventually(lambda: not telegram.unconfirmed)


async def test_options_of_a_bot_on_its_own_server_allow_larger_videos(telegram: LoopbackTelegram) -> None:
    """In the cloud a video may have 50 MB, with a Bot API server of one's own 2000 MB."""
    assert quick(telegram).max_video_bytes == 50_000_000
    assert quick(telegram, local_mode=True).max_video_bytes == 2_000_000_000
