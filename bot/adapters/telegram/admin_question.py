"""The question before a dangerous command: what was given is noted, so that its buttons work after a restart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bot.adapters.telegram.admin_answer import TelegramMarks
from bot.adapters.telegram.answers import Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import CHANNEL_NAME, Letter, Press
from bot.adapters.telegram.replies import Page
from bot.adapters.telegram.text import bold, lines, plain
from bot.service.admin_command import AdminCommand
from bot.service.roles import Caller

SURE, NOT_SURE = "sure", "sure-not"

_GONE = "This question is too old, or answered already. Please give the command again."
_NOT_YOURS = "Only whoever gave the command can answer that."
_MAX_VALUE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is done if its question is answered with yes."""

    command: str
    arguments: Mapping[str, str]


async def question(desk: Desk, letter: Letter, chat: int, command: AdminCommand, arguments: Mapping[str, str]) -> Page:
    """Note a command, and return the question whether it is meant as it was given, as it is read in a chat.

    Raises StoreError.
    """
    note = json.dumps({"by": letter.requester.id, "command": command.name, "arguments": dict(arguments)})
    # Noted before it is asked: a question that is read can be answered.
    await desk.services.notebook.keep(CHANNEL_NAME, _name(letter.key), letter.requester.id, note)
    marks = TelegramMarks(chat)
    kinds = {argument.name: argument.kind for argument in command.arguments}
    given = [
        marks.line(
            f"{name}: ", marks.person(value) if kinds[name] == "person" else marks.text(value, _MAX_VALUE_CHARACTERS)
        )
        for name, value in arguments.items()
    ]
    buttons = [button(f"Yes, {command.name}", SURE, letter.key), button("No", NOT_SURE, letter.key)]
    return Page(
        lines(bold(command.help) + plain(" Is that meant?"), *given),
        InlineKeyboardMarkup([buttons]),
    )


async def asked(desk: Desk, press: Press, caller: Caller, key: str) -> Asked:
    """Return what a question is about. Raises Declined where it is gone or somebody else's, and StoreError."""
    note = await desk.services.notebook.read(CHANNEL_NAME, _name(key))
    if note is None:
        raise Declined(_GONE)
    noted = json.loads(note)
    # Who speaks as the group presses as themselves: then it is whoever manages the group.
    is_for_group = noted["by"] == press.place and caller.manages == press.place
    if noted["by"] != press.requester.id and not is_for_group:
        raise Declined(_NOT_YOURS)
    return Asked(noted["command"], noted["arguments"])


async def forget_question(desk: Desk, key: str) -> None:
    """Take a question for answered. Raises StoreError."""
    await desk.services.notebook.drop(CHANNEL_NAME, _name(key))


def _name(key: str) -> str:
    return f"sure:{key}"
