"""Each job has one message that says how it is."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.domain.job import JobState, Requester
from bot.service.roles import Caller
from generation.engines.engine import Phase, Progress
from tests.adapters.discord.conftest import Bot, OpenBot
from tests.adapters.discord.delivering import TOKEN_OVER_S, hasty, held, pass_time
from tests.adapters.discord.scenes import Harbour
from tests.loopback.discord import LoopbackDiscord
from tests.loopback.scripted_renderer import JPEG


@pytest.fixture
async def bot(open_bot: OpenBot, world: LoopbackDiscord) -> AsyncIterator[Bot]:
    async with open_bot(options=hasty(world)) as bot:
        yield bot


async def test_a_render_shows_its_picture_its_request_and_its_progress(bot: Bot, scene: Harbour) -> None:
    """While a video is made its message has picture, prompt, what was asked for, a bar, and a way to stop it."""
    message = await held(scene, scene.anna, prompt="hold **the** boats", seconds=2.0)
    assert scene.channel.messages == [message]
    assert [picture.filename for picture in message.images] == ["picture.jpg"]
    assert message.images[0].data.startswith(b"\xff\xd8")
    assert r"**hold \*\*the\*\* boats**" in message.text
    assert "2.0 s" in message.text
    assert "▰▱▱▱▱▱▱▱▱▱▱▱ 10 %\nDrawing the frames." in message.text
    assert message.labels == ["Cancel"]


async def test_a_preview_is_shown_with_the_progress(bot: Bot, scene: Harbour) -> None:
    """A first look at the video is shown beside the picture as soon as there is one, and each next one instead."""
    sent = await scene.ask(scene.anna, prompt="still water")
    message = await sent.until(lambda m: len(m.images) == 2)
    assert [picture.filename for picture in message.images] == ["picture.jpg", "preview.jpg"]
    assert message.images[1].data == JPEG
    job = await bot.only_job()
    second = JPEG + b", the next"
    bot.services.board.show_still(job.id, job.requester.id, second)
    await sent.until(lambda m: m.images[-1].data == second)
    assert len(message.images) == 2


async def test_who_waits_sees_their_place_and_when_it_will_be_ready(bot: Bot, scene: Harbour) -> None:
    """A request in the queue says how many go before it, and counts down to the video where that can be told."""
    await scene.video(scene.ben)  # from which the time that a video takes is learned
    await held(scene, scene.ben)
    first = await (await scene.ask(scene.anna)).until(lambda m: "Ready" in m.text)
    second = await (await scene.ask(scene.anna)).until(lambda m: "Ready" in m.text)
    assert "Next in line." in first.text
    assert "In the queue, 1 job before this one." in second.text
    ready = re.search(r"Ready <t:(\d+):R>\.", second.text)
    assert ready is not None
    assert 0 <= int(ready[1]) - bot.clock.now_ms() / 1000 < 60
    await scene.anna.press(first, "Cancel")
    await scene.world.until(lambda: "Next in line." in second.text)


async def test_a_cancelled_request_says_so_in_its_message(bot: Bot, scene: Harbour) -> None:
    """Whoever cancels reads so in the same message, and that the credits are back."""
    message = await held(scene, scene.anna)
    await scene.anna.press(message, "Cancel")
    await scene.world.until(lambda: "Cancelled. 1 credit given back." in message.text)
    assert "Cancel" not in message.labels
    assert scene.channel.messages == [message]


async def test_the_cards_go_on_after_a_restart(open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour) -> None:
    """What waited or ran when the bot was stopped is shown by the same messages after its next start."""
    async with open_bot(options=hasty(world), works=False) as bot:
        messages = []
        for number in (1, 2):
            sent = await scene.ask(scene.anna, prompt=f"hold boat {number}")
            messages.append(await sent.until(lambda m: "line" in m.text or "queue" in m.text))
        bot.clock.move(TOKEN_OVER_S)  # from now on only the bot's own token is left
    async with open_bot(options=hasty(world)) as bot:
        await world.until(lambda: "10 %" in messages[0].text)
        first, _ = await bot.jobs()
        bot.services.board.show_progress(first.id, first.requester.id, Progress(Phase.DRAW, 9, 10))
        await world.until(lambda: "90 %" in messages[0].text)
        await world.until(lambda: "Next in line." in messages[1].text)
        assert [message.labels for message in messages] == [["Cancel"], ["Cancel"]]
        bot.renderer.release()
        for job in await bot.jobs():
            await bot.until(job.id, JobState.DELIVERED)
    assert [len(message.videos) for message in messages] == [1, 1]


async def test_the_number_of_a_message_is_learned_from_its_first_edit(
    bot: Bot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Where the acknowledgement did not bring the message's number, it is the same message after the token is over."""
    world.faults.next("POST", "callback", lost_answer=True)
    world.faults.next("GET", "@original", status=404, code=10008)
    message = await held(scene, scene.anna)
    job = await bot.only_job()
    pass_time(bot, TOKEN_OVER_S)
    before = len(world.calls)
    bot.services.board.show_progress(job.id, job.requester.id, Progress(Phase.DRAW, 5, 10))
    await world.until(lambda: "50 %" in message.text)
    assert [call.method for call in world.calls[before:]] == ["PATCH"]


async def test_a_token_that_has_ended_early_is_not_tried_again(
    open_bot: OpenBot, world: LoopbackDiscord, scene: Harbour
) -> None:
    """Where Discord has ended an interaction's token before its time, the bot knocks once, also after a restart."""
    async with open_bot(options=hasty(world), works=False):
        people = (scene.ben, scene.anna)
        ahead = [await (await scene.ask(person)).until(lambda m: "Cancel" in m.labels) for person in people]
        message = await (await scene.ask(scene.anna)).until(lambda m: "2 jobs before" in m.text)
        refused = world.faults.next("PATCH", f"messages/{message.id}", status=401, code=50027, count=1)
        await scene.ben.press(ahead[0], "Cancel")
        await world.until(lambda: "1 job before" in message.text)
        await scene.anna.press(ahead[1], "Cancel")
        await world.until(lambda: "Next in line." in message.text)
    edits = world.calls_to("PATCH", f"messages/{message.id}")
    async with open_bot(options=hasty(world), works=False):
        await world.until(lambda: len(world.calls_to("PATCH", f"messages/{message.id}")) > len(edits))
    assert refused.hits == 1
    first, knock, *others = [call.template for call in world.calls_to("PATCH", f"messages/{message.id}")]
    assert first == knock
    assert {template.split("/")[1] for template in others} == {"channels"}


async def test_a_pause_is_told_and_nothing_is_counted_down(bot: Bot, scene: Harbour, world: LoopbackDiscord) -> None:
    """While the bot is paused, whoever waits reads so, and no time that only passes; afterwards all is as before."""
    boss = Caller(Requester("discord", "1"), has_admin_role=True)
    await scene.video(scene.ben, prompt="quick")  # from now on it is known how long a video takes
    await held(scene, scene.ben)
    waiting = await (await scene.ask(scene.anna)).until(lambda one: "Next in line" in one.text)
    await world.until(lambda: "<t:" in waiting.text)
    await bot.services.admin.run(boss, "pause", {})
    await world.until(lambda: "paused" in waiting.text)
    assert "<t:" not in waiting.text
    await bot.services.admin.run(boss, "resume", {})
    await world.until(lambda: "paused" not in waiting.text and "<t:" in waiting.text)
