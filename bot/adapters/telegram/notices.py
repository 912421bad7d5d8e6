"""Notices: what admins are to be told is posted in their chat, in few messages; a report is one of its own."""

from collections.abc import Sequence
from itertools import groupby

import structlog
from telegram.error import TelegramError

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.admin_answer import TelegramMarks
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.replies import Page, moment, show
from bot.adapters.telegram.reports import CODE, report_page
from bot.adapters.telegram.text import MAX_TEXT_UNITS, lines, plain, visible
from bot.adapters.telegram.trouble import Migrated, NoWay, Trouble
from bot.domain.admin_lines import fitting
from bot.service.delivery import TooLarge, TryLater
from bot.service.notice_board import NoticeBoard, NoticesClosed
from bot.service.views import Notice
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

_EVERY_S = 10.0
_MAX_LINE_CHARACTERS = 300


def notice_board(desk: Desk, admin_chat: int, every_s: float = _EVERY_S) -> NoticeBoard:
    """Return the board that posts in this chat: ``begin`` it at the start, and ``run`` it beside the rest."""
    post = _AdminChat(desk, admin_chat).post
    return NoticeBoard(desk.services.admin, desk.services.board, CHANNEL_NAME, post, every_s)


class _AdminChat:
    """The chat in which admins are told."""

    def __init__(self, desk: Desk, chat: int) -> None:
        self._desk, self._chat = desk, chat
        self._last_posted = 0

    async def post(self, notices: Sequence[Notice]) -> None:
        """Post notices, and of those that come a second time only what has not been posted.

        What Telegram refuses is left out, and the rest is posted. Raises NoticesClosed for that, and TryLater.
        """
        refused: NoticesClosed | None = None
        new = [notice for notice in notices if notice.id > self._last_posted]
        for is_report, found in groupby(new, lambda notice: notice.code == CODE):
            for group in ([one] for one in found) if is_report else [list(found)]:
                page = await self._report_page(group[0]) if is_report else self._page(group)
                try:
                    await self._send(page)
                except NoticesClosed as closed:
                    if isinstance(closed.__cause__, NoWay):  # then it refuses all
                        raise
                    refused = closed
                self._last_posted = group[-1].id
        if refused is not None:
            raise refused

    async def _send(self, page: Page) -> None:
        try:
            await show(self._desk, Address(self._chat), page)
        except Migrated as moved:
            log.warning("the chat admin_chat has another number now: please set it", chat=moved.chat)
            self._chat = moved.chat
            raise TryLater from moved
        except (Trouble, TooLarge, TelegramError) as reason:
            raise NoticesClosed(str(reason)) from reason

    async def _report_page(self, notice: Notice) -> Page:
        try:
            return await report_page(self._desk, notice)
        except StoreError as error:
            raise TryLater from error

    def _page(self, notices: Sequence[Notice]) -> Page:
        marks = TelegramMarks(self._chat)
        found = [moment(notice.at_s) + plain(f" {visible(notice.message, _MAX_LINE_CHARACTERS)}") for notice in notices]
        return Page(lines(*fitting(found, MAX_TEXT_UNITS, marks)))
