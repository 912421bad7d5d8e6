"""The forms: what they ask, what comes of what is filled in, and that a restart in between does not matter."""

from typing import Any

import pytest

from generation.engines.engine import Capabilities
from tests.adapters.discord.conftest import PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.discord.scenes import PICTURE, Harbour, has_video, whisper
from tests.loopback.discord import LoopbackDiscord, Sent, Upload
from tests.loopback.scripted_renderer import ScriptedRenderer


def chosen(select: dict[str, Any]) -> list[str]:
    return [one["label"] for one in select["options"] if one.get("default")]


async def test_edit_shows_what_was_asked_for(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Edit prompt opens a form with the prompt and the options as they were; of the seed it names the old one."""
    message = await scene.video(scene.anna, seconds=2.0, camera="pan-left", seed=7)
    modal = (await scene.anna.press(message, "Edit prompt")).modal
    assert modal is not None
    assert list(modal.fields) == ["Prompt", "Quality", "Camera", "Length", "Seed"]
    fields = modal.fields
    assert fields["Prompt"]["value"] == "the boats sway"
    assert fields["Length"]["value"] == "2"
    assert chosen(fields["Quality"]) == ["Balanced"]
    assert chosen(fields["Camera"]) == ["Pan left"]
    assert "value" not in fields["Seed"]
    assert "7" in fields["Seed"]["placeholder"]


async def test_an_edited_prompt_is_a_new_video(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """What is changed in the form is new, what is left is as it was, and the seed is another one."""
    message = await scene.video(scene.anna, seconds=2.0, camera="pan-left", seed=7, motion="high")
    pressed = await scene.anna.press(message, "Edit prompt")
    sent = await scene.anna.submit(pressed.modal, {"Prompt": "the tide comes in", "Quality": ["Best"]})
    made = await sent.until(has_video)
    assert "the tide comes in" in made.text
    first, second = await bot.jobs()
    assert second.prompt == "the tide comes in"
    assert dict(second.options) == {"preset": "best", "seconds": "2", "camera": "pan-left", "motion": "high"}
    assert second.seed != first.seed


async def test_a_prompt_of_signs_that_count_twice_can_be_edited(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """A prompt of emoji, which Discord's apps count twice, fits into the form that it is edited in."""
    prompt = "⛵🌊" * 800
    modal = (await scene.anna.press(await scene.video(scene.anna, prompt=prompt), "Edit prompt")).modal
    assert modal is not None
    field = modal.fields["Prompt"]
    assert field["value"] == prompt
    assert len(prompt.encode("utf-16-le")) // 2 <= field["max_length"] <= 4_000


async def test_a_form_that_is_sent_as_it_was_changes_nothing_but_the_seed(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """An option that nobody gave stays not given when the form is sent as it was opened."""
    message = await scene.video(scene.anna, frames=33)
    await (await scene.anna.submit((await scene.anna.press(message, "Edit prompt")).modal)).until(has_video)
    first, second = await bot.jobs()
    assert (second.prompt, dict(second.options)) == (first.prompt, {"frames": "33"})


async def test_what_is_taken_out_of_the_form_is_gone(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever empties a field takes that option away; whoever gives a seed gets it."""
    message = await scene.video(scene.anna, seconds=2.0, camera="pan-left")
    values = {"Length": "", "Camera": [], "Seed": "11"}
    await (await scene.anna.submit((await scene.anna.press(message, "Edit prompt")).modal, values)).until(has_video)
    second = (await bot.jobs())[1]
    assert dict(second.options) == {"seed": "11"}


async def test_a_wrong_value_in_a_form_is_explained(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A value that cannot be is explained to whoever typed it, nothing is made, and nothing stays in the channel."""
    message = await scene.video(scene.anna)
    sent = await scene.anna.submit((await scene.anna.press(message, "Edit prompt")).modal, {"Length": "soon"})
    assert "soon" in (await whisper(sent)).text
    assert scene.channel.messages == [message]
    assert len(await bot.jobs()) == 1


async def test_a_refused_form_gives_the_words_back(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever is refused after filling in a form has their prompt in the answer, to be copied."""
    opened = await _open_form(scene)
    values = {"Picture": Upload("a.png", b"broken"), "Prompt": "the *tide*\ncomes in"}
    answer = await whisper(await scene.anna.submit(opened.modal, values))
    assert "damaged" in answer.text
    assert "```\nthe *tide*\ncomes in\n```" in answer.text


async def test_a_refusal_is_read_whatever_was_written(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A prompt with which the answer would be too long is left out of it."""
    opened = await _open_form(scene)
    values = {"Picture": Upload("a.png", b"broken"), "Prompt": "x" * 2_000}
    assert "damaged" in (await whisper(await scene.anna.submit(opened.modal, values))).text


async def test_nobody_else_can_edit(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Somebody else who presses Edit prompt gets no form, but is told why."""
    pressed = await scene.ben.press(await scene.video(scene.anna), "Edit prompt")
    assert pressed.modal is None
    assert (await whisper(pressed)).text == "Only the person who asked for this video can do that."


async def test_an_admin_can_edit_and_the_new_video_is_theirs(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """An admin can edit anybody's prompt; what comes of it is the admin's own video."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        pressed = await scene.ben.press(await scene.video(scene.anna), "Edit prompt")
        await (await scene.ben.submit(pressed.modal, {"Prompt": "fog"})).until(has_video)
        assert [job.requester.user for job in await bot.jobs()] == [str(scene.anna.id), str(scene.ben.id)]


async def test_an_edit_of_a_private_video_is_private(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """What is made by editing a private video is seen by its requester only."""
    pressed = await scene.anna.press(await scene.video(scene.anna, private=True), "Edit prompt")
    made = await (await scene.anna.submit(pressed.modal, {"Prompt": "fog"})).until(has_video)
    assert made.is_ephemeral
    assert scene.channel.messages == []


async def test_a_form_from_before_a_restart_still_counts(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """A form that was open while the bot restarted can be sent."""
    async with open_bot():
        pressed = await scene.anna.press(await scene.video(scene.anna), "Edit prompt")
    async with open_bot() as bot:
        await world.until_ready()
        await (await scene.anna.submit(pressed.modal, {"Prompt": "fog"})).until(has_video)
        assert [job.prompt for job in await bot.jobs()] == ["the boats sway", "fog"]


async def test_edit_says_at_once_when_the_picture_is_gone(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where the picture is not kept any more no form is opened: whoever pressed reads that it must be sent again."""
    message = await scene.video(scene.anna)
    job = await bot.until((await bot.only_job()).id)
    await bot.services.jobs.delete(job.requester, job.id)
    pressed = await scene.anna.press(message, "Edit prompt")
    assert pressed.modal is None
    assert "send it again" in (await whisper(pressed)).text


async def _open_form(scene: Harbour) -> Sent:
    await scene.world.until_ready()
    return await scene.anna.command(scene.channel, "animate-form")


async def test_the_form_makes_a_video(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A picture put into the form, with a prompt and options, becomes a video in the channel."""
    opened = await _open_form(scene)
    values = {"Picture": PICTURE, "Prompt": "line one\nline two", "Quality": ["Fast"], "Camera": ["Push in"]}
    made = await (await scene.anna.submit(opened.modal, values)).until(has_video)
    assert not made.is_ephemeral
    job = await bot.only_job()
    assert (job.prompt, dict(job.options)) == ("line one\nline two", {"preset": "fast", "camera": "push-in"})
    assert not job.has_end_picture


async def test_the_form_takes_a_last_picture(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where the engine can end a video with a picture, the form takes one."""
    opened = await _open_form(scene)
    values = {"Picture": PICTURE, "Last picture": Upload("end.png", b"the last one", "image/png")}
    await (await scene.anna.submit(opened.modal, values)).until(has_video)
    assert (await bot.only_job()).has_end_picture


@pytest.mark.parametrize(
    ("upload", "reason"),
    [(Upload("a.png", b"broken"), "damaged"), (Upload("a.png", b"x" * 300_001), "large")],
)
async def test_a_picture_that_cannot_be_taken_is_explained(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, upload: Upload, reason: str
) -> None:
    """A broken or too large picture in the form is explained to whoever sent it, and nothing is left behind."""
    sent = await scene.anna.submit((await _open_form(scene)).modal, {"Picture": upload})
    assert reason in (await whisper(sent)).text
    assert scene.channel.messages == []
    assert await bot.jobs() == []


async def test_the_form_sent_twice_is_one_job(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A form whose acknowledgement was lost on its way back is one job."""
    opened = await _open_form(scene)
    world.faults.next("POST", "callback", lost_answer=True)
    await (await scene.anna.submit(opened.modal, {"Picture": PICTURE})).until(has_video)
    assert len(await bot.jobs()) == 1


async def test_the_form_asks_only_for_what_the_engine_can_follow(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """An engine that reads no prompt and knows no last picture is not asked for camera moves or last pictures."""

    class Plain(ScriptedRenderer):
        @property
        def capabilities(self) -> Capabilities:
            return Capabilities("scripted", "camera", uses_ai=False, prompt=False)

    async with open_bot(renderer=Plain()):
        modal = (await _open_form(scene)).modal
        assert modal is not None
        assert list(modal.fields) == ["Picture", "Prompt", "Quality", "Length", "Seed"]
