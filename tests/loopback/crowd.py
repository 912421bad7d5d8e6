"""A crowd: jobs of many people put into the queue at once, without pictures."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.job import Origin, Requester
from bot.service.acceptance import new_job_id
from bot.store import people, queue_order
from bot.store.database import Connection
from bot.store.milestones import Change
from bot.store.queue_order import Place
from tests.loopback.house import House
from tests.store.rows import new_job


def person(channel: str, number: int) -> Requester:
    return Requester(channel, f"1{number}")


async def crowd(house: House, origins: Sequence[Origin]) -> list[str]:
    """Have one person ask from each origin; return the jobs' ids."""
    asking = [(person(origin.channel, number), origin) for number, origin in enumerate(origins)]
    new = [
        replace(
            new_job("anybody", new_job_id(), price_mcr=0),
            requester=requester,
            origin=origin,
            frames=97,
            steps=1,
            estimate_s=1.0,
        )
        for requester, origin in asking
    ]

    def insert(tx: Connection) -> list[Place]:
        for requester, _ in asking:
            people.touch(tx, requester, 0)
        return [queue_order.insert(tx, one, 0) for one in new]

    def show(places: list[Place]) -> None:
        for place in places:
            house.core.machinery.queue.add(place)

    await house.database.write(Change.ACCEPT, insert, show)
    return [one.id for one in new]
