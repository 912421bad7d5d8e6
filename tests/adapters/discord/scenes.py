"""What most stories on Discord begin with: a server, two people in it, and a picture."""

from dataclasses import dataclass
from typing import Any

from tests.loopback.discord import Channel, Guild, LoopbackDiscord, Message, Person, Sent, Upload

PICTURE = Upload("harbour.png", b"a picture, as any other", "image/png")


@dataclass(frozen=True)
class Harbour:
    """A server with a channel, in which Anna and Ben are."""

    guild: Guild
    channel: Channel
    anna: Person
    ben: Person


def harbour(world: LoopbackDiscord, *, bot_installed: bool = True) -> Harbour:
    """Make the server; without the bot Anna and Ben have brought it along."""
    guild = world.guild("Harbour", bot_installed=bot_installed)
    anna, ben = (world.user(name, has_installed=not bot_installed) for name in ("anna", "ben"))
    for person in (anna, ben):
        guild.join(person, permissions="USE_EXTERNAL_APPS")
    return Harbour(guild, guild.channel("quay"), anna, ben)


async def ask(person: Person, place: Channel, **options: Any) -> Sent:
    """Have a person ask for a video, of the usual picture if no other is named."""
    return await person.command(place, "animate", **{"image": PICTURE, "prompt": "the boats sway", **options})


async def video_of(person: Person, place: Channel, **options: Any) -> Message:
    """Return the message with a person's finished video."""
    return await (await ask(person, place, **options)).until(has_video)


def has_video(message: Message) -> bool:
    return bool(message.videos)
