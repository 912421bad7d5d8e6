"""All that a channel may ask of the bot, in one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.service.admin import Admin
from bot.service.board import Board
from bot.service.fair_queue import FairQueue
from bot.service.inbox import Inbox
from bot.service.intake import Intake
from bot.service.jobs import Jobs
from bot.service.notebook import Notebook
from bot.service.offers import Offers
from bot.service.places import Places
from bot.service.privacy import Privacy
from bot.service.quotas import Quotas
from bot.service.reports import Reports


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases."""

    intake: Intake
    offers: Offers
    jobs: Jobs
    board: Board
    queue: FairQueue
    quotas: Quotas
    admin: Admin
    privacy: Privacy
    reports: Reports
    places: Places
    inbox: Inbox
    notebook: Notebook
    channel_is_back: Callable[[str], Awaitable[None]]  # to be called by a channel that could not be reached for a while
