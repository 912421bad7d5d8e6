"""``/history``: a person's results, page by page; every button says all that it needs."""

from discord import ui

from bot.adapters.discord.desk import Desk
from bot.adapters.discord.job_buttons import JobButton
from bot.adapters.discord.job_list import discord_time, message_link, prompt_of
from bot.adapters.discord.people import Interaction, requester_of
from bot.adapters.discord.presses import Button, Item, PressAction, board, button, row
from bot.adapters.discord.private_answers import change
from bot.domain import chat_words as words
from bot.domain.job import Job, Requester
from bot.domain.job_verbs import Verb
from bot.service.history import results

_PAGE = 5
_MAX_SKIPPED = 1_000
_PROMPT_CHARACTERS = 150  # escapes may double it, and a message holds 4,000 in all
_TURN = "history"


async def history(desk: Desk, requester: Requester, skipped: int = 0) -> ui.LayoutView:
    """Return the page that begins after the ``skipped`` newest results."""
    skipped = min(max(skipped, 0), _MAX_SKIPPED)
    found = await results(desk.services.jobs, requester, skipped + _PAGE + 1)
    page, has_older = found[skipped : skipped + _PAGE], len(found) > skipped + _PAGE
    items: list[Item] = []
    for job in page:
        items += _entry(job)
    if not page:
        items.append(ui.TextDisplay(words.NO_RESULTS if not skipped else words.NOTHING_OLDER))
    turns: list[Button] = []
    if skipped:
        turns.append(button("Newer", _TURN, str(max(skipped - _PAGE, 0))))
    if has_older and skipped + _PAGE <= _MAX_SKIPPED:
        turns.append(button("Older", _TURN, str(skipped + _PAGE)))
    return board(*items, *([row(*turns)] if turns else []))


def history_actions(desk: Desk) -> dict[str, PressAction]:
    """Return what the pages' buttons do."""

    async def turn(interaction: Interaction, skipped: str) -> None:
        number = int(skipped) if skipped.isdecimal() else 0
        await change(interaction, lambda: history(desk, requester_of(interaction), number))

    return {_TURN: turn}


def _entry(job: Job) -> list[Item]:
    ended = "" if job.ended_ms is None else f", {discord_time(job.ended_ms / 1000)}"
    outcome = words.how_it_was_made(job) if job.video is not None and not job.failure else words.how_it_ended(job)
    text = f"**{prompt_of(job, _PROMPT_CHARACTERS)}**\n-# {words.asked_for(job)}{ended} {message_link(job)}".rstrip()
    buttons: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    for verb in _verbs(job):
        buttons.add_item(JobButton(job.id, verb))
    return [ui.TextDisplay(f"{text}\n-# {outcome}"), buttons]


def _verbs(job: Job) -> list[Verb]:
    send = [Verb.SEND] if job.has_video else []
    again = [Verb.AGAIN] if job.has_picture else []
    return [*send, *again, Verb.SETTINGS]
