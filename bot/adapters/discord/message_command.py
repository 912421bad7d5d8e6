"""The command "Animate" in the menu of any message: a form for the first picture in it."""

from collections import OrderedDict
from pathlib import PurePosixPath

import discord
from discord import app_commands

from bot.adapters.discord.animate_command import submit
from bot.adapters.discord.client import FormAction
from bot.adapters.discord.desk import Asking, Desk
from bot.adapters.discord.downloads import Linked
from bot.adapters.discord.form_fields import MAX_FIELDS, PROMPT, option_fields, prompt_field
from bot.adapters.discord.forms import filled, giving_back, open_form
from bot.adapters.discord.people import Interaction
from bot.adapters.discord.refusing import Declined, say
from bot.adapters.discord.trouble import ContentBlocked, MessageGone, NoWay, TokenRevoked, plain_errors
from bot.service.clock import Clock
from bot.service.delivery import TooLarge, TryLater
from bot.service.views import JobView

KIND = "message"
NAME = "Animate"

_NO_PICTURE = "No picture is attached to this message. Please choose one that has one, or use /animate."
_ONCE_MORE = "The picture of that message is not known any more. Please choose Animate in its menu again."
_EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".heic", ".heif"})
_KEPT_MS = 15 * 60 * 1000
_KEPT_AT_MOST = 1_000


class ChosenPictures:
    """Which picture each open form is about, for a while; the oldest make room for new ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pictures: OrderedDict[tuple[int, int], tuple[int, Linked]] = OrderedDict()

    def keep(self, person: int, message: int, picture: Linked) -> None:
        """Remember what a person has chosen."""
        self._pictures.pop((person, message), None)
        self._pictures[person, message] = (self._clock.now_ms() + _KEPT_MS, picture)
        while len(self._pictures) > _KEPT_AT_MOST:
            self._pictures.popitem(last=False)

    def find(self, person: int, message: int) -> Linked | None:
        """Return what the person has chosen in that message; None where that is too long ago."""
        until_ms, picture = self._pictures.get((person, message), (0, None))
        return picture if self._clock.now_ms() < until_ms else None


def message_command(desk: Desk, chosen: ChosenPictures) -> app_commands.ContextMenu:
    """Return the command."""

    async def animate(interaction: discord.Interaction, message: discord.Message) -> None:
        picture = first_picture(message)
        if picture is None:
            await say(interaction, _NO_PICTURE)
            return
        chosen.keep(interaction.user.id, message.id, picture)
        fields = [prompt_field(), *option_fields(desk.services.offers.options, MAX_FIELDS - 1)]
        await open_form(interaction, "Animate this picture", KIND, str(message.id), fields)

    return app_commands.ContextMenu(name=NAME, callback=animate)


def message_action(desk: Desk, chosen: ChosenPictures) -> FormAction:
    """Return what is done with the form."""

    async def submitted(interaction: Interaction, rest: str) -> None:
        async def make(asking: Asking) -> JobView:
            message, texts = int(rest), dict(filled(interaction).texts)
            prompt = texts.pop(PROMPT, "")
            with giving_back(prompt):
                picture = chosen.find(interaction.user.id, message) or await _look_again(interaction, message)
                return await submit(desk, asking, picture, None, prompt, texts)

        await desk.take(interaction, make)

    return submitted


def first_picture(message: discord.Message) -> Linked | None:
    """Return the first picture that is attached to a message, or to one that is forwarded in it."""
    forwarded = [attachment for snapshot in message.message_snapshots for attachment in snapshot.attachments]
    return next(filter(_is_picture, [*message.attachments, *forwarded]), None)


def _is_picture(attachment: discord.Attachment) -> bool:
    kind = attachment.content_type or ""
    return kind.startswith("image/") or PurePosixPath(attachment.filename).suffix.lower() in _EXTENSIONS


async def _look_again(interaction: Interaction, message: int) -> Linked:
    """Return the picture of a message that was chosen before a restart. Raises Declined.

    Only in the channel where the form was sent: there whoever sent it can see the message themselves.
    """
    channel = interaction.client.get_partial_messageable(interaction.channel_id or 0)
    try:
        with plain_errors():
            picture = first_picture(await channel.fetch_message(message))
    except (NoWay, MessageGone, ContentBlocked, TokenRevoked, TooLarge, TryLater) as error:
        raise Declined(_ONCE_MORE) from error
    if picture is None:  # without the privileged intent Discord leaves the attachments of others out
        raise Declined(_ONCE_MORE)
    return picture
