"""The command "Animate" in a message's menu: which picture it takes, and how long a form about it stays good."""

from typing import Any

import pytest

from bot.adapters.discord.adapter import DiscordOptions
from bot.adapters.discord.forms import FormFile
from bot.adapters.discord.message_command import ChosenPictures
from tests.adapters.discord.conftest import FAST, Bot, OpenBot
from tests.adapters.discord.scenes import PICTURE, Harbour, has_video, whisper
from tests.loopback.clock import FixedClock
from tests.loopback.discord import LoopbackDiscord, Message, Sent, Upload, payloads

NOTES = Upload("notes.txt", b"no picture at all", "text/plain")


async def animate(scene: Harbour, message: Message) -> Sent:
    """Have Anna choose the command in the menu of a message."""
    await scene.world.until_ready()
    return await scene.anna.message_command(message.channel, "Animate", message)


def fetched(world: LoopbackDiscord) -> list[str]:
    return [call.path.rsplit("/", 1)[-1] for call in world.downloads]


async def test_a_picture_in_somebodys_message_becomes_a_video(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever chooses Animate in the menu of a message gets a form for its picture, and then their own video of it."""
    message = scene.channel.message(scene.ben, "look", PICTURE)
    opened = await animate(scene, message)
    assert opened.modal is not None
    assert list(opened.modal.fields) == ["Prompt", "Quality", "Camera", "Length", "Seed"]
    sent = await scene.anna.submit(opened.modal, {"Prompt": "fog", "Length": "2"})
    made = await sent.until(has_video)
    assert not made.is_ephemeral
    job = await bot.only_job()
    assert (job.requester.user, job.prompt, dict(job.options)) == (str(scene.anna.id), "fog", {"seconds": "2"})
    assert fetched(world) == ["harbour.png"]


@pytest.mark.parametrize(
    "upload",
    [Upload("boat.jfif", b"a boat", "image/jpeg"), Upload("BOAT.HEIC", b"a boat", "application/octet-stream")],
)
async def test_the_first_picture_of_several_files_is_taken(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, upload: Upload
) -> None:
    """Of several files the first is taken that is a picture, by what Discord says of it or by its name."""
    message = scene.channel.message(scene.ben, "look", NOTES, upload, PICTURE)
    await (await scene.anna.submit((await animate(scene, message)).modal)).until(has_video)
    assert fetched(world) == [upload.filename]


async def test_a_message_without_a_picture_is_explained(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where a message has no picture, whoever chose Animate reads what to do, and no form is opened."""
    chosen = await animate(scene, scene.channel.message(scene.ben, "no picture here", NOTES))
    assert chosen.modal is None
    assert "/animate" in (await whisper(chosen)).text


async def test_a_picture_in_a_forwarded_message_is_found(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forwarded message has its picture inside what it forwards."""
    message = scene.channel.message(scene.ben, "", PICTURE)
    plain = payloads.message

    def forwarding(*about: Any) -> dict[str, Any]:
        inner = plain(*about)
        kept = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags")
        snapshot = {"message": {name: inner[name] for name in kept}}
        return inner | {"attachments": [], "message_snapshots": [snapshot]}

    with monkeypatch.context() as while_chosen:
        while_chosen.setattr(payloads, "message", forwarding)
        opened = await animate(scene, message)
    await (await scene.anna.submit(opened.modal)).until(has_video)
    assert fetched(world) == ["harbour.png"]


async def test_the_picture_of_an_open_form_is_remembered(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A message that is deleted while the form is being filled in does not take the picture away."""
    message = scene.channel.message(scene.ben, "look", PICTURE)
    opened = await animate(scene, message)
    message.delete()
    await (await scene.anna.submit(opened.modal)).until(has_video)


async def test_a_form_from_before_a_restart_finds_its_picture_again(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """After a restart the bot looks at the message once more, where it can see it."""
    async with open_bot():
        opened = await animate(scene, world.dm(scene.anna).message(scene.anna, "look", PICTURE))
    async with open_bot() as bot:
        await world.until_ready()
        await (await scene.anna.submit(opened.modal, {"Prompt": "fog"})).until(has_video)
        assert (await bot.only_job()).prompt == "fog"


async def test_a_form_whose_message_cannot_be_seen_is_to_be_opened_again(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """After a restart, where the message is gone, whoever sends the form is asked to choose Animate again."""
    async with open_bot():
        message = scene.channel.message(scene.ben, "look", PICTURE)
        opened = await animate(scene, message)
    message.delete()
    async with open_bot() as bot:
        await world.until_ready()
        sent = await scene.anna.submit(opened.modal, {"Prompt": "fog"})
        assert "choose Animate" in (await whisper(sent)).text
        assert await bot.jobs() == []
        assert scene.channel.messages == []


async def test_a_picture_from_elsewhere_is_not_fetched(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Nothing is fetched from an address that is not Discord's own; whoever asked is told that it did not work."""
    options = DiscordOptions(world.token, cdn_hosts={"cdn.discordapp.com"}, pace=FAST, pause_s=0.01)
    async with open_bot(options=options) as bot:
        opened = await animate(scene, scene.channel.message(scene.ben, "look", PICTURE))
        sent = await scene.anna.submit(opened.modal)
        assert "could not be fetched" in (await whisper(sent)).text
        assert fetched(world) == []
        assert await bot.jobs() == []


async def test_it_works_among_people_who_brought_the_bot(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """In a conversation without the bot, whoever has it can animate the other's picture."""
    anna = world.user("anna", has_installed=True)
    place = world.group_dm(anna, scene.ben)
    await world.until_ready()
    opened = await anna.message_command(place, "Animate", place.message(scene.ben, "look", PICTURE))
    await (await anna.submit(opened.modal)).until(has_video)


def test_chosen_pictures_are_kept_for_a_quarter_of_an_hour() -> None:
    """What somebody has chosen is known for fifteen minutes, and to them only."""
    clock = FixedClock()
    chosen, picture = ChosenPictures(clock), FormFile("https://cdn.discordapp.com/a.png", 1)
    chosen.keep(1, 10, picture)
    clock.move(14 * 60)
    assert chosen.find(1, 10) is picture
    assert chosen.find(2, 10) is None
    assert chosen.find(1, 11) is None
    clock.move(60)
    assert chosen.find(1, 10) is None


def test_only_so_many_chosen_pictures_are_kept() -> None:
    """However many forms are opened, the thousand newest are known, and no more."""
    chosen, picture = ChosenPictures(FixedClock()), FormFile("https://cdn.discordapp.com/a.png", 1)
    for message in range(1_500):
        chosen.keep(1, message, picture)
    assert [chosen.find(1, message) is not None for message in (499, 500, 1_499)] == [False, True, True]
