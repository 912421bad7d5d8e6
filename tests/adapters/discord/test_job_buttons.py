"""The buttons under a job: what each does, for whom, and after a restart."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.job import JobState
from bot.service.delivery import Answer
from generation.engines.engine import Capabilities
from tests.adapters.discord.conftest import PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.discord.scenes import Harbour, harbour, has_video, whisper
from tests.loopback.discord import LoopbackDiscord, Message
from tests.loopback.scripted_renderer import ScriptedRenderer

ONLY_THE_REQUESTER = "Only the person who asked for this video can do that."


class ShortOfBreath(ScriptedRenderer):
    """Renders at most two seconds."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, max_frames=49)


async def delivered(bot: Bot, scene: Harbour, **options: Any) -> Message:
    """Return Anna's video when the bot, too, knows that she has it."""
    message = await scene.video(scene.anna, **options)
    await bot.until((await bot.only_job()).id)
    return message


async def test_cancel_ends_a_job_and_its_message_says_so(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever asked can cancel; the message itself says that it is cancelled, and nothing else is sent."""
    sent = await scene.ask(scene.anna, prompt="hold")
    card = await sent.until(lambda message: "Cancel" in message.labels)
    pressed = await scene.anna.press(card, "Cancel")
    await sent.until(lambda message: "Cancelled." in message.text)
    assert len(scene.anna.sees(scene.channel)) == 1
    assert pressed.followups == []
    assert (await bot.only_job()).state is JobState.CANCELLED


async def test_a_cancel_whose_acknowledgement_is_lost_counts(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where only the confirmation of the acknowledgement was lost, the job is cancelled all the same."""
    sent = await scene.ask(scene.anna, prompt="hold")
    card = await sent.until(lambda message: "Cancel" in message.labels)
    world.faults.next("POST", "callback", lost_answer=True)
    await scene.anna.press(card, "Cancel")
    await sent.until(lambda message: "Cancelled." in message.text)


async def test_nobody_else_can_cancel(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Somebody else's press on Cancel changes nothing, and only they are told why."""
    card = await (await scene.ask(scene.anna, prompt="hold")).until(lambda m: "Cancel" in m.labels)
    answer = await whisper(await scene.ben.press(card, "Cancel"))
    assert answer.text == ONLY_THE_REQUESTER
    assert answer.recipient is scene.ben
    assert (await bot.only_job()).state in (JobState.QUEUED, JobState.RUNNING)


async def test_whoever_manages_the_server_can_cancel(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever may manage the server can cancel anybody's job there."""
    scene.guild.join(scene.ben, permissions="MANAGE_GUILD")
    sent = await scene.ask(scene.anna, prompt="hold")
    await scene.ben.press(await sent.until(lambda m: "Cancel" in m.labels), "Cancel")
    await sent.until(lambda message: "Cancelled." in message.text)


async def test_an_admin_of_the_bot_can_cancel(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """An admin of the bot can cancel anywhere."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)):
        sent = await scene.ask(scene.anna, prompt="hold")
        await scene.ben.press(await sent.until(lambda m: "Cancel" in m.labels), "Cancel")
        await sent.until(lambda message: "Cancelled." in message.text)


async def test_a_cancel_that_comes_too_late_says_so(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever presses Cancel when the job has just ended is told that there is nothing left to cancel."""
    sent = await scene.ask(scene.anna, prompt="hold")
    card = await sent.until(lambda m: "Cancel" in m.labels)
    held = world.faults.hold("POST", "callback")
    pressed = await scene.anna.press(card, "Cancel", wait=False)
    bot.renderer.release()
    await bot.until((await bot.only_job()).id, JobState.DELIVERED)
    held.release()
    assert "nothing left to cancel" in (await whisper(pressed)).text


async def test_again_makes_a_new_video_for_whoever_presses(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Anybody who sees a video can have it made again: it is their own job, with the same words and a new seed."""
    message = await scene.video(scene.anna, seconds=2.0, seed=7)
    again = await scene.ben.press(message, "Again")
    made = await again.until(has_video)
    assert made is not message
    assert not made.is_ephemeral
    first, second = await bot.jobs()
    assert second.requester.user == str(scene.ben.id)
    assert (second.prompt, second.options["seconds"]) == (first.prompt, "2")
    assert second.seed != first.seed


async def test_best_quality_keeps_the_seed(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Best quality gives the same video in the best quality: with the seed that it had."""
    message = await scene.video(scene.anna)
    best = await (await scene.anna.press(message, "Best quality")).until(has_video)
    first, second = await bot.jobs()
    assert (second.preset, second.seed) == ("best", first.seed)
    assert "Best quality" not in best.labels


async def test_longer_makes_a_longer_video_up_to_the_longest(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Longer gives half as much again with the same seed, and is not offered where the longest is reached."""
    message = await scene.video(scene.anna, seconds=8.0)
    longer = await (await scene.anna.press(message, "Longer")).until(has_video)
    first, second = await bot.jobs()
    assert second.seconds > first.seconds + 1
    assert second.seed == first.seed
    assert "Longer" not in longer.labels


async def test_longer_says_when_it_is_as_long_as_it_can_be(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Longer under a video of another engine's time makes nothing where the engine of now goes no further."""
    async with open_bot():
        message = await scene.video(scene.anna, seconds=8.0)
    async with open_bot(renderer=ShortOfBreath()) as bot:
        await world.until_ready()
        answer = await whisper(await scene.anna.press(message, "Longer"))
        assert "already as long" in answer.text
        assert len(await bot.jobs()) == 1


async def test_what_is_made_again_of_a_private_video_is_private(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """Again under a private video gives another private one."""
    message = await scene.video(scene.anna, private=True)
    again = await (await scene.anna.press(message, "Again")).until(has_video)
    assert again.is_ephemeral
    assert again.recipient is scene.anna
    assert scene.channel.messages == []
    assert all(job.origin.is_private for job in await bot.jobs())


async def test_a_refused_again_is_seen_by_whoever_pressed_only(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Where a new job is refused, whoever pressed reads why, and nothing stays in the channel."""
    rules = replace(PLACE_RULES, queue=replace(PLACE_RULES.queue, max_waiting_per_person=1))
    async with open_bot(rules=rules) as bot:
        message = await scene.video(scene.anna)
        await scene.ask(scene.anna, prompt="hold")
        await bot.renderer.began(2)
        await scene.ask(scene.anna, prompt="hold")
        await bot.until_accepted(3)
        before = scene.channel.messages
        answer = await whisper(await scene.anna.press(message, "Again"))
        assert "waiting already" in answer.text
        assert scene.channel.messages == before


async def test_the_same_press_twice_is_one_job(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A press that Discord tells the bot of twice makes one job."""
    pressed = await scene.anna.press(await scene.video(scene.anna), "Again")
    await pressed.until(has_video)
    await scene.repeat(pressed)
    assert [job.requester.name for job in await bot.jobs()] == ["Anna", "Anna", "Ben"]


async def test_settings_come_ready_to_copy(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Copy settings shows prompt and options, each in a block of its own, to whoever presses."""
    message = await scene.video(scene.anna, prompt="the **boats** sway", seconds=2.0, seed=7)
    answer = await whisper(await scene.ben.press(message, "Copy settings"))
    assert "```\nthe **boats** sway\n```" in answer.text
    assert "```\nseconds:2 seed:7\n```" in answer.text
    assert answer.recipient is scene.ben


@pytest.mark.parametrize("prompt", ["a ``` in the middle", "long " * 395])
async def test_settings_that_do_not_fit_a_block_come_as_a_file(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, prompt: str
) -> None:
    """A prompt that would break the block, or is too long for a message, is whole in a file."""
    message = await scene.video(scene.anna, prompt=prompt)
    answer = await whisper(await scene.anna.press(message, "Copy settings"))
    (file,) = answer.attachments
    assert prompt.strip() in file.data.decode()
    assert f"seed:{(await bot.only_job()).seed}" in file.data.decode()


async def test_deleting_asks_once_more_and_takes_everything_away(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """Delete asks once more; then the message is gone, and picture, video and prompt with it."""
    message = await delivered(bot, scene)
    pressed = await scene.anna.press(message, "Delete")
    assert pressed.modal is not None
    assert not message.deleted
    await scene.anna.submit(pressed.modal)
    await world.until(lambda: message.deleted)
    job = await bot.only_job()
    assert (job.has_picture, job.has_video, job.prompt) == (False, False, "")
    assert not bot.files.video(job.id).exists()


async def test_what_called_somebody_to_a_video_goes_with_it(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where a line has called somebody to their video after a long wait, Delete takes the line away as well."""
    message = await (await scene.ask(scene.anna, prompt="hold")).until(lambda one: "10 %" in one.text)
    bot.clock.move(120)
    bot.renderer.release()
    await bot.until((await bot.only_job()).id)
    _, call = scene.channel.messages
    assert call.pings == [str(scene.anna.id)]
    await scene.anna.submit((await scene.anna.press(message, "Delete")).modal)
    await world.until(lambda: scene.channel.messages == [])


async def test_whoever_keeps_it_keeps_it(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever chooses to keep the video in the question has lost nothing."""
    message = await delivered(bot, scene)
    pressed = await scene.anna.press(message, "Delete")
    sent = await scene.anna.submit(pressed.modal, {"choice": "Keep it"})
    assert not sent.failed
    await scene.video(scene.ben)  # what comes later is done: what came before is, too
    assert not message.deleted
    assert (await bot.jobs())[0].has_video


async def test_a_private_video_is_deleted_with_its_message(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A message that only one person sees can be deleted, too, for as long as it can be pressed."""
    message = await delivered(bot, scene, private=True)
    bot.clock.move(20 * 60)  # the token under which it was sent is over
    await scene.anna.submit((await scene.anna.press(message, "Delete")).modal)
    await world.until(lambda: message.deleted)


async def test_a_message_is_deleted_where_the_bot_is_not(world: LoopbackDiscord, bot: Bot) -> None:
    """In a server where only the person has the bot, Delete takes the message away all the same."""
    scene = harbour(world, bot_installed=False)
    message = await delivered(bot, scene)
    await scene.anna.submit((await scene.anna.press(message, "Delete")).modal)
    await world.until(lambda: message.deleted)


async def test_a_question_from_before_a_restart_still_counts(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Buttons, and a question that was open while the bot restarted, work as before."""
    async with open_bot() as bot:
        message = await delivered(bot, scene)
        pressed = await scene.anna.press(message, "Delete")
    async with open_bot() as bot:
        await world.until_ready()
        await (await scene.anna.press(message, "Again")).until(has_video)
        await scene.anna.submit(pressed.modal)
        await world.until(lambda: message.deleted)
        assert len(await bot.jobs()) == 2


async def test_nobody_else_can_delete(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Somebody else is not even asked, but told that only the requester can delete."""
    message = await delivered(bot, scene)
    pressed = await scene.ben.press(message, "Delete")
    assert pressed.modal is None
    assert (await whisper(pressed)).text == ONLY_THE_REQUESTER


async def test_a_report_reaches_the_admins(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Anybody can report a video with a reason; the admins get it, and whoever reported is thanked."""
    message = await scene.video(scene.anna)
    pressed = await scene.ben.press(message, "Report")
    answer = await whisper(await scene.ben.submit(pressed.modal, {"reason": "this is my boat"}))
    assert "Thank you" in answer.text
    (notice,) = await bot.services.admin.notices_since(0)
    assert "this is my boat" in notice.message
    assert len(scene.channel.messages) == 1


async def test_a_video_that_may_have_got_lost_can_be_sent_again(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """Send again gives the video once more to whoever presses, where nobody else sees it."""
    card = await _card_in_doubt(bot, scene)
    copy = await (await scene.ben.press(card, "Send again")).until(has_video)
    assert copy.videos[0].data == bot.files.video((await bot.only_job()).id).read_bytes()
    assert copy.is_ephemeral
    assert scene.channel.messages == [card]


async def test_a_video_that_is_too_large_for_here_is_not_sent_again(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """Where Discord refuses a video for its size, whoever pressed Send again reads that."""
    card = await _card_in_doubt(bot, scene)
    world.faults.next("PATCH", "@original", status=413, code=40005)
    assert "too large to be sent here" in (await whisper(await scene.anna.press(card, "Send again"))).text


async def test_a_video_that_is_not_kept_cannot_be_sent_again(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where the video is not kept any more, whoever pressed Send again reads what to do."""
    card = await _card_in_doubt(bot, scene)
    bot.files.video((await bot.only_job()).id).unlink()
    assert "not kept any more" in (await whisper(await scene.anna.press(card, "Send again"))).text


@pytest.mark.parametrize("label", ["Send again", "Again", "Copy settings"])
async def test_a_private_job_answers_nobody_else(world: LoopbackDiscord, bot: Bot, scene: Harbour, label: str) -> None:
    """Wherever a button of a private job may stand, it gives nothing of it to anybody but its requester."""
    message = await delivered(bot, scene, private=True)
    job = await bot.only_job()
    stray = scene.channel.message(scene.ben, "anything")
    stray.components = [{"type": 1, "id": 1, "components": [_button(job.id, label)]}]
    assert (await whisper(await scene.ben.press(stray, label))).text == ONLY_THE_REQUESTER
    assert len(await bot.jobs()) == 1
    assert (await whisper(await scene.anna.press(message, "Copy settings"))).text != ONLY_THE_REQUESTER


def _button(job_id: str, label: str) -> dict[str, Any]:
    verb = {"Send again": "send", "Again": "again", "Copy settings": "settings"}[label]
    return {"type": 2, "id": 2, "style": 2, "label": label, "custom_id": f"job:{job_id}:{verb}"}


async def _card_in_doubt(bot: Bot, scene: Harbour) -> Message:
    """Have the bot doubt that a video has arrived, where it cannot look."""
    message = await delivered(bot, scene)
    message.delete()
    scene.channel.deny("READ_MESSAGE_HISTORY")
    job = await bot.only_job()
    await bot.adapter.channel.deliver(Answer(job, bot.files.video(job.id), None, attempts=2, in_doubt=True))
    (card,) = scene.channel.messages
    return card


async def test_a_bug_behind_a_button_is_told(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where the bot breaks over what was pressed, whoever pressed is told so."""
    message = await delivered(bot, scene)
    await bot.services.jobs.set_address((await bot.only_job()).id, "what no version of the bot has written")
    sent = await scene.anna.submit((await scene.anna.press(message, "Delete")).modal)
    assert "Something broke" in (await whisper(sent)).text
