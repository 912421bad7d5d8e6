"""A person's own jobs, as the lists of the chats show them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from bot.domain.job import JobState
from bot.service.history import jobs_under_way, results
from tests.loopback.house import House

HouseAt = Callable[..., AbstractAsyncContextManager[House]]


async def test_jobs_under_way_stand_in_the_order_in_which_they_will_be_ready(house: House) -> None:
    """What runs comes first, then what waits, the next in line first; what is over and what is others' is not there."""
    await house.until((await house.ask("bob", "over")).job.id)
    running = (await house.ask("bob", "hold")).job
    await house.until(running.id, JobState.RUNNING)
    second = (await house.ask("bob", "second")).job
    await house.ask("ann", "of Ann")
    third = (await house.ask("bob", "third")).job
    await house.admin("promote", job=third.id)
    found = await jobs_under_way(house.services, house.person("bob"))
    assert [view.job.id for view in found] == [running.id, third.id, second.id]


async def test_a_job_that_waits_behind_many_results_is_not_forgotten(house_at: HouseAt) -> None:
    """Whatever has come since, a job that waits is among those under way."""
    async with house_at(works=False) as house:
        first = (await house.ask("bob", "first")).job
        for number in range(120):
            job = (await house.ask("bob", f"number {number}")).job
            await house.services.jobs.cancel(house.person("bob"), job.id)
        found = await jobs_under_way(house.services, house.person("bob"))
        assert [view.job.id for view in found] == [first.id]


async def test_results_are_the_newest_of_which_something_is_left(house: House) -> None:
    """As many as are asked for, the newest first, also behind many others that are under way or deleted."""
    bob = house.person("bob")
    kept = [(await house.until((await house.ask("bob", f"kept {number}")).job.id)).id for number in range(3)]
    for number in range(60):
        gone = await house.until((await house.ask("bob", f"gone {number}")).job.id)
        await house.services.jobs.delete(bob, gone.id)
    await house.until((await house.ask("ann", "of Ann")).job.id)
    await house.ask("bob", "hold")
    newest = await results(house.services.jobs, bob, 2)
    assert [job.id for job in newest] == [kept[2], kept[1]]
    assert [job.id for job in await results(house.services.jobs, bob, 10)] == kept[::-1]
