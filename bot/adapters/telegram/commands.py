"""Every command but ``/animate``, and what the buttons below their answers do."""

from collections.abc import Awaitable, Callable, Mapping

from bot.adapters.telegram.admin_commands import admin_actions, admin_commands
from bot.adapters.telegram.cancel import cancel
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.help_text import greeting, help_text
from bot.adapters.telegram.history_list import history, history_actions
from bot.adapters.telegram.job_list import job_list, job_list_actions
from bot.adapters.telegram.menus import menu_of_admin
from bot.adapters.telegram.people import Letter
from bot.adapters.telegram.privacy import ask_to_forget, privacy, privacy_actions
from bot.adapters.telegram.quota_text import quota
from bot.adapters.telegram.replies import CommandAction, Page, PressAction, show, show_privately
from bot.adapters.telegram.reporting import report
from bot.adapters.telegram.reports import report_actions

#: What a link into the chat may give at once, because it changes nothing: a stranger may have made it.
_LINKED = frozenset({"help", "jobs", "history", "quota", "privacy", "forget_me"})

_Page = Callable[[Letter, str], Awaitable[Page]]


def commands(desk: Desk) -> Mapping[str, CommandAction]:
    """Return what each command does, by its name as people type it; to add one, add one line."""

    def here(page: _Page) -> CommandAction:
        async def action(letter: Letter, text: str) -> None:
            await show(desk, letter.address, await page(letter, text))

        return action

    def in_private(name: str, page: _Page) -> CommandAction:
        async def action(letter: Letter, text: str) -> None:
            await show_privately(desk, letter, name, await page(letter, text))

        return action

    personal = {
        "help": here(lambda letter, _: help_text(desk, letter)),
        "jobs": here(lambda letter, _: job_list(desk, letter.requester, letter.place)),
        "cancel": here(lambda letter, text: cancel(desk, letter, text)),
        "quota": here(lambda letter, _: quota(desk, letter)),
        "report": here(lambda letter, text: report(desk, letter, text)),
        "history": in_private("history", lambda letter, _: history(desk, letter.requester)),
        "privacy": in_private("privacy", lambda letter, _: privacy(desk)),
        "forget_me": in_private("forget_me", lambda letter, _: ask_to_forget()),
    }
    return {**admin_commands(desk), **personal, "start": _start(desk, personal)}


def actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what the buttons of these commands' answers do, by the kind in ``do:<kind>:<rest>``."""
    return {
        **job_list_actions(desk),
        **history_actions(desk),
        **privacy_actions(desk),
        **admin_actions(desk),
        **report_actions(desk),
    }


def _start(desk: Desk, personal: Mapping[str, CommandAction]) -> CommandAction:
    """Return the first command that somebody gives; a link into the chat may bring another one with it."""

    async def start(letter: Letter, payload: str) -> None:
        if payload in _LINKED:
            await personal[payload](letter, "")
        else:
            await show(desk, letter.address, await greeting(desk, letter))
        if letter.is_private and letter.user in desk.options.admins:
            await menu_of_admin(desk, letter.user)  # before they came there was no chat to give it to

    return start
