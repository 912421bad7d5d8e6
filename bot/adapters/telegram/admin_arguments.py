"""Arguments of admin commands, as people type them: one after the other, by name, or by what they reply to."""

import re
from collections.abc import Iterator, Mapping

from telegram.constants import MessageEntityType

from bot.adapters.telegram.answers import Declined
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.letters import is_from
from bot.adapters.telegram.people import CHANNEL_NAME, Letter
from bot.adapters.telegram.replies import job_replied_to
from bot.service.admin_command import AdminCommand, Argument

_HERE = "here"
_NAMED = re.compile(r"(?<!\S)(?P<name>[A-Za-z][\w-]*)=(?:[\"“”](?P<quoted>[^\"“”]*)[\"“”]|(?P<word>\S+))")
_NO_NAMES = "Telegram does not tell bots who {name} is. Reply to a message of theirs, or give their number."
_NOT_IN_A_GROUP = "Please give this command in the group that it is about, or name the place, like telegram:-100123."
_NO_TOPIC = "Please give this command in the topic that it is about, or give the topic's number; General has none."
_TOO_MUCH = "It is not clear what “{rest}” is for."


async def read_arguments(desk: Desk, letter: Letter, command: AdminCommand, text: str) -> dict[str, str]:
    """Return what a letter gives a command, by the names of the services.

    ``name=value`` stands anywhere; what the letter replies to is the person or the job; all other words are taken in
    the command's order, and a text takes what is left of them. Raises Declined, Refused(UNKNOWN_JOB), StoreError.
    """
    given, rest = _by_name(command, _with_people(letter, text))
    about = next((argument for argument in command.arguments if argument.kind in ("person", "job")), None)
    if about is not None and about.name not in given:
        found = await _replied_to(desk, letter, about)
        if found:
            given[about.name] = found
    given |= _in_order([argument for argument in command.arguments if argument.name not in given], rest.split())
    return {name: _meant(letter, _argument(command, name), value) for name, value in given.items()}


def usage(command: AdminCommand) -> str:
    """Return in one line how a command is given."""
    return " ".join([f"/{typed(command.name)}", *_usage(command)])


def typed(name: str) -> str:
    """Return a command's name as Telegram takes it."""
    return name.replace("-", "_")


def is_about_telegram(arguments: Mapping[str, str]) -> bool:
    """Whether the place that arguments name, or leave to be the one where they are given, is on this platform."""
    return arguments.get("place", CHANNEL_NAME).partition(":")[0] == CHANNEL_NAME


def _usage(command: AdminCommand) -> Iterator[str]:
    is_after_text = False
    for argument in command.arguments:
        word = "|".join(argument.choices) or argument.name
        if is_after_text:  # the text takes every word that has no name
            word = f"{argument.name}=…"
        yield word if argument.required else f"[{word}]"
        is_after_text = is_after_text or argument.kind == "text"


def _by_name(command: AdminCommand, text: str) -> tuple[dict[str, str], str]:
    """Return what is given by name, and the text without it."""
    known = {argument.name: argument for argument in command.arguments}
    given: dict[str, str] = {}

    def take(found: re.Match[str]) -> str:
        name = found["name"].lower().replace("_", "-")
        if name not in known or name in given:
            return found[0]  # it is a part of a text
        given[name] = found["quoted"] if found["quoted"] is not None else found["word"]
        return ""

    return given, _NAMED.sub(take, text)


def _with_people(letter: Letter, text: str) -> str:
    """Return the text with a person's number wherever it names somebody who has no username."""
    message = letter.raw
    if not message.text:  # a command in a caption names nobody
        return text
    for entity, spoken in message.parse_entities([MessageEntityType.TEXT_MENTION]).items():
        if entity.user is not None:
            text = text.replace(spoken, f"{CHANNEL_NAME}:{entity.user.id}", 1)
    return text


async def _replied_to(desk: Desk, letter: Letter, argument: Argument) -> str:
    """Return the job or the person that a letter is about by what it replies to; empty: it says nothing of that."""
    answered, job_id = letter.reply, job_replied_to(desk, letter)
    if argument.kind == "job":
        return job_id or ""
    if job_id is not None:
        return (await desk.services.jobs.seen(job_id)).job.requester.id
    if answered is None or is_from(answered, desk.posts.me):
        return ""
    author = answered.sender_chat or answered.from_user
    return "" if author is None else f"{CHANNEL_NAME}:{author.id}"


def _in_order(arguments: list[Argument], words: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for argument in arguments:
        if not words:
            return given
        if argument.kind == "text":
            given[argument.name], words = " ".join(words), []
        else:
            given[argument.name] = words.pop(0)
    if words:
        raise Declined(_TOO_MUCH.format(rest=" ".join(words)))
    return given


def _meant(letter: Letter, argument: Argument, value: str) -> str:
    """Return a value as the services take it."""
    match argument.kind:
        case "person" if value.startswith("@"):
            raise Declined(_NO_NAMES.format(name=value))
        case "person" if value.isdecimal():
            return f"{CHANNEL_NAME}:{value}"
        case "place" if value == _HERE:
            return _here(letter.place, _NOT_IN_A_GROUP)
        case "room" if value == _HERE:
            return _here(letter.circumstances.room, _NO_TOPIC)
        case "choice":
            return value.lower()
        case _:
            return value


def _here(found: str, sentence: str) -> str:
    if not found:
        raise Declined(sentence)
    return found


def _argument(command: AdminCommand, name: str) -> Argument:
    return next(argument for argument in command.arguments if argument.name == name)
