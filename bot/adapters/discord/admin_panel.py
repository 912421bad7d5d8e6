"""``/admin queue``: the queue, live for as long as Discord lets a private message be edited; buttons work for ever."""

import asyncio
import json
import time
from dataclasses import dataclass

import discord
import structlog
from discord import ui

from bot.adapters.discord.address import TOKEN_LIFE_S
from bot.adapters.discord.admin_answer import DiscordMarks, who
from bot.adapters.discord.admin_confirm import question_for
from bot.adapters.discord.admin_jobs import KnownJobs, job_label, known_jobs
from bot.adapters.discord.desk import Desk
from bot.adapters.discord.job_list import discord_time, prompt_of
from bot.adapters.discord.people import Interaction, caller_of
from bot.adapters.discord.presses import Item, PressAction, board, button, chosen, menu, row
from bot.adapters.discord.private_answers import Respond, answer, change
from bot.adapters.discord.refusing import LOST, answer_to, say
from bot.domain import admin_words, chat_words
from bot.domain.admin_lines import fitting
from bot.domain.refusals import Refused
from bot.service.board import BoardClosed
from bot.service.roles import Caller
from bot.service.views import JobView, QueueView
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

#: The command that opens a panel.
OPENS = "queue"

_EVERY_S = 4.0
_LIFE_S = TOKEN_LIFE_S - 60
_MAX_PANELS = 50
_MAX_LINES, _MAX_LINES_CHARACTERS, _MAX_MENU = 20, 3_200, 25
_PROMPT_CHARACTERS = 80
_TIME_STEP_S = 15  # the time at which a job is ready is shown in such steps: each new one is an edit
_PRESS, _PICK = "queue", "queue-pick"
_NOT_LIVE = "-# This view does not change by itself any more. Refresh makes it live again."
_LIVE = "-# Live."

_TOO_LONG = "The queue is too long to look through it for one server."


@dataclass(slots=True)
class _Panel:
    """One private message that follows the queue."""

    interaction: Interaction
    caller: Caller
    ends_s: float
    shown: str = ""
    edited_s: float = 0.0  # monotonic


class QueuePanels:
    """All panels that are open; a person has one that is live, which is the one that was used last."""

    def __init__(self, desk: Desk, every_s: float = _EVERY_S) -> None:
        self._desk, self._every_s = desk, every_s
        self._panels: dict[int, _Panel] = {}
        self._following: asyncio.Task[None] | None = None

    @property
    def actions(self) -> dict[str, PressAction]:
        """What the panels' buttons and menus do."""
        return {_PRESS: self._pressed, _PICK: self._picked}

    async def open(self, interaction: Interaction) -> None:
        """Answer with a panel. It follows from then on."""
        await self._show(interaction, OPENS, {}, answer)

    async def _follow(self) -> None:
        """Keep the panels as the queue is, until there is none or the bot stops."""
        wait_s = self._every_s
        with self._desk.services.board.subscribe(None) as changes:
            while self._panels:
                try:
                    async with asyncio.timeout(wait_s):
                        await changes.changed()
                except TimeoutError:
                    pass
                except BoardClosed:
                    return
                panels = list(self._panels.items())
                drawn = await asyncio.gather(*(self._redraw(user, panel) for user, panel in panels))
                # Without a change they are looked at now and then, for those whose time is over.
                wait_s = self._every_s * (10 if all(drawn) else 1)
                await asyncio.sleep(self._every_s)

    async def _pressed(self, interaction: Interaction, name: str) -> None:
        await self._ask_or_show(interaction, name, {})

    async def _picked(self, interaction: Interaction, name: str) -> None:
        await self._ask_or_show(interaction, name, {"job": chosen(interaction)})

    async def _ask_or_show(self, interaction: Interaction, name: str, arguments: dict[str, str]) -> None:
        try:
            asked = question_for(self._desk, interaction, name, arguments)
        except Refused as refused:
            await say(interaction, answer_to(refused))
            return
        if asked is None:
            await self._show(interaction, name, arguments, change)
        else:
            await answer(interaction, lambda: _at_once(asked))

    async def _show(self, interaction: Interaction, name: str, arguments: dict[str, str], respond: Respond) -> None:
        """Run a command, which checks who asks, and show the queue after it."""
        user, caller = interaction.user.id, caller_of(interaction, self._desk.admin_roles)
        panel = _Panel(interaction, caller, self._now_s() + _LIFE_S)

        async def make() -> ui.LayoutView:
            outcome = await self._desk.services.admin.run(caller, name, arguments)
            view = await self._view(caller, "" if name == OPENS else outcome.message, is_live=True)
            panel.shown, panel.edited_s = _looks(view), time.monotonic()
            return view

        if await respond(interaction, make):
            self._panels.pop(user, None)
            self._panels[user] = panel
            while len(self._panels) > _MAX_PANELS:
                del self._panels[next(iter(self._panels))]
            if self._following is None or self._following.done():
                self._following = asyncio.create_task(self._follow(), name="queue panels")

    async def _redraw(self, user: int, panel: _Panel) -> bool:
        """Show the queue as it is; return whether that was done, and need not be soon."""
        if time.monotonic() - panel.edited_s < self._every_s:
            return False
        is_live = self._now_s() < panel.ends_s and not panel.interaction.client.is_closed()
        try:
            view = await self._view(panel.caller, "", is_live=is_live)
            looks = _looks(view)
            if looks != panel.shown:
                await panel.interaction.edit_original_response(view=view)
                panel.shown, panel.edited_s = looks, time.monotonic()
        except (Refused, StoreError, *LOST) as error:
            log.info("a queue panel could not be drawn", reason=repr(error))
            is_live = is_live and not _is_over(error)
        except Exception:  # one panel's bug must not stop the others
            log.exception("a queue panel could not be drawn")
            is_live = False
        if not is_live and self._panels.get(user) is panel:
            del self._panels[user]
        return True

    async def _view(self, caller: Caller, note: str, *, is_live: bool) -> ui.LayoutView:
        services = self._desk.services
        known, view = await known_jobs(services, caller), services.queue.view()
        is_admin = services.admin.is_admin(caller)
        counts = (view.waiting, view.running) if is_admin else (len(known.waiting), len(known.running))
        now_s = self._now_s()
        lines = [_line(job, now_s) for job in (*known.running, *known.waiting)[:_MAX_LINES]]
        more = len(known.running) + counts[0] - len(lines)
        text = [
            f"**{admin_words.queue(*counts) if known.is_whole else _TOO_LONG}** {_state(view)}".rstrip(),
            *([note] if note else []),
            *fitting(lines, _MAX_LINES_CHARACTERS, DiscordMarks()),
            *([f"and {more} more"] if more > 0 else []),
            _LIVE if is_live else _NOT_LIVE,
        ]
        names = {command.name for command in services.admin.commands_for(caller)}
        return board(ui.TextDisplay("\n".join(text)), *_menus(known, names), _buttons(view, names))

    def _now_s(self) -> float:
        return self._desk.clock.now_ms() / 1000


def _menus(known: KnownJobs, names: set[str]) -> list[Item]:
    found: list[Item] = []
    for name, label, jobs in (
        ("cancel", "Cancel a job", (*known.running, *known.waiting)),
        ("promote", "Promote a job", known.waiting),
    ):
        options = [discord.SelectOption(label=job_label(view), value=view.job.id) for view in jobs[:_MAX_MENU]]
        if options and name in names:
            found.append(row(menu(label, _PICK, options, name)))
    return found


def _buttons(view: QueueView, names: set[str]) -> Item:
    offers = [("resume", "Resume")] if view.paused or view.draining else [("pause", "Pause"), ("drain", "Drain")]
    buttons = [button(label, _PRESS, name) for name, label in offers if name in names]
    return row(*buttons, button("Refresh", _PRESS, OPENS))


def _state(view: QueueView) -> str:
    if view.paused:
        return admin_words.PAUSED
    if view.draining:
        return admin_words.DRAINING
    return "" if view.ready else "The engine is not ready."


def _line(view: JobView, now_s: float) -> str:
    progress = "" if view.render is None else f"{chat_words.progress_bar(view.render.step, view.render.steps)} "
    ready = ""
    if view.eta_s is not None:
        ready = f", ready {discord_time(round((now_s + view.eta_s) / _TIME_STEP_S) * _TIME_STEP_S)}"
    place = f"{view.ahead + 1}. " if view.ahead is not None else progress
    return f"{place}{prompt_of(view.job, _PROMPT_CHARACTERS)}, {who(view.job.requester.id)}{ready}"


def _looks(view: ui.LayoutView) -> str:
    return json.dumps(view.to_components())  # type: ignore[no-untyped-call]


async def _at_once(view: ui.LayoutView) -> ui.LayoutView:
    return view


def _is_over(error: Exception) -> bool:
    """Whether a panel is out of reach for good: its person dismissed it, its time is over, or they may no more."""
    if isinstance(error, discord.HTTPException):
        return error.status < 500 and error.status != 429
    return isinstance(error, Refused)
