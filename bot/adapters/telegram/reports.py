"""Reports in the admins' chat: what was reported and why, and what an admin does about it with one press.

Who presses is known by their number, and asked for at every press: everybody in that chat sees the buttons.
"""

from collections.abc import Mapping, Sequence

import structlog
from telegram import InlineKeyboardMarkup, Message

from bot.adapters.telegram.admin_answer import TelegramMarks
from bot.adapters.telegram.answers import UNREACHABLE, Declined, tell
from bot.adapters.telegram.card import clip_of, video_caption
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.job_list import prompt_of
from bot.adapters.telegram.keyboards import button
from bot.adapters.telegram.people import Press
from bot.adapters.telegram.replies import Page, PressAction, change, change_keyboard
from bot.adapters.telegram.resending import NOT_TAKEN, require_room
from bot.adapters.telegram.text import Text, bold, italic, lines, plain, visible
from bot.domain.job import Job
from bot.domain.refusals import RefusalCode, Refused
from bot.service.roles import Caller
from bot.service.views import Notice

log = structlog.get_logger(__name__)

#: The notice that is one.
CODE = "reported"

_SHOW, _HIDE, _BAN, _CLEAR = "report-show", "report-hide", "report-ban", "report-clear"
_SURE, _NOT_SURE = "report-ban-sure", "report-ban-not"
_LABELS = {_SHOW: "Show", _HIDE: "Hide", _BAN: "Ban", _CLEAR: "False alarm", _SURE: "Yes, ban", _NOT_SURE: "No"}
_ALL = (_SHOW, _HIDE, _BAN, _CLEAR)
_MAX_NAME_CHARACTERS, _MAX_PROMPT_CHARACTERS, _MAX_REASON_CHARACTERS = 64, 300, 500
_GONE = "The job is gone: whoever asked for it has had it deleted."
_NO_REASON = "none was given"
_CLOSED_ALREADY = "Nobody's report of this job is open any more."


async def report_page(desk: Desk, notice: Notice) -> Page:
    """Return what admins read of a report. Raises StoreError."""
    job_id, reason = str(notice.details["job"]), str(notice.details.get("reason") or _NO_REASON)
    marks = TelegramMarks(0)
    head = bold("Reported: ") + plain("job ") + marks.code(job_id)
    why = plain(f"Reason: {visible(reason, _MAX_REASON_CHARACTERS)}")
    try:
        job = (await desk.services.jobs.seen(job_id)).job
    except Refused:
        return Page(lines(head, why, italic(_GONE)))
    name = visible(job.requester.name, _MAX_NAME_CHARACTERS)
    who = plain(f"Asked for by {name}".rstrip() + " ") + marks.person(job.requester.id)
    prompt = plain(f"Prompt: {prompt_of(job, _MAX_PROMPT_CHARACTERS)}")
    return Page(lines(head, who, prompt, why), _keyboard(job_id, _ALL))


def report_actions(desk: Desk) -> Mapping[str, PressAction]:
    """Return what the buttons do."""
    reports = _Reports(desk)
    return {
        _SHOW: reports.show,
        _HIDE: reports.hide,
        _CLEAR: reports.clear,
        _BAN: reports.ask_to_ban,
        _SURE: reports.ban,
        _NOT_SURE: reports.do_not_ban,
    }


class _Reports:
    """Each action takes a press and the reported job's id. Raises Refused, Declined, StoreError."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._services = desk, desk.services

    async def show(self, press: Press, job_id: str) -> None:
        """Send the video into the admins' chat: nobody sees it there who has not asked for that."""
        self._require_admin(press, "show")
        job = (await self._services.jobs.seen(job_id)).job
        video = await self._services.jobs.video(job.requester, job_id)
        poster = await self._services.jobs.poster(job.requester, job_id)
        await require_room(self._desk, video)
        await self._desk.posts.answer_press(press.query)
        try:
            clip = clip_of(job, video, poster)
            await self._desk.posts.send_video(press.address.answer, clip, video_caption(job), None)
        except UNREACHABLE as reason:  # the press has had its one answer
            log.info("a reported video was not sent", reason=repr(reason))
            await tell(self._desk, press.address.answer, NOT_TAKEN)

    async def hide(self, press: Press, job_id: str) -> None:
        """Delete what the job was about and take its message away; its reports are closed by that."""
        await self._services.admin.run(Caller(press.requester), "hide", {"job": job_id})
        await self._note(press, "Hidden", _keyboard(job_id, [_BAN]))

    async def clear(self, press: Press, job_id: str) -> None:
        """Close every report of the job."""
        caller = Caller(press.requester)
        self._require_admin(press, "resolve-report")
        board = await self._services.admin.overview(caller)
        numbers = [str(report["id"]) for report in board.reports if report["job"] == job_id]
        if not numbers:
            raise Declined(_CLOSED_ALREADY)
        for number in numbers:
            await self._services.admin.run(caller, "resolve-report", {"report": number})
        await self._note(press, "Found to be a false alarm", None)

    async def ask_to_ban(self, press: Press, job_id: str) -> None:
        """Ask whether that is meant."""
        self._require_admin(press, "ban")
        await change_keyboard(self._desk, press, _keyboard(job_id, [_SURE, _NOT_SURE]))

    async def do_not_ban(self, press: Press, job_id: str) -> None:
        """Offer all again."""
        self._require_admin(press, "ban")
        await change_keyboard(self._desk, press, _keyboard(job_id, _ALL))

    async def ban(self, press: Press, job_id: str) -> None:
        """Let whoever asked for the job ask no more; the video and its reports are another question."""
        job = await self._job(press, job_id)
        arguments = {"person": job.requester.id, "reason": f"job {job_id} was reported"}
        await self._services.admin.run(Caller(press.requester), "ban", arguments)
        await self._note(press, "Banned", _keyboard(job_id, [_SHOW, _HIDE, _CLEAR]))

    async def _job(self, press: Press, job_id: str) -> Job:
        self._require_admin(press, "ban")
        return (await self._services.jobs.seen(job_id)).job

    def _require_admin(self, press: Press, command: str) -> None:
        if not self._services.admin.is_admin(press.requester):
            raise Refused(RefusalCode.NOT_ALLOWED, command=command)

    async def _note(self, press: Press, what: str, keyboard: InlineKeyboardMarkup | None) -> None:
        """Write below the report who has done what."""
        message = press.raw.message
        before = Text(message.text or "", message.entities) if isinstance(message, Message) else Text("")
        done = italic(f"{what} by {visible(press.requester.name, _MAX_NAME_CHARACTERS)}.")
        await change(self._desk, press, Page(lines(before, done), keyboard))


def _keyboard(job_id: str, kinds: Sequence[str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[button(_LABELS[kind], kind, job_id) for kind in kinds]])
