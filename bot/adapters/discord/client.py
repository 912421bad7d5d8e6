"""The client: discord.py with our commands, buttons and forms; made anew for each connection that was given up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import discord
import structlog
from discord import app_commands

from bot.adapters.discord.job_buttons import Action, JobButton
from bot.adapters.discord.refusing import say
from bot.domain.job_verbs import Verb
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused

log = structlog.get_logger(__name__)

#: Discord takes one new session in so many seconds.
IDENTIFY_EVERY_S = 5.0

_LONGEST_WAIT_S = 30.0  # for a rate limit, inside the library; what is longer is planned by us


class AnimateClient(discord.AutoShardedClient):
    """One login."""

    job_actions: Mapping[Verb, Action]

    def __init__(
        self,
        on_login: Callable[[discord.Client], None],
        on_connection: Callable[[], Awaitable[None]],
        identify_every_s: float = IDENTIFY_EVERY_S,
    ) -> None:
        # Or each start warns that the libraries for voice are missing.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_ratelimit_timeout=_LONGEST_WAIT_S,
        )
        self.tree = CommandTree(self)
        self.form_actions: dict[str, FormAction] = {}
        self.job_actions = {}
        self._on_login, self._identify_every_s = on_login, identify_every_s
        self._on_connection = on_connection

    async def setup_hook(self) -> None:
        self.add_dynamic_items(JobButton)
        self._on_login(self)

    async def on_connect(self) -> None:
        await self._on_connection()

    async def on_resumed(self) -> None:
        await self._on_connection()

    async def on_ready(self) -> None:
        log.info("on Discord", name=str(self.user), servers=len(self.guilds))

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not initial:
            await asyncio.sleep(self._identify_every_s)

    async def on_interaction(self, interaction: "discord.Interaction[Any]") -> None:
        """Hand a form to whoever made it, by its id alone: it may have been opened before a restart."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        kind, _, rest = str(cast("Any", interaction.data)["custom_id"]).partition(":")
        action = self.form_actions.get(kind)
        if action is None:
            log.info("an unknown form was sent", kind=kind)
            await say(interaction, "This form is from an earlier version of the bot. Please open it again.")
        else:
            await guarded(interaction, action(interaction, rest))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        # The library calls this while it handles the error.
        log.error("an event could not be handled", gateway_event=event_method, exc_info=True)  # noqa: LOG014


FormAction = Callable[["discord.Interaction[Any]", str], Any]


class CommandTree(app_commands.CommandTree[AnimateClient]):
    """The commands, usable in servers, direct messages and private channels, installed by servers and by people."""

    def __init__(self, client: AnimateClient) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )

    async def on_error(
        self, interaction: "discord.Interaction[AnimateClient]", error: app_commands.AppCommandError, /
    ) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            log.info("a command from before an update was used", reason=str(error))
            await say(interaction, "This command has changed. Please reload Discord (Ctrl+R) and try again.")
            return
        log.error("a command broke", exc_info=error.__cause__ or error)
        await broke(interaction)


async def guarded(interaction: "discord.Interaction[Any]", action: Any) -> None:
    """Await what a press or a form begins; a bug in it is told, with its traceback in the log only."""
    try:
        await action
    except Exception:  # the dispatch must survive, and whoever pressed must not wait for ever
        log.exception("an interaction broke", interaction=interaction.id)
        await broke(interaction)


async def broke(interaction: "discord.Interaction[Any]") -> None:
    """Say that something broke, where nothing has been said yet."""
    if not interaction.response.is_done():
        await say(interaction, sentence(Refused(RefusalCode.BROKEN)))
