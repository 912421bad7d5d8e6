"""Telegram as a channel of the stories: the real bot on a loopback Telegram, where all ask in one group.

What is for one person's eyes, each does in their own chat with the bot.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from bot.adapters.telegram.adapter import TelegramAdapter
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.service.clock import Clock
from bot.service.services import Services
from tests.adapters.telegram.conftest import quick
from tests.loopback.house import PATIENCE_S
from tests.loopback.telegram import Chat, LoopbackTelegram, Message, Person, Pressed
from tests.stories.chat_text import credits_in, price_in, seen_in
from tests.stories.driver import OPERATOR, PEOPLE, Credits, Door, Seen, ToldNo, Wish

_NOT_ALLOWED = sentence(Refused(RefusalCode.NOT_ALLOWED))


class Quay:
    """A group with everybody in it, and each one's own chat with the bot."""

    def __init__(self, telegram: LoopbackTelegram, clock: Clock) -> None:
        self.telegram, self._clock = telegram, clock
        self.group = telegram.supergroup("Harbour", privacy=False)  # so that all pieces of an album are heard
        self.people = {name: telegram.user(name) for name in (OPERATOR, *PEOPLE)}
        for name, person in self.people.items():
            self.group.join(person, admin=name == OPERATOR)
        self._messages: dict[str, Message] = {}  # by job, as last seen

    @property
    def admin(self) -> str:
        return f"telegram:{self.people[OPERATOR].id}"

    def new_life(self) -> "TelegramLife":
        options = quick(self.telegram, admins=frozenset({self.people[OPERATOR].id}))
        return TelegramLife(TelegramAdapter(options, self._clock))

    async def door(self, name: str) -> Door:
        return TelegramDoor(self, self.people[name])

    def message_of(self, job: str) -> Message:
        """Return the job's message: of two the last, because a bot that died may not know that it had sent one."""
        shown = [message for message in self.group.of_bot if _job_of(message) == job]
        if shown:
            self._messages[job] = shown[-1]
        return self._messages[job]

    def knows(self, job: str) -> bool:
        """Whether somebody has looked at a job before."""
        return job in self._messages


class TelegramLife:
    """Polls until the bot stops."""

    def __init__(self, adapter: TelegramAdapter) -> None:
        self._adapter = adapter
        self.channel = adapter.channel

    @asynccontextmanager
    async def serve(self, services: Services) -> AsyncIterator[None]:
        running = asyncio.create_task(self._adapter.run(services))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._adapter.until_ready()
            yield
        finally:
            running.cancel()
            await asyncio.wait({running})


class TelegramDoor:
    """What one person does: photos with captions, replies, presses, commands."""

    def __init__(self, quay: Quay, person: Person) -> None:
        self._quay, self._telegram, self._person = quay, quay.telegram, person
        self._private = quay.telegram.private(person)

    async def ask(self, wish: Wish) -> str:
        return await self._accepted(self._send(wish))

    async def ask_twice(self, wish: Wish) -> None:
        [photo] = self._send(wish)
        [update] = [one for one in self._telegram.updates if _is_about(one, photo)]
        self._telegram.repeats(update)
        await self._accepted([photo])
        await self._telegram.until_confirmed()  # both: what is sent after this is taken after them

    async def until(self, job: str, is_so: Callable[[Seen], bool]) -> Seen:
        seen: list[Seen] = []

        def looks_so() -> bool:
            seen.append(_seen(self._quay.message_of(job)))
            return is_so(seen[-1])

        await self._telegram.until(looks_so, about=f"what is seen of a job, now {self._quay.message_of(job)!r}")
        return seen[-1]

    async def video(self, job: str) -> bytes:
        return _video(self._quay.message_of(job))

    async def fetch(self, job: str) -> bytes:
        results = await self._command("history")
        wanted = f"job:{job}:send"
        label = next(button.label for button in results.buttons if button.data == wanted)
        await self._pressed(results, label)
        return _video(await self._next_in(self._private, after=results, is_so=lambda one: one.video is not None))

    async def cancel(self, job: str) -> None:
        message = self._quay.message_of(job)
        await self._pressed(message, "Cancel")
        await self._telegram.until(lambda: _seen(message).is_over, about="what a cancel does")

    async def again(self, job: str) -> str:
        return await self._made_by(job, "Again")

    async def best(self, job: str) -> str:
        return await self._made_by(job, "Best quality")

    async def edit(self, job: str, prompt: str) -> str:
        message = self._quay.message_of(job)
        await self._pressed(message, "Edit prompt")
        question = await self._next_in(self._quay.group, after=message, is_so=lambda one: one.force_reply is not None)
        return await self._accepted([self._person.sends(self._quay.group, prompt, reply_to=question)])

    async def delete(self, job: str) -> None:
        message = self._quay.message_of(job)
        await self._pressed(message, "Delete")
        await self._telegram.until(lambda: "Yes, delete" in message.labels, about="the question before a deletion")
        await self._pressed(message, "Yes, delete")
        await self._telegram.until(lambda: message.deleted, about="a deletion")

    async def report(self, job: str, reason: str) -> None:
        await self._answered(
            self._person.sends(self._quay.group, f"/report {reason}", reply_to=self._quay.message_of(job))
        )

    async def price(self, preset: str) -> float:
        return price_in((await self._command("quota")).text, preset)

    async def credits(self) -> Credits:
        return credits_in((await self._command("quota")).text)

    async def history(self) -> list[str]:
        return [entity.text for entity in (await self._command("history")).entities if entity.type == "bold"]

    async def forget_me(self) -> None:
        question = await self._command("forget_me")
        await self._pressed(question, "Delete everything")
        await self._telegram.until(lambda: "deleted" in question.text and not question.labels, about="being forgotten")

    async def stored(self) -> Mapping[str, object]:
        about = await self._command("privacy")
        await self._pressed(about, "Export my data")
        message = await self._next_in(self._private, after=about, is_so=lambda one: one.document is not None)
        assert message.document is not None
        stored: Mapping[str, object] = json.loads(message.document.data)
        return stored

    async def command(self, name: str, arguments: Mapping[str, str]) -> str:
        given = [self._id_of(value) if key == "person" else value for key, value in arguments.items()]
        answer = await self._command(" ".join([name.replace("-", "_"), *given]))
        if answer.text == _NOT_ALLOWED:
            raise ToldNo(answer.text)
        sure = next((label for label in answer.labels if label.startswith("Yes")), None)
        if sure is not None:
            await self._pressed(answer, sure)
            await self._telegram.until(lambda: not answer.labels, about=f"what /{name} does")
        return answer.text

    def _id_of(self, name: str) -> str:
        return f"telegram:{self._quay.people[name].id}"

    def _send(self, wish: Wish) -> list[Message]:
        options = [f"--{name} {text}" for name, text in wish.options.items()]
        words = [f"/animate@{self._telegram.me.username}", wish.prompt, *options]
        if wish.end_picture is None:
            return [self._person.sends_photo(self._quay.group, wish.picture, caption=" ".join(filter(None, words)))]
        caption = " ".join(filter(None, [*words, "--end-frame"]))
        return self._person.sends_album(self._quay.group, [wish.picture, wish.end_picture], captions=[caption]).messages

    async def _made_by(self, job: str, button: str) -> str:
        """Press a button that makes a job, and return the new one."""
        message = self._quay.message_of(job)
        await self._pressed(message, button)

        def is_new(one: Message) -> bool:
            found = _job_of(one)
            return found is not None and not self._quay.knows(found)

        return self._job_in(await self._next_in(self._quay.group, after=message, is_so=is_new))

    async def _accepted(self, sent: Sequence[Message]) -> str:
        """Wait for the answer to what was sent and return the job's id, or raise what the person is told instead."""
        answer = await self._answered(*sent)
        if _job_of(answer) is None:
            raise ToldNo(answer.text)
        return self._job_in(answer)

    def _job_in(self, message: Message) -> str:
        job = _job_of(message)
        assert job is not None
        self._quay.message_of(job)  # from here on somebody knows it
        return job

    async def _command(self, text: str) -> Message:
        """Give a command in private, and return its answer."""
        return await self._answered(self._person.sends(self._private, f"/{text}"))

    async def _answered(self, *sent: Message) -> Message:
        """Wait for the bot's answer to one of these."""
        chat = sent[0].chat
        found = await self._telegram.until(
            lambda: [one for one in chat.of_bot if one.reply_to in sent], about=f"an answer to {sent[0]!r}"
        )
        return found[0]

    async def _pressed(self, message: Message, label: str) -> Pressed:
        """Press a button. Raises ToldNo where it is not there, or answers with words."""
        if label not in message.labels:
            raise ToldNo(f"There is no button {label}.")
        pressed = await self._person.presses(message, label)
        if pressed.text:
            raise ToldNo(pressed.text)
        return pressed

    async def _next_in(self, chat: Chat, *, after: Message, is_so: Callable[[Message], bool]) -> Message:
        """Wait for a message of the bot's that is newer than another."""
        found = await self._telegram.until(
            lambda: [one for one in chat.of_bot if one.id > after.id and is_so(one)], about=f"what follows on {after!r}"
        )
        return found[-1]


def _seen(message: Message) -> Seen:
    return seen_in(message.shown, has_video=message.video is not None, is_under_way="Cancel" in message.labels)


def _video(message: Message) -> bytes:
    assert message.video is not None
    return message.video.data


def _job_of(message: Message) -> str | None:
    data = next((button.data for button in message.buttons if button.data.startswith("job:")), None)
    return None if data is None else data.split(":")[1]


def _is_about(update: Mapping[str, Mapping[str, object]], message: Message) -> bool:
    return update.get("message", {}).get("message_id") == message.id
