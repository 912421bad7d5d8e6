"""The commands of admins and of those who manage a group: drawn from the services, who are asked at every call."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.adapters.telegram.admin_answer import answer_page
from bot.adapters.telegram.admin_arguments import is_about_telegram, read_arguments, typed, usage
from bot.adapters.telegram.admin_question import NOT_SURE, SURE, asked, forget_question, question
from bot.adapters.telegram.answers import Declined, answer_to
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.former_admins import take_menu_from
from bot.adapters.telegram.people import CHANNEL_NAME, Letter, Press, caller_of, place_of
from bot.adapters.telegram.replies import CommandAction, Page, PressAction, change, deep_link, is_shown_aside, show
from bot.adapters.telegram.text import plain
from bot.domain.refusals import Refused
from bot.service.admin_command import AdminAnswer, AdminCommand
from bot.service.roles import Caller

#: People give it for their own jobs, too: ``cancel.py`` does both.
SHARED = "cancel"

_NOT_DONE = "Nothing was done."
_MAYBE_DONE = "The bot was stopped while it did this, so it may have been done. /audit says whether it was."
_ANSWERED_ASIDE = "That is answered in our own chat."
_ASKED_ASIDE = "That is asked in our own chat, which is not open yet. Please open it and give the command there: "
_DONE_ASIDE = "That was done. What came of it is only for our own chat, which is not open yet: "
#: What no group of Telegram's has; an admin may still set it for a place elsewhere.
_NOT_ON_TELEGRAM: Mapping[str, str] = MappingProxyType(
    {
        "place-tier": "Groups on Telegram have no roles; /set_limit gives one person a limit of their own.",
        "place-age-restricted": "Groups on Telegram are not age-restricted, so this would shut out everybody.",
    }
)


def admin_commands(desk: Desk) -> Mapping[str, CommandAction]:
    """Return what each of them does, by its name as people type it."""
    return {typed(one.name): _action(desk, one) for one in desk.services.admin.commands if one.name != SHARED}


def offered(desk: Desk, scope: str = "") -> Mapping[str, str]:
    """Return the helps of the commands that a menu offers, by their names; with a scope only those that have it."""
    return {
        typed(one.name): one.help
        for one in desk.services.admin.commands
        if one.name != SHARED and one.name not in _NOT_ON_TELEGRAM and scope in ("", one.scope)
    }


def admin_actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what the buttons of questions do."""

    async def sure(press: Press, key: str) -> None:
        caller = await caller_of(desk, press)
        meant = await asked(desk, press, caller, key)
        page = await outcome(desk, caller, press.chat, meant.command, meant.arguments)
        await forget_question(desk, key)  # after what it asked, which a crash would else leave undone
        await change(desk, press, page)

    async def not_sure(press: Press, key: str) -> None:
        await asked(desk, press, await caller_of(desk, press), key)
        await forget_question(desk, key)
        await change(desk, press, Page(plain(_NOT_DONE)))

    return {SURE: sure, NOT_SURE: not_sure}


async def outcome(desk: Desk, caller: Caller, chat: int, name: str, arguments: Mapping[str, str]) -> Page:
    """Run a command and return what it gives back, as it is read in a chat.

    Raises Refused, also for somebody who may not, and StoreError.
    """
    found = await desk.services.admin.run(caller, name, arguments)
    place = place_of(chat)
    # Its number stands in no app, and settings name the admins' chat by it.
    here = f"this group ({chat})" if name == "place" else "this group"
    return answer_page(_said_here(found, place, here), chat)


def _action(desk: Desk, command: AdminCommand) -> CommandAction:
    async def run(letter: Letter, text: str) -> None:
        caller = await caller_of(desk, letter)
        if command not in desk.services.admin.commands_for(caller):
            if letter.is_private:
                await take_menu_from(desk, letter.user)
            await desk.services.admin.run(caller, command.name, {})  # refuses, and notes who has tried
            return
        arguments = await _arguments(desk, letter, caller, command, text)
        # A group may read what is about itself, and nothing that is about the whole bot.
        is_aside = caller.heard_in != "" and command.scope == "bot"
        chat = letter.user if is_aside else letter.chat
        if command.danger:
            page = await question(desk, letter, chat, command, arguments)
        else:
            await _begin(desk, letter)
            page = await outcome(desk, caller, chat, command.name, arguments)
        if is_aside:
            await _show_aside(desk, letter, command, page)
        else:
            await show(desk, letter.address, page)

    return run


async def _show_aside(desk: Desk, letter: Letter, command: AdminCommand, page: Page) -> None:
    """Answer in the admin's own chat, and say in the group no more than that, or how they come there."""
    if await is_shown_aside(desk, letter, page):
        said = plain(_ANSWERED_ASIDE)
    else:
        said = plain(_ASKED_ASIDE if command.danger else _DONE_ASIDE) + deep_link(desk, "start")
    await show(desk, letter.address, Page(said))


async def _begin(desk: Desk, letter: Letter) -> None:
    """Note that a command is done now: one that grants something must not do so again after a crash.

    Raises Declined where it was begun before, and StoreError.
    """
    notebook, name = desk.services.notebook, f"given:{letter.key}"
    if await notebook.read(CHANNEL_NAME, name) is not None:
        raise Declined(_MAYBE_DONE)
    await notebook.keep(CHANNEL_NAME, name, letter.requester.id, "")


async def _arguments(desk: Desk, letter: Letter, caller: Caller, command: AdminCommand, text: str) -> dict[str, str]:
    """Return what a command is given, so that nothing impossible is asked or done.

    Raises Declined, with how the command is given, for what is wrong with it, and StoreError.
    """
    try:
        arguments = await read_arguments(desk, letter, command, text)
        command.read(caller, arguments)
    except (Refused, Declined) as error:
        raise Declined(f"{answer_to(error)}\n{usage(command)}") from error
    if command.name in _NOT_ON_TELEGRAM and is_about_telegram(arguments):
        raise Declined(_NOT_ON_TELEGRAM[command.name])
    return arguments


def _said_here(answer: AdminAnswer, place: str, here: str) -> AdminAnswer:
    """Return an answer in which the group where it is read is called so."""
    return replace(answer, message=answer.message.replace(place, here)) if place else answer
