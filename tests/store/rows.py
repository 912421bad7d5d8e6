"""Rows to begin with: persons, jobs and accounts, as the services make them."""

from bot.domain.credits import Limit
from bot.domain.job import Origin, Requester
from bot.store import accounts, people, queue_order
from bot.store.accounts import Level, person_account
from bot.store.database import Connection
from bot.store.job_row import NewJob
from bot.store.queue_order import Place

NOW_MS = 1_800_000_000_000
PRICE_MCR = 1_000
LIMIT = Limit(100_000, 0)


def new_job(name: str, job_id: str, price_mcr: int = PRICE_MCR, key: str = "") -> NewJob:
    return NewJob(
        id=job_id,
        requester=Requester("web", name, name.title()),
        origin=Origin("web"),
        key=key,
        prompt="a prompt",
        options={},
        model="camera",
        preset="balanced",
        seed=1,
        width_px=96,
        height_px=64,
        frames=9,
        fps=24,
        steps=5,
        estimate_s=None,
        price_mcr=price_mcr,
        has_end_picture=False,
    )


def level(name: str, limit: Limit = LIMIT) -> Level:
    return Level(person_account(f"web:{name}"), limit)


def accept(connection: Connection, name: str, job_id: str, price_mcr: int = PRICE_MCR, limit: Limit = LIMIT) -> Place:
    """Accept a job as the intake does: the person, the credits and the row."""
    new = new_job(name, job_id, price_mcr)
    people.touch(connection, new.requester, NOW_MS)
    accounts.hold(connection, job_id, [level(name, limit)], price_mcr, NOW_MS)
    return queue_order.insert(connection, new, NOW_MS)
