"""Questions that are answered with a reply: noted for a day, so that an answer finds its question after a restart."""

import json
from contextlib import suppress
from dataclasses import replace

from telegram import ForceReply, InlineKeyboardMarkup, Message
from telegram.constants import ReplyLimit

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import CHANNEL_NAME, Letter, Unasked
from bot.adapters.telegram.text import MAX_TEXT_UNITS, Text, mention, plain, visible
from bot.adapters.telegram.trouble import Trouble
from bot.domain.job import Requester
from bot.domain.job_verbs import read_job_data
from bot.service.delivery import TryLater
from bot.store.errors import StoreError

_NAME_CHARACTERS = 64


async def ask(
    desk: Desk,
    at: Address,
    person: Requester,
    kind: str,
    body: str,
    text: Text,
    placeholder: str,
    *,
    is_named: bool = False,
) -> None:
    """Ask a person something; their reply comes back from ``answered`` with ``kind`` and ``body``.

    ``is_named``: others read it, and it begins with whom it is for. Raises what ``Posts.send`` raises, and StoreError.
    """
    # Selective: it opens the field for whoever is named in it, or has written what it answers.
    field = ForceReply(selective=True, input_field_placeholder=placeholder[: ReplyLimit.MAX_INPUT_FIELD_PLACEHOLDER])
    call = _call(person) if is_named else plain("")
    number = await desk.posts.send(at, (call + text).shortened(MAX_TEXT_UNITS), field)
    note = json.dumps({"person": person.id, "user": int(person.user), "kind": kind, "body": body})
    try:
        await desk.services.notebook.keep(CHANNEL_NAME, _name(at.chat, number), person.id, note)
    except StoreError:  # nobody would know what an answer to it means
        with suppress(Trouble, TryLater):
            await desk.posts.delete(replace(at, message=number))
        raise


async def answered(desk: Desk, letter: Letter) -> tuple[str, str] | None:
    """Return kind and body of the question that a letter answers; None where it answers none of its writer's.

    Raises StoreError, and Unasked.
    """
    if letter.reply is None:
        return None
    note = await desk.services.notebook.read(CHANNEL_NAME, _name(letter.chat, letter.reply.message_id))
    if note is None:
        return None
    question = json.loads(note)
    is_theirs = question["person"] == letter.requester.id
    if not is_theirs and letter.is_anonymous_admin:  # whose presses come from the person, and words from the group
        try:
            is_theirs = await desk.posts.is_chat_admin(letter.chat, question["user"])
        except TryLater as later:
            raise Unasked from later
    return (question["kind"], question["body"]) if is_theirs else None


def job_of(message: Message) -> str | None:
    """Return the job whose message one of ours is; None where it is none's, or a list of several."""
    jobs = {job_id for job_id, _ in _buttons(message.reply_markup)}
    return jobs.pop() if len(jobs) == 1 else None


def _buttons(keyboard: InlineKeyboardMarkup | None) -> list[tuple[str, str]]:
    rows = () if keyboard is None else keyboard.inline_keyboard
    data = [button.callback_data for row in rows for button in row]
    found = [read_job_data(one) for one in data if isinstance(one, str)]
    return [one for one in found if one is not None]


def _call(person: Requester) -> Text:
    name = visible(person.name, _NAME_CHARACTERS)
    return mention(name, int(person.user)) + plain(", ") if name else plain("")


def _name(chat: int, message: int) -> str:
    return f"{chat}:{message}"
