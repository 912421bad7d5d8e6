"""Discord as a channel of the stories: the real bot on a loopback Discord, where all meet in one channel."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.adapters.discord.adapter import DiscordAdapter, DiscordOptions
from bot.service.clock import Clock
from bot.service.services import Services
from tests.adapters.discord.conftest import FAST
from tests.loopback.discord import Guild, LoopbackDiscord, Message, NotOffered, Person, Sent, Upload
from tests.stories.chat_text import credits_in, price_in, seen_in
from tests.stories.driver import OPERATOR, PEOPLE, Credits, Door, Seen, ToldNo, Wish

_INTEGER, _NUMBER = 4, 10  # kinds of a command's option


class Harbour:
    """A server with one channel and everybody in it."""

    def __init__(self, world: LoopbackDiscord, clock: Clock) -> None:
        self.world, self._clock = world, clock
        self.guild: Guild = world.guild("Harbour")
        self.channel = self.guild.channel("quay")
        self.people = {name: world.user(name) for name in (OPERATOR, *PEOPLE)}
        for name, person in self.people.items():
            # Discord shows an admin's commands to whoever manages the server; the bot asks who its own admins are.
            self.guild.join(person, permissions="MANAGE_GUILD" if name == OPERATOR else 0)
        self.messages: dict[str, Message] = {}  # by job

    @property
    def admin(self) -> str:
        return f"discord:{self.people[OPERATOR].id}"

    def new_life(self) -> "DiscordLife":
        options = DiscordOptions(self.world.token, cdn_hosts={self.world.cdn_host}, pace=FAST, pause_s=0.01)
        return DiscordLife(self.world, DiscordAdapter(options, self._clock))

    async def door(self, name: str) -> Door:
        return DiscordDoor(self, self.people[name])


class DiscordLife:
    """One login after another, until the bot stops."""

    def __init__(self, world: LoopbackDiscord, adapter: DiscordAdapter) -> None:
        self._world, self._adapter = world, adapter
        self.channel = adapter.channel

    @asynccontextmanager
    async def serve(self, services: Services) -> AsyncIterator[None]:
        running = asyncio.create_task(self._adapter.run(services))
        try:
            await self._world.until_ready()
            yield
        finally:
            running.cancel()
            await asyncio.wait({running})
            await self._world.until(lambda: not self._world.gateway.connections)


class DiscordDoor:
    """What one person does in the channel: commands, presses, forms."""

    def __init__(self, harbour: Harbour, person: Person) -> None:
        self._harbour, self._world, self._person = harbour, harbour.world, person

    async def ask(self, wish: Wish) -> str:
        return await self._accepted(await self._animate(wish))

    async def ask_twice(self, wish: Wish) -> None:
        sent = await self._animate(wish)
        self._world.world.send("INTERACTION_CREATE", dict(sent.interaction.payload), self._harbour.guild)
        await self._accepted(sent)
        # Both have come so far as to fetch the picture: what is sent after this is taken after both.
        await self._world.until(lambda: len(self._world.downloads) == 2)

    async def until(self, job: str, is_so: Callable[[Seen], bool]) -> Seen:
        message = self._harbour.messages[job]
        seen: list[Seen] = []

        def looks_so() -> bool:
            seen.append(_seen(message))
            return is_so(seen[-1])

        await self._world.until(looks_so, about=f"what is seen of a job, now {message!r}")
        return seen[-1]

    async def video(self, job: str) -> bytes:
        return self._harbour.messages[job].videos[0].data

    async def fetch(self, job: str) -> bytes:
        results = await self._whispered(await self._command("history"))
        answer = await self._whispered(await self._person.press(results, f"job:{job}:send"))
        return answer.videos[0].data

    async def cancel(self, job: str) -> None:
        sent, message = await self._press(job, "Cancel"), self._harbour.messages[job]
        await self._world.until(lambda: sent.followups or _seen(message).is_over, about="what a cancel does")
        await self._quietly(sent)

    async def again(self, job: str) -> str:
        return await self._accepted(await self._press(job, "Again"))

    async def best(self, job: str) -> str:
        return await self._accepted(await self._press(job, "Best quality"))

    async def edit(self, job: str, prompt: str) -> str:
        form = await self._press(job, "Edit prompt")
        await self._quietly(form)
        return await self._accepted(await self._person.submit(form.modal, {"Prompt": prompt}))

    async def delete(self, job: str) -> None:
        form = await self._press(job, "Delete")
        await self._quietly(form)
        sent = await self._person.submit(form.modal)
        message = self._harbour.messages[job]
        await self._world.until(lambda: message.deleted or sent.followups)
        await self._quietly(sent)

    async def report(self, job: str, reason: str) -> None:
        form = await self._press(job, "Report")
        await self._quietly(form)
        await self._whispered(await self._person.submit(form.modal, {"reason": reason}))

    async def price(self, preset: str) -> float:
        return price_in((await self._whispered(await self._command("quota"))).text, preset)

    async def credits(self) -> Credits:
        return credits_in((await self._whispered(await self._command("quota"))).text)

    async def history(self) -> list[str]:
        text = (await self._whispered(await self._command("history"))).text
        return [_plain(prompt) for prompt in re.findall(r"^\*\*(.*)\*\*$", text, re.MULTILINE)]

    async def forget_me(self) -> None:
        question = await self._whispered(await self._command("forget-me"))
        done = await self._person.press(question, "Delete everything")
        await done.until(lambda message: "deleted" in message.text and not message.labels)

    async def stored(self) -> Mapping[str, object]:
        about = await self._whispered(await self._command("privacy"))
        sent = await self._person.press(about, "Export my data")
        message = await sent.until(lambda message: message.attachments)
        stored: Mapping[str, object] = json.loads(message.attachments[0].data)
        return stored

    async def command(self, name: str, arguments: Mapping[str, str]) -> str:
        people = self._harbour.people
        given = {key: people[value] if key == "person" else value for key, value in arguments.items()}
        try:
            sent = await self._command(f"admin {name}", **given)
        except NotOffered as hidden:
            raise ToldNo(str(hidden)) from hidden
        answer = await self._whispered(sent)
        sure = f"Yes, {name}"
        if sure in answer.labels:
            done = await self._person.press(answer, sure)
            answer = await done.until(lambda message: sure not in message.labels)
        return _plain(answer.text)

    async def _animate(self, wish: Wish) -> Sent:
        kinds = {option["name"]: option["type"] for option in self._options("animate")}
        given: dict[str, Any] = {"image": Upload("picture.png", wish.picture, "image/png"), "prompt": wish.prompt}
        if wish.end_picture is not None:
            given["end_image"] = Upload("end.png", wish.end_picture, "image/png")
        for name, text in wish.options.items():
            given[name] = {_INTEGER: int, _NUMBER: float}.get(kinds[name], str)(text)
        return await self._command("animate", **given)

    def _options(self, command: str) -> list[dict[str, Any]]:
        found = next(one for one in self._world.commands if one["name"] == command)
        options: list[dict[str, Any]] = found["options"]
        return options

    async def _command(self, name: str, **options: Any) -> Sent:
        return await self._person.command(self._harbour.channel, name, **options)

    async def _press(self, job: str, button: str) -> Sent:
        message = self._harbour.messages[job]
        if button not in message.labels:
            raise ToldNo(f"There is no button {button}.")
        return await self._person.press(message, button)

    async def _accepted(self, sent: Sent) -> str:
        """Wait for the job's message and return the job's id, or raise what the person is told instead."""
        pressed = sent.interaction.source

        def answer() -> Message | None:
            if sent.followups:
                return sent.followups[0]
            response = sent.response
            is_new = response is not None and response is not pressed and not response.is_loading
            return response if is_new else None

        message = await self._world.until(answer, about="a job's message, or a refusal")
        assert message is not None
        assert not sent.failed
        found = next((re.match(r"job:(\w+):", button.custom_id or "") for button in message.buttons), None)
        if found is None:
            raise ToldNo(_plain(message.text))
        self._harbour.messages[found[1]] = message
        return found[1]

    async def _quietly(self, sent: Sent) -> None:
        """Raise what the person is told, where an action that needs no words has some."""
        pressed = sent.interaction.source
        for answer in (*sent.followups, sent.response):
            if answer is not None and answer is not pressed and not answer.is_loading:
                raise ToldNo(_plain(answer.text))

    async def _whispered(self, sent: Sent) -> Message:
        """Wait for what the person alone sees."""

        def found() -> Message | None:
            there = [sent.response, *sent.followups]
            return next((one for one in there if one is not None and one.is_ephemeral and not one.is_loading), None)

        message = await self._world.until(found, about="an answer for one person")
        assert message is not None
        return message


def _seen(message: Message) -> Seen:
    is_under_way = message.is_loading or "Cancel" in message.labels
    return seen_in(_plain(message.text), has_video=bool(message.videos), is_under_way=is_under_way)


def _plain(text: str) -> str:
    """Return what Discord shows of a text: without the marks that keep Markdown and mentions from working."""
    return re.sub(r"\\([^\w\s])", r"\1", text).replace("\u200b", "")
