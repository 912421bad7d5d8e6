"""Answers: what whoever wrote or pressed something is told where it goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from telegram import InlineKeyboardMarkup

from bot.adapters.telegram.address import Address
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.downloads import DownloadFailed
from bot.adapters.telegram.people import Letter, Press, Unasked
from bot.adapters.telegram.text import MAX_ALERT_CHARACTERS, MAX_TEXT_UNITS, Text, plain, visible
from bot.adapters.telegram.trouble import Trouble
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.service.delivery import TooLarge, TryLater
from bot.store.errors import StoreError
from generation.errors import GenerationError

log = structlog.get_logger(__name__)

NOT_NOW = "Telegram does not answer just now. Please try again in a few minutes."
DOWNLOAD_FAILED = "The picture could not be fetched from Telegram. Please send it again."

_PAUSES_S = (0.0, 0.1, 1.0)  # before each try
_WORTH_WAITING_S = 120.0  # for a chat that takes nothing now; one that is closed for longer hears of no refusal


class Declined(Exception):
    """No, for a reason that exists on Telegram only: its text is the sentence."""


class NextTime(Exception):
    """The bot is about to stop: what was asked is kept, and seen to after the next start."""


class Unheard(Exception):
    """Nothing was done, and whoever asked does not know: Telegram was away when they were to be told why."""


class Told(Exception):
    """A bug, its cause, of which whoever asked has been told already."""


#: What may be expected to go wrong with a request: each has its sentence, all else is a bug.
EXPECTED_ERRORS = (Refused, GenerationError, DownloadFailed, StoreError, Declined, Unasked)

#: Why a message may not arrive: the chat is closed to us, or Telegram is away.
UNREACHABLE = (Trouble, TooLarge, TryLater)


def answer_to(error: Exception) -> str:
    """Return what a person is told of an error."""
    match error:
        case Refused() | GenerationError():
            return sentence(error)
        case DownloadFailed():
            return DOWNLOAD_FAILED
        case Declined():
            return str(error)
        case Unasked():
            return NOT_NOW
        case _:  # what is wrong with our disk is the operator's affair
            return sentence(Refused(RefusalCode.BROKEN))


@asynccontextmanager
async def answering(desk: Desk, letter: Letter) -> AsyncIterator[None]:
    """Tell what goes wrong inside, as an answer to the letter; a bug is raised as well.

    Raises StoreError: the letter is kept, and read again when the disk is back; and likewise Unheard and NextTime.
    """
    try:
        yield
    except StoreError:
        raise
    except EXPECTED_ERRORS as error:
        require_this_time(desk, error)
        if not await tell(desk, letter.address, answer_to(error)):
            raise Unheard from error
    except UNREACHABLE as lost:
        log.info("an answer did not arrive", reason=repr(lost))
    except (Told, NextTime, Unheard):
        raise
    except Exception as bug:
        await tell(desk, letter.address, sentence(Refused(RefusalCode.BROKEN)))
        raise Told from bug


@asynccontextmanager
async def answering_press(desk: Desk, press: Press) -> AsyncIterator[None]:
    """Tell what goes wrong inside to whoever pressed, and to nobody else; a bug is raised as well."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        await alert(desk, press, answer_to(error))
    except UNREACHABLE as lost:
        log.info("an answer did not arrive", reason=repr(lost))
    except Told:
        raise
    except Exception as bug:
        await alert(desk, press, sentence(Refused(RefusalCode.BROKEN)))
        raise Told from bug


def require_this_time(desk: Desk, error: Exception) -> None:
    """Raise NextTime for a refusal that is about this run of the bot only."""
    is_stopping = isinstance(error, Refused) and error.code is RefusalCode.STOPPING
    if is_stopping and not desk.services.queue.view().draining:
        raise NextTime from error


async def tell(desk: Desk, at: Address, text: Text | str, keyboard: InlineKeyboardMarkup | None = None) -> bool:
    """Answer in a chat; False: it did not arrive, and might later.

    Where the confirmation is lost it is told again: that a reason is read twice is better than never.
    """
    text = (plain(text) if isinstance(text, str) else text).shortened(MAX_TEXT_UNITS)
    for pause_s in _PAUSES_S:
        await asyncio.sleep(pause_s)
        try:
            await desk.posts.send(at, text, keyboard)
        except TryLater as lost:
            log.info("an answer may not have arrived", reason=repr(lost.__cause__ or lost))
            if lost.retry_after_s is not None:  # said by Telegram, or by our own limits: no use before
                return lost.retry_after_s > _WORTH_WAITING_S
        except UNREACHABLE as lost:
            log.info("an answer did not arrive", reason=repr(lost))
            return True
        else:
            return True
    return False


async def alert(desk: Desk, press: Press, text: str) -> None:
    """Show whoever pressed a sentence that they have to close."""
    try:
        await desk.posts.answer_press(press.query, visible(text, MAX_ALERT_CHARACTERS), is_alert=True)
    except UNREACHABLE as lost:
        log.info("an answer did not arrive", reason=repr(lost))
