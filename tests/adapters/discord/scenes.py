"""What most stories on Discord begin with: a server, two people in it, and a picture."""

from dataclasses import dataclass
from typing import Any

from tests.loopback.discord import Channel, Guild, LoopbackDiscord, Message, Person, Sent, Upload, payloads

PICTURE = Upload("harbour.png", b"a picture, as any other", "image/png")


@dataclass(frozen=True)
class Harbour:
    """A server with a channel, in which Anna and Ben are."""

    world: LoopbackDiscord
    guild: Guild
    channel: Channel
    anna: Person
    ben: Person

    async def ask(self, person: Person, place: Channel | None = None, **options: Any) -> Sent:
        """Have a person ask for a video, in the channel and of the usual picture if nothing else is named."""
        await self.world.until_ready()
        given = {"image": PICTURE, "prompt": "the boats sway", **options}
        return await person.command(place or self.channel, "animate", **given)

    async def video(self, person: Person, place: Channel | None = None, **options: Any) -> Message:
        """Return the message with the video that a person has asked for."""
        return await (await self.ask(person, place, **options)).until(has_video)

    async def repeat(self, sent: Sent) -> None:
        """Have Discord send the very same event once more, and wait until the bot has dealt with it."""
        interaction = sent.interaction
        about = (
            {} if interaction.source is None else {"message": payloads.message(self.world.world, interaction.source)}
        )
        looked_up = len(self.world.calls_to("GET", "@original"))
        self.world.world.send("INTERACTION_CREATE", interaction.payload | about, self.guild)
        await self.world.until(lambda: len(self.world.calls_to("GET", "@original")) > looked_up)
        await self.video(self.ben)  # what comes later is done: what came before is, too


def harbour(world: LoopbackDiscord, *, bot_installed: bool = True) -> Harbour:
    """Make the server; where the bot is not installed Anna and Ben have brought it along."""
    guild = world.guild("Harbour", bot_installed=bot_installed)
    anna, ben = (world.user(name, has_installed=not bot_installed) for name in ("anna", "ben"))
    for person in (anna, ben):
        guild.join(person, permissions="USE_EXTERNAL_APPS")
    return Harbour(world, guild, guild.channel("quay"), anna, ben)


def has_video(message: Message) -> bool:
    return bool(message.videos)


async def whisper(sent: Sent) -> Message:
    """Wait for what an action is answered with for the person's eyes only, beside what it was done on."""

    def found() -> Message | None:
        there = [*sent.followups, *([sent.response] if sent.response is not sent.interaction.source else [])]
        return next((one for one in there if one is not None and one.is_ephemeral and not one.is_loading), None)

    message = await sent.changes.until(found)
    assert message is not None
    assert message.recipient is sent.interaction.user
    return message
