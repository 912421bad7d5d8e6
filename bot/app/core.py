"""The services, wired: the bot without its channels and without settings of its own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.credits import CREDIT_MCR, Limit
from bot.service.acceptance import Acceptance
from bot.service.admin import Admin
from bot.service.admin_board import AdminOverview
from bot.service.admin_people import PeopleCommands
from bot.service.admin_places import PlaceCommands
from bot.service.admin_queue import QueueCommands
from bot.service.admin_records import RecordCommands
from bot.service.admin_reports import ReportCommands
from bot.service.admission import Admission
from bot.service.animator import Decoder, Renderer
from bot.service.board import Board
from bot.service.clock import Clock, SystemClock
from bot.service.delivery import Channel, Delivery
from bot.service.estimates import Estimates
from bot.service.fair_queue import FairQueue
from bot.service.inbox import Inbox
from bot.service.intake import Intake
from bot.service.jobs import Jobs
from bot.service.lanes import Lanes, Startable
from bot.service.lifecycle import Machinery
from bot.service.limits import QueueLimits
from bot.service.notebook import Notebook
from bot.service.offers import Offers
from bot.service.places import Places
from bot.service.privacy import Privacy
from bot.service.quotas import QuotaLimits, Quotas
from bot.service.reports import Reports
from bot.service.retention import KeepRules, Retention
from bot.service.roles import Roles
from bot.service.services import Services
from bot.service.shrinking import Shrinker
from bot.service.taking_back import TakingBack
from bot.service.worker import RenderPlan, Worker
from bot.store.database import Database
from bot.store.files import JobFiles
from bot.store.milestones import Reach, nobody_listens
from config.settings import Settings
from generation.shrink import VideoShrinker


class StartableRenderer(Renderer, Startable, Protocol):
    """A renderer that can be made ready before the first job."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator has set, as the services take it."""

    queue: QueueLimits
    quota: QuotaLimits
    keep: KeepRules
    roles: Roles
    give_up_after_s: float
    max_picture_bytes: int
    slots: int = 1

    @classmethod
    def of(cls, settings: Settings, admins: frozenset[str]) -> "Rules":
        """Return the rules of the settings; ``admins`` are those that the channels add, as the page's operator."""
        quota, keep = settings.quota, settings.retention
        return cls(
            queue=QueueLimits(
                max_waiting_per_person=settings.queue.max_waiting_per_person,
                max_waiting=settings.queue.max_waiting,
                requests_per_minute=settings.queue.requests_per_minute,
                min_free_bytes=keep.min_free_bytes,
            ),
            quota=QuotaLimits(
                person=_limit(quota.cap, quota.credits_per_day),
                place=_limit_or_none(quota.place_cap, quota.place_credits_per_day),
                everyone=_limit_or_none(quota.everyone_cap, quota.everyone_credits_per_day),
            ),
            keep=KeepRules(keep.inputs, keep.videos, keep.max_bytes),
            roles=Roles(frozenset(settings.admins) | admins),
            give_up_after_s=settings.delivery.give_up_after_s,
            max_picture_bytes=settings.pictures.max_bytes,
        )


@dataclass(frozen=True, slots=True)
class Outside:
    """What the services need from outside: disk, time, pictures, videos, and the ways back to people."""

    database: Database
    files: JobFiles
    decoder: Decoder
    renderer: StartableRenderer
    plan: RenderPlan
    channels: Mapping[str, Channel]
    clock: Clock = field(default_factory=SystemClock)
    monotonic_s: Callable[[], float] = time.monotonic
    reach: Reach = nobody_listens
    shrinker: Shrinker = field(default_factory=VideoShrinker)


@dataclass(frozen=True, slots=True)
class Core:
    """The bot without its channels: what they may ask, and what runs by itself."""

    services: Services
    machinery: Machinery


async def assemble(outside: Outside, rules: Rules) -> Core:
    """Return the services, wired."""
    database, clock = outside.database, outside.clock
    board = Board()
    estimates = await Estimates.load(database)
    queue = FairQueue(database, clock, board, estimates, rules.slots)
    machinery = _machinery(outside, rules, board, estimates, queue)
    retention, stop_render = machinery.retention, machinery.worker.cancel
    jobs = Jobs(
        database, clock, queue, board, outside.files, rules.roles, retention, stop_render, machinery.delivery.wake
    )
    places = Places(database, clock, rules.quota.place)
    services = Services(
        intake=machinery.intake,
        offers=Offers(outside.plan, estimates, queue, rules.max_picture_bytes),
        jobs=jobs,
        board=board,
        queue=queue,
        quotas=Quotas(database, clock, rules.quota),
        admin=_admin(outside, rules, machinery, jobs, places),
        privacy=Privacy(database, clock, queue, retention, rules.quota, stop_render, board, machinery.intake.void),
        reports=Reports(database, clock, board),
        places=places,
        inbox=Inbox(database, clock, board),
        notebook=Notebook(database, clock),
        channel_is_back=machinery.delivery.channel_is_back,
    )
    return Core(services, machinery)


def _machinery(outside: Outside, rules: Rules, board: Board, estimates: Estimates, queue: FairQueue) -> Machinery:
    database, clock, files, plan, reach = outside.database, outside.clock, outside.files, outside.plan, outside.reach
    delivery = Delivery(database, clock, board, files, outside.shrinker, outside.channels, rules.give_up_after_s, reach)
    worker = Worker(database, clock, queue, board, files, estimates, outside.renderer, plan, delivery.wake, reach)
    admission = Admission(database, clock, queue, files, rules.queue, rules.quota, outside.monotonic_s)
    acceptance = Acceptance(database, clock, admission, queue, files, estimates, plan, reach)
    intake = Intake(database, admission, acceptance, queue, files, outside.decoder, plan, rules.max_picture_bytes)
    return Machinery(
        queue=queue,
        board=board,
        admission=admission,
        intake=intake,
        worker=worker,
        lanes=Lanes(queue, outside.renderer, worker, rules.slots),
        delivery=delivery,
        retention=Retention(database, clock, files, rules.keep, reach),
    )


def _admin(outside: Outside, rules: Rules, machinery: Machinery, jobs: Jobs, places: Places) -> Admin:
    database, clock, queue = outside.database, outside.clock, machinery.queue
    overview = AdminOverview(database, clock, queue, rules.quota)
    commands = (
        *QueueCommands(database, queue, machinery.intake, jobs).commands,
        *PeopleCommands(database, clock, queue, rules.quota, rules.roles).commands,
        *PlaceCommands(database, clock, queue, rules.quota, places).commands,
        *RecordCommands(database, overview).commands,
        *ReportCommands(database, clock, jobs, TakingBack(outside.channels).take_back).commands,
    )
    return Admin(database, clock, queue, overview, rules.roles, commands, outside.monotonic_s)


def _limit(cap: float, per_day: float) -> Limit:
    return Limit(round(cap * CREDIT_MCR), round(per_day * CREDIT_MCR))


def _limit_or_none(cap: float | None, per_day: float | None) -> Limit | None:
    return None if cap is None or per_day is None else _limit(cap, per_day)
