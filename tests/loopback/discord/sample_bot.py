"""A small bot made with discord.py, to try the loopback with: one of each thing that a real one does."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import discord
from discord import app_commands, ui

from .server import LoopbackDiscord

Client = discord.Client
Seen = discord.Interaction[discord.Client]


class Again(ui.DynamicItem[ui.Button[ui.View]], template=r"again:(?P<number>\d+)"):
    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(ui.Button(label="Again", custom_id=f"again:{number}"))

    @classmethod
    async def from_custom_id(cls, _interaction: Seen, _item: ui.Item[Any], match: re.Match[str], /) -> Self:
        return cls(int(match["number"]))

    async def callback(self, interaction: Seen) -> None:
        await interaction.response.edit_message(content=f"again {self.number}", view=None)


class Details(ui.Modal, title="Details"):
    words: ui.Label[Self] = ui.Label(text="Words", component=ui.TextInput(default="push in"))
    picture: ui.Label[Self] = ui.Label(text="Picture", component=ui.FileUpload(min_values=1, max_values=1))

    async def on_submit(self, interaction: Seen) -> None:
        assert isinstance(self.words.component, ui.TextInput)
        assert isinstance(self.picture.component, ui.FileUpload)
        data = await self.picture.component.values[0].read()
        await interaction.response.send_message(f"{self.words.component.value}: {len(data)} bytes", ephemeral=True)


class Card(ui.LayoutView):
    def __init__(self, filename: str) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.TextDisplay("Here it is"))
        self.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{filename}")))


class SampleBot(discord.Client):
    """/echo defers and edits, /say answers at once, /details opens a form, /slow never answers."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        self.interactions: list[Seen] = []
        self.resumed = 0
        for callback in (self._echo, self._say, self._details, self._slow):
            self.tree.add_command(app_commands.Command(name=callback.__name__[1:], description="-", callback=callback))
        everywhere = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
        for command in self.tree.get_commands():
            assert isinstance(command, app_commands.Command)
            command.allowed_contexts = everywhere
            command.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
        self.tree.add_command(app_commands.ContextMenu(name="Look", callback=self._look))
        say = self.tree.get_command("say")
        assert isinstance(say, app_commands.Command)
        say.autocomplete("text")(self._suggest)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Again)
        await self.tree.sync()

    async def before_identify_hook(self, _shard_id: int | None, *, initial: bool = False) -> None:
        del initial  # the library waits five seconds before it identifies anew; a story does not

    async def on_resumed(self) -> None:
        self.resumed += 1

    async def _echo(self, interaction: Seen, image: discord.Attachment, name: str = "out.mp4") -> None:
        self._note(interaction, f"echo {image.filename}")
        await interaction.response.defer(thinking=True)
        data = await image.read()
        await interaction.edit_original_response(
            attachments=[discord.File(io.BytesIO(data), name)],
            view=Card(name),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    async def _say(self, interaction: Seen, text: str) -> None:
        self._note(interaction, f"say {text}")
        view = ui.View(timeout=None)
        view.add_item(Again(7))
        await interaction.response.send_message(text, view=view)

    async def _suggest(self, _interaction: Seen, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=word, value=word) for word in ("harbour", "hall") if word.startswith(typed)]

    async def _details(self, interaction: Seen) -> None:
        self._note(interaction, "details")
        await interaction.response.send_modal(Details())

    async def _slow(self, interaction: Seen) -> None:
        self._note(interaction, "slow")

    async def _look(self, interaction: Seen, message: discord.Message) -> None:
        self._note(interaction, "look")
        await interaction.response.send_message(f"{len(message.attachments)} files", ephemeral=True)

    def _note(self, interaction: Seen, what: str) -> None:
        self.interactions.append(interaction)
        self.heard.append(what)


@asynccontextmanager
async def running(server: LoopbackDiscord, bot: SampleBot | None = None) -> AsyncIterator[SampleBot]:
    """The bot, logged in and ready; the library must have been pointed at the server before."""
    import asyncio

    bot = bot or SampleBot()
    life = asyncio.create_task(bot.start(server.token))
    try:
        await server.until_ready()
        await bot.wait_until_ready()
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(life, return_exceptions=True)
