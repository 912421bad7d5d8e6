"""Dispatch: from an update to whoever sees to it."""

import json

import structlog
import telegram

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.albums import Albums
from bot.adapters.telegram.answers import UNREACHABLE, Declined, NextTime, answering, answering_press
from bot.adapters.telegram.commands import actions, commands
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.edit_prompt import KIND as EDIT_QUESTION
from bot.adapters.telegram.edit_prompt import again_with_words
from bot.adapters.telegram.edits import Edits
from bot.adapters.telegram.hearing import until_heard
from bot.adapters.telegram.letters import Reading, is_from, read_letter
from bot.adapters.telegram.moving import moved
from bot.adapters.telegram.people import CHANNEL_NAME, Letter, Press, place_of, press_of
from bot.adapters.telegram.presses import job_actions
from bot.adapters.telegram.questions import answered
from bot.adapters.telegram.wishes import QUESTION as WISH_QUESTION
from bot.adapters.telegram.wishes import Wishes, picture_of
from bot.domain.job_verbs import read_job_data

log = structlog.get_logger(__name__)

ANIMATE = "animate"
UNKNOWN_COMMAND = "There is no command /{command} here. /help says what there is."
OUTDATED = "This button is from an earlier version of the bot. Please give the command again."


class Dispatch:
    """Hands each update on. What it calls tells people what goes wrong; a bug is raised."""

    def __init__(self, desk: Desk, wishes: Wishes, albums: Albums) -> None:
        self._desk, self._wishes, self._albums = desk, wishes, albums
        self._edits = Edits(desk, wishes, albums)
        self._commands, self._actions, self._job_actions = commands(desk), actions(desk), job_actions(desk)

    async def handle(self, number: int, body: str) -> bool:
        """See to an update; False: it is about an album, which is done with as a whole, or is left to the next start.

        Raises StoreError.
        """
        update = telegram.Update.de_json(json.loads(body))
        return await until_heard(lambda: self._take(number, update), self._desk.options.pause_s)

    async def _take(self, number: int, update: telegram.Update) -> bool:
        try:
            if update.callback_query is not None:
                await self._press(update.callback_query)
            elif update.edited_message is not None:
                return await self._edited(number, update.edited_message)
            elif update.message is not None:
                return await self._message(number, update.message)
        except NextTime:
            return False
        except UNREACHABLE as lost:
            log.info("an answer did not arrive", reason=repr(lost))
        return True

    async def _message(self, number: int, message: telegram.Message) -> bool:
        if message.migrate_to_chat_id is not None:
            await self._move(message.chat.id, message.migrate_to_chat_id)
            return True
        if message.migrate_from_chat_id is not None:
            await self._move(message.migrate_from_chat_id, message.chat.id)
            return True
        reading = read_letter(message, self._desk.posts.me)
        if reading is None:
            return True
        if message.media_group_id is not None and picture_of(message) is not None and reading.is_wish:
            self._albums.add(number, reading)  # also those that do not speak to us: another of their album may
            return False
        if reading.is_ours:
            await self._letter(reading)
        return True

    async def _letter(self, reading: Reading) -> None:
        letter = reading.letter
        if reading.command not in ("", ANIMATE):
            await self._command(reading)
        elif not reading.command and await self._is_answer(letter):
            return
        else:
            await self._wishes.take(reading)

    async def _command(self, reading: Reading) -> None:
        letter, action = reading.letter, self._commands.get(reading.command)
        async with answering(self._desk, letter):
            if action is not None:
                await action(letter, letter.text)
            elif letter.is_private or reading.is_named:  # else it is another bot's
                raise Declined(UNKNOWN_COMMAND.format(command=reading.command))

    async def _is_answer(self, letter: Letter) -> bool:
        """Take the answer to a question of ours; False: it is none."""
        question = letter.reply
        if question is None or not letter.text or not is_from(question, self._desk.posts.me):
            return False
        known, has_looked = None, False
        async with answering(self._desk, letter):
            known, has_looked = await answered(self._desk, letter), True
        match known:
            case _ if not has_looked:  # and they have been told to try again
                return True
            case (kind, job_id) if kind == EDIT_QUESTION:
                async with answering(self._desk, letter):
                    await again_with_words(self._desk, letter, job_id)
            case (kind, asked) if kind == WISH_QUESTION:
                await self._wishes.answered(letter, asked)
            case _:
                return False
        return True

    async def _edited(self, number: int, message: telegram.Message) -> bool:
        reading = read_letter(message, self._desk.posts.me)
        if reading is None or not reading.is_wish or not (reading.is_ours or message.media_group_id is not None):
            return True
        return await self._edits.take(number, reading)

    async def _press(self, query: telegram.CallbackQuery) -> None:
        press = press_of(query)
        if press is None:
            await self._desk.posts.answer_press(query.id)
            return
        async with answering_press(self._desk, press):
            await self._pressed(press)

    async def _pressed(self, press: Press) -> None:
        known = read_job_data(press.data)
        if known is not None:
            job_id, verb = known
            job_action = self._job_actions.get(verb)
            if job_action is not None:
                await job_action(press, job_id)
                return
        does, _, kind_and_rest = press.data.partition(":")
        kind, _, rest = kind_and_rest.partition(":")
        action = self._actions.get(kind) if does == "do" else None
        if action is None:
            log.info("an unknown button was pressed", data=press.data)
            raise Declined(OUTDATED)
        await action(press, rest)

    async def _move(self, old: int, new: int) -> None:
        """Let a group's jobs and rules follow it to the number that it has from now on."""
        services = self._desk.services
        await services.places.moved(place_of(old), place_of(new))
        for view in await services.jobs.under_way(CHANNEL_NAME):
            address = Address.of(view.job)
            if address.chat == old:
                await moved(services, view.job.id, address, new)
