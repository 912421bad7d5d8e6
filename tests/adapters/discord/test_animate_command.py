"""``/animate``: every option as it was typed, one job for one interaction, and one clear no where there is one."""

from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.discord.adapter import DiscordOptions
from bot.domain.camera_moves import CAMERA_MOVES
from bot.domain.credits import Limit
from bot.domain.job import JobState, Requester
from bot.domain.options import OPTIONS
from bot.service.quotas import QuotaLimits
from bot.service.roles import Caller
from generation.engines.engine import Capabilities
from tests.adapters.discord.conftest import FAST, PLACE_RULES, Bot, OpenBot, with_admins
from tests.adapters.discord.scenes import PICTURE, Harbour, harbour, has_video, whisper
from tests.loopback.discord import LoopbackDiscord, Upload
from tests.loopback.scripted_renderer import ScriptedRenderer

#: What engines can do, from everything to next to nothing.
EVERYTHING = Capabilities(
    "scripted",
    "everything",
    uses_ai=True,
    negative_prompt=True,
    steps=True,
    guidance=True,
    motion_strength=True,
    end_picture=True,
)
WORDS_ONLY = replace(EVERYTHING, motion_strength=False, end_picture=False, max_frames=97)
NEXT_TO_NOTHING = Capabilities("scripted", "nothing", uses_ai=False, prompt=False, max_frames=9)
ADMIN = Requester("scripted", "admin")


class Able(ScriptedRenderer):
    """Renders as an engine of other abilities."""

    def __init__(self, abilities: Capabilities) -> None:
        super().__init__()
        self._abilities = abilities

    @property
    def capabilities(self) -> Capabilities:
        return self._abilities


def offered(world: LoopbackDiscord) -> dict[str, dict[str, Any]]:
    """Return the options of the command as Discord shows them."""
    (command,) = (one for one in world.commands if one["name"] == "animate")
    return {option["name"]: option for option in command["options"]}


TYPED: dict[str, tuple[Any, str]] = {
    "preset": ("best", "best"),
    "seconds": (2.5, "2.5"),
    "camera": ("dolly-zoom", "dolly-zoom"),
    "motion": ("high", "high"),
    "negative": ("blurry, --seed 3 @everyone", "blurry, --seed 3 @everyone"),
    "steps": (12, "12"),
    "guidance": (3.0, "3"),
    "seed": (2**32 - 1, "4294967295"),
    "frames": (33, "33"),
    "fps": (30, "30"),
    "width": (256, "256"),
    "height": (320, "320"),
}


@pytest.mark.parametrize("name", [option.name for option in OPTIONS])
async def test_an_option_is_what_was_typed(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour, name: str
) -> None:
    """Each option that the page knows can be given, and arrives as it was typed; nothing else is given with it."""
    typed, arrives = TYPED[name]
    async with open_bot(renderer=Able(EVERYTHING), works=False) as bot:
        await scene.ask(scene.anna, **{name: typed})
        (job,) = await bot.until_accepted()
        assert dict(job.options) == {name: arrives}
        assert job.prompt == "the boats sway"


@pytest.mark.parametrize("abilities", [EVERYTHING, WORDS_ONLY, NEXT_TO_NOTHING], ids=lambda able: able.model)
async def test_the_command_fits_every_engine(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour, abilities: Capabilities
) -> None:
    """With every engine Discord takes the command, and offers exactly what the engine can follow."""
    async with open_bot(renderer=Able(abilities)) as bot:
        options = offered(world)
        names = [option.name for option in bot.services.offers.options]
        end = ["end_image"] if abilities.end_picture else []
        assert list(options) == ["image", "prompt", *end, *names, "private"]
        assert len(options) <= 25
        for option in options.values():
            assert 1 <= len(option["description"]) <= 100
            assert len(option.get("choices", [])) <= 25
        assert options["seconds"]["max_value"] == round(abilities.max_frames / 24, 1)
        assert ("camera" in options) is abilities.prompt


async def test_it_can_be_used_everywhere_and_installed_by_everybody(world: LoopbackDiscord, bot: Bot) -> None:
    """Servers and people can install it, and use it in servers, in direct messages and in private conversations."""
    for command in world.commands:
        if command["name"] != "admin":
            assert (sorted(command["integration_types"]), sorted(command["contexts"])) == ([0, 1], [0, 1, 2])


async def test_choices_are_those_of_the_page(world: LoopbackDiscord, bot: Bot) -> None:
    """What can be chosen has the page's words, and a number has its limits."""
    options = offered(world)
    assert [one["name"] for one in options["camera"]["choices"]] == [move.label for move in CAMERA_MOVES.values()]
    assert [one["value"] for one in options["preset"]["choices"]] == ["fast", "balanced", "best"]
    assert (options["seed"]["min_value"], options["seed"]["max_value"]) == (0, 2**32 - 1)
    assert options["prompt"]["max_length"] == 2_000


async def test_a_wrong_value_is_explained_to_whoever_typed_it(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A value that Discord lets through but no video can have is explained, and nothing stays in the channel."""
    sent = await scene.ask(scene.anna, frames=34)
    assert "33" in (await whisper(sent)).text
    assert scene.channel.messages == []
    assert await bot.jobs() == []


async def test_own_prompts_are_offered_while_typing(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Whoever types is offered their own earlier prompts that hold what was typed, and nobody else's."""
    await scene.video(scene.anna, prompt="Boats at dawn")
    await scene.video(scene.anna, prompt="fog")
    await scene.video(scene.ben, prompt="boats of Ben")
    choices = await scene.anna.autocomplete(scene.channel, "animate", "prompt", "boats", image=PICTURE)
    assert [(one.name, one.value) for one in choices] == [("Boats at dawn", "Boats at dawn")]


async def test_a_long_prompt_can_be_chosen_again_whole(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A prompt that is longer than Discord can offer is shown shortened, and arrives whole when it is chosen."""
    prompt = "the boats sway " * 20 + "and the tide comes in"
    await scene.video(scene.anna, prompt=prompt)
    (choice,) = await scene.anna.autocomplete(scene.channel, "animate", "prompt", "TIDE comes", image=PICTURE)
    assert len(choice.name) <= 100
    assert len(choice.value) <= 100
    await scene.video(scene.anna, prompt=choice.value)
    assert [job.prompt for job in await bot.jobs()] == [prompt, prompt]


async def test_nobody_else_can_use_what_stands_for_a_long_prompt(
    world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour
) -> None:
    """Whoever sends what was offered to somebody else gets no job of their prompt, not even as an admin."""
    async with open_bot(rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        await scene.video(scene.anna, prompt="long " * 30)
        (choice,) = await scene.anna.autocomplete(scene.channel, "animate", "prompt", "long", image=PICTURE)
        answer = await whisper(await scene.ask(scene.ben, prompt=choice.value))
        assert "no such job" in answer.text
        assert len(await bot.jobs()) == 1


async def test_a_last_picture_can_be_given(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A second picture is what the video ends with."""
    await scene.video(scene.anna, end_image=Upload("end.png", b"the last one"))
    assert (await bot.only_job()).has_end_picture


async def test_a_private_request_is_seen_by_whoever_asks_only(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """With ``private`` neither the request nor the video is seen by anybody else."""
    message = await scene.video(scene.anna, private=True)
    assert message.is_ephemeral
    assert message.recipient is scene.anna
    assert scene.channel.messages == []


async def test_the_request_is_acknowledged_at_once(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Discord hears within a second that the request has arrived."""
    sent = await scene.ask(scene.anna, prompt="hold")
    assert sent.acknowledged_after_s is not None
    assert sent.acknowledged_after_s < 1


async def test_the_same_interaction_twice_is_one_job(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """A request that Discord tells the bot of twice is one job with one message."""
    sent = await scene.ask(scene.anna)
    await sent.until(has_video)
    await scene.repeat(sent)
    assert [job.requester.name for job in await bot.jobs()] == ["Anna", "Ben"]
    assert len(scene.channel.messages) == 2


async def test_a_request_whose_acknowledgement_is_lost_goes_on(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """Where only the confirmation of the acknowledgement was lost, the video comes into the message that is there."""
    world.faults.next("POST", "callback", lost_answer=True)
    await (await scene.ask(scene.anna)).until(has_video)
    await bot.until((await bot.only_job()).id, JobState.DELIVERED)
    assert len(scene.channel.messages) == 1


async def test_a_request_that_discord_gave_up_begins_nothing(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where Discord does not take the acknowledgement any more nothing is made: nobody would see it."""
    world.faults.next("POST", "callback", status=404, code=10062, count=None)
    sent = await scene.ask(scene.anna)
    assert sent.failed
    assert await bot.jobs() == []
    assert world.downloads == []


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        (Upload("a.png", b"broken"), "damaged"),
        (Upload("a.png", b"x" * 300_001), "too large"),
        (Upload("a.png", b"x" * 300_001, claimed_size_bytes=10), "too large"),
    ],
    ids=["broken", "large", "larger-than-it-says"],
)
async def test_a_picture_that_cannot_be_taken_is_explained(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, upload: Upload, reason: str, private: bool
) -> None:
    """A picture that cannot be taken is one sentence for whoever sent it; nothing is held, nothing keeps thinking."""
    answer = await whisper(await scene.ask(scene.anna, image=upload, private=private))
    assert reason in answer.text
    assert scene.anna.sees(scene.channel) == [answer]
    assert await bot.jobs() == []
    quota = await bot.services.quotas.view(f"discord:{scene.anna.id}")
    assert quota.held_mcr == 0


@pytest.mark.parametrize("call", [("DELETE", "@original"), ("POST", "webhooks")])
async def test_a_refusal_arrives_through_a_bad_connection(
    world: LoopbackDiscord, bot: Bot, scene: Harbour, call: tuple[str, str]
) -> None:
    """A refusal of which one call is cut off is still read, and nothing keeps thinking."""
    world.faults.next(*call, reset=True)
    answer = await whisper(await scene.ask(scene.anna, image=Upload("a.png", b"broken")))
    assert "damaged" in answer.text
    assert scene.channel.messages == []


async def test_a_picture_that_says_it_is_too_large_is_not_fetched(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """A file that is larger than pictures may be is refused by what Discord says of it."""
    sent = await scene.ask(scene.anna, image=Upload("a.png", b"x", claimed_size_bytes=300_001))
    assert "too large" in (await whisper(sent)).text
    assert world.downloads == []


async def test_nothing_is_fetched_from_elsewhere(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """A picture at an address that is not Discord's own is not fetched, and whoever asked reads what to do."""
    options = DiscordOptions(world.token, cdn_hosts={"cdn.discordapp.com"}, pace=FAST, pause_s=0.01)
    async with open_bot(options=options) as bot:
        assert "could not be fetched" in (await whisper(await scene.ask(scene.anna))).text
        assert world.downloads == []
        assert await bot.jobs() == []


async def test_a_picture_that_comes_at_the_second_try_is_enough(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """A hiccup of Discord's file servers is not the person's trouble."""
    world.faults.next("GET", "/cdn/", status=503)
    await scene.video(scene.anna)


async def test_only_the_chosen_channels_take_requests(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where a server has chosen channels, a request elsewhere is answered with where to go."""
    other = scene.guild.channel("videos")
    await bot.services.admin.run(
        ADMIN, "place-rooms", {"place": f"discord:{scene.guild.id}", "action": "add", "room": str(other.id)}
    )
    answer = await whisper(await scene.ask(scene.anna))
    assert other.mention in answer.text
    assert await bot.jobs() == []
    await scene.video(scene.anna, other)


async def test_age_restricted_channels_only_is_obeyed(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where a server wants it, videos are made in age-restricted channels only."""
    grown_up = scene.guild.channel("after-dark", nsfw=True)
    await bot.services.admin.run(ADMIN, "place-age-restricted", {"place": f"discord:{scene.guild.id}", "state": "on"})
    assert "age-restricted" in (await whisper(await scene.ask(scene.anna))).text
    await scene.video(scene.anna, grown_up)


async def test_a_role_gives_its_credits(world: LoopbackDiscord, open_bot: OpenBot, scene: Harbour) -> None:
    """Who has a role with a limit of its own in a server has that limit there; who has not, has the usual one."""
    crew = scene.guild.role("crew")
    scene.guild.join(scene.anna, roles=[crew])
    async with open_bot(rules=replace(PLACE_RULES, quota=QuotaLimits(Limit(0, 0)))) as bot:
        arguments = {"place": f"discord:{scene.guild.id}", "role": str(crew.id), "cap": "100", "per-day": "0"}
        await bot.services.admin.run(ADMIN, "place-tier", arguments)
        await scene.video(scene.anna)
        assert "not enough" in (await whisper(await scene.ask(scene.ben))).text


async def test_a_place_without_the_bot_has_no_rules(world: LoopbackDiscord, bot: Bot) -> None:
    """In a server where only the person has the bot, no limits of that server hold, and the video comes."""
    scene = harbour(world, bot_installed=False)
    await scene.video(scene.anna)
    job = await bot.only_job()
    assert job.origin.place == ""


async def test_many_chosen_channels_are_named_in_part(world: LoopbackDiscord, bot: Bot, scene: Harbour) -> None:
    """Where a server has chosen a hundred channels, whoever asks elsewhere is still told, with some of them."""
    boss = Caller(Requester("discord", "1"), manages=f"discord:{scene.guild.id}", has_admin_role=True)
    for number in range(100):
        room = {"place": f"discord:{scene.guild.id}", "action": "add", "room": str(10**18 + number)}
        await bot.services.admin.run(boss, "place-rooms", room)
    answer = await whisper(await scene.ask(scene.anna))
    assert 10 < answer.text.count("<#") < 100
    assert answer.text.endswith("…")


async def test_the_picture_of_somebody_who_is_refused_is_not_fetched(
    world: LoopbackDiscord, bot: Bot, scene: Harbour
) -> None:
    """Whoever may not ask is told so before anything is fetched."""
    boss = Caller(Requester("discord", "1"), has_admin_role=True)
    await bot.services.admin.run(boss, "ban", {"person": f"discord:{scene.anna.id}", "reason": "spam"})
    answer = await whisper(await scene.ask(scene.anna))
    assert "spam" in answer.text
    assert world.downloads == []
