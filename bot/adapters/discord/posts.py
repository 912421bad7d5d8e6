"""Posts: messages of jobs, edited and sent by whatever way is open: the interaction's token, or the bot's own."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import discord

from bot.adapters.discord.address import Address
from bot.adapters.discord.trouble import MessageGone, NoWay, TokenRevoked, plain_errors
from bot.service.clock import Clock
from bot.service.delivery import TryLater

#: Stands for a message's id in the interaction's own paths.
_ORIGINAL = "@original"
_LOOK_BACK_MESSAGES = 100  # one page
_MOST_ENDED_TOKENS = 10_000  # of a quarter of an hour

#: Makes the files of a message: each try needs new ones, because the library closes what it has sent.
Files = Callable[[], list[discord.File]]


class Posts:
    """The calls that reach a job's message. Raises what ``plain_errors`` raises, and TryLater without a login."""

    def __init__(self, clock: Clock, on_revoked: Callable[[], None]) -> None:
        self._clock, self._on_revoked = clock, on_revoked
        self._client: discord.Client | None = None
        self._has_login = asyncio.Event()
        self._ended_tokens: set[str] = set()

    def use(self, client: discord.Client | None) -> None:
        """Speak through this client from now on; None: there is no login."""
        self._client = client
        if client is None:
            self._has_login.clear()
        else:
            self._has_login.set()

    async def until_login(self) -> None:
        """Wait until there is a login."""
        await self._has_login.wait()

    async def edit(self, address: Address, card: discord.ui.LayoutView, files: Files | None) -> Address:
        """Show a card instead of what the message shows; return its address as it is known now.

        ``files`` replace those that it has; None: they stay. Raises NoWay where no way is left, and MessageGone.
        """
        reason = NoWay("no way is open")
        if self._has_token(address):
            try:
                return replace(address, message=await self._edit_by_token(address, card, files))
            except NoWay as closed:  # it has ended early: Discord ends tokens of removed apps
                self._forget_token(address.token)
                reason = closed
        if address.is_open_to_bot:
            await self._edit_by_bot(address, card, files)
            return address if self._has_token(address) else replace(address, token="")
        raise reason

    async def reply(self, address: Address, text: str, nonce: str, user: int) -> int:
        """Answer a job's message with a short line that calls the person.

        Return its id where the bot's own token can delete it, else 0. Raises NoWay.
        """
        mention = discord.AllowedMentions(users=[discord.Object(user)], replied_user=False)
        reason = NoWay("no way is open")
        if address.is_open_to_bot:
            message = self._channel(address.channel).get_partial_message(address.message)
            reference = message.to_reference(fail_if_not_exists=False)
            try:
                with self._errors():
                    call = await self._channel(address.channel).send(
                        text, nonce=nonce, reference=reference, allowed_mentions=mention
                    )
                return call.id
            except NoWay as closed:  # it may edit what it has, and not send
                reason = closed
        if not self._has_token(address):
            raise reason
        with _token_errors():
            await self._webhook(address).send(text, ephemeral=address.private, allowed_mentions=mention)
        return 0

    async def send(self, channel: int, card: discord.ui.LayoutView, files: Files | None, nonce: str) -> Address:
        """Send a new message by the bot's own token and return its address; the same nonce gives the same message."""
        with self._errors():
            message = await self._channel(channel).send(view=card, files=[] if files is None else files(), nonce=nonce)
        return Address(self._application, channel, message.id, by_bot=True)

    async def say(self, channel: int, text: str, nonce: str) -> None:
        """Send a plain text by the bot's own token; the same nonce gives the same message."""
        with self._errors():
            await self._channel(channel).send(text, nonce=nonce)

    async def direct_channel(self, user: int) -> int:
        """Return the channel of direct messages with a person."""
        with self._errors():
            channel = await self._connected().create_dm(discord.Object(user))
        return channel.id

    async def find(self, channel: int, job_id: str) -> Address | None:
        """Return our newest message in a channel that belongs to a job. Raises NoWay where it cannot be read."""
        me = self._connected().user
        with self._errors():
            async for message in self._channel(channel).history(limit=_LOOK_BACK_MESSAGES):
                if me is not None and message.author.id == me.id and _belongs_to(message, job_id):
                    return Address(self._application, channel, message.id, by_bot=True)
        return None

    async def delete(self, address: Address) -> None:
        """Delete a job's message, if it is still there. Raises NoWay."""
        try:
            if address.is_open_to_bot:
                with self._errors():
                    await self._channel(address.channel).get_partial_message(address.message).delete()
            elif self._has_token(address):
                with _token_errors():
                    await self._webhook(address).delete_message(_message_of(address))
            else:
                raise NoWay("no way is open")
        except MessageGone:
            return

    async def _edit_by_token(self, address: Address, card: discord.ui.LayoutView, files: Files | None) -> int:
        webhook = self._webhook(address)
        with _token_errors():
            attachments = discord.utils.MISSING if files is None else files()
            message = await webhook.edit_message(_message_of(address), view=card, attachments=attachments)
        return message.id

    async def _edit_by_bot(self, address: Address, card: discord.ui.LayoutView, files: Files | None) -> None:
        message = self._channel(address.channel).get_partial_message(address.message)
        with self._errors():
            if files is None:
                await message.edit(view=card)
            else:
                await message.edit(view=card, attachments=files())

    def _has_token(self, address: Address) -> bool:
        return address.has_token(self._clock.now_ms() / 1000) and address.token not in self._ended_tokens

    def _forget_token(self, token: str) -> None:
        """Not try a token again that Discord has refused: such calls count, and ten thousand of them ban the bot."""
        if len(self._ended_tokens) >= _MOST_ENDED_TOKENS:
            self._ended_tokens.clear()
        self._ended_tokens.add(token)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with plain_errors():
                yield
        except TokenRevoked as revoked:
            self._on_revoked()
            raise TryLater from revoked

    @property
    def _application(self) -> int:
        return self._connected().application_id or 0

    def _channel(self, channel: int) -> discord.PartialMessageable:
        return self._connected().get_partial_messageable(channel)

    def _webhook(self, address: Address) -> discord.Webhook:
        webhook = discord.Webhook.partial(address.application, address.token, client=self._connected())
        webhook.type = discord.WebhookType.application  # an interaction's: else the library sends nothing ephemeral
        return webhook

    def _connected(self) -> discord.Client:
        if self._client is None:
            raise TryLater
        return self._client


@contextmanager
def _token_errors() -> Iterator[None]:
    """``plain_errors`` of a call by an interaction's token: a 401 is about that token, not about the bot's."""
    try:
        with plain_errors():
            yield
    except TokenRevoked as over:
        raise NoWay("the interaction's token is over") from over


def _message_of(address: Address) -> int:
    # The library types an id and formats whatever it gets into the path, where Discord takes this word as well.
    return address.message or cast("int", _ORIGINAL)


def _belongs_to(message: discord.Message, job_id: str) -> bool:
    """Whether a message is a job's status message: its video or its buttons say so."""
    is_its_video = any(job_id in attachment.filename for attachment in message.attachments)
    return is_its_video or any(f":{job_id}:" in custom_id for custom_id in _custom_ids(message.components))


def _custom_ids(components: Sequence[object]) -> Iterator[str]:
    for component in components:
        yield getattr(component, "custom_id", None) or ""
        yield from _custom_ids(getattr(component, "children", ()))
