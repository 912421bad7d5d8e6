"""How each accepted job comes to exactly one end."""

from bot.domain.job import CreditState, JobState
from tests.loopback.house import House


async def test_a_job_becomes_a_video(house: House) -> None:
    """What was asked for is rendered, delivered once, and paid."""
    view = await house.ask("bob", "draw a line")
    job = await house.until(view.job.id)
    assert (job.state, job.credits) == (JobState.DELIVERED, CreditState.USED)
    assert [answer.job.id for answer in house.channel.arrived] == [job.id]
    assert house.files.video(job.id).exists()
    assert await house.broken_promises() == []


async def test_a_lost_render_is_run_once_more(house: House) -> None:
    """A render whose server vanished is run again, and the second one counts."""
    view = await house.ask("bob", "lost-once")
    assert (await house.until(view.job.id)).state is JobState.DELIVERED
    assert len(house.renderer.seen) == 2


async def test_a_job_that_loses_two_renders_is_taken_for_the_cause(house: House) -> None:
    """There is never a third render; the person is told and gets the credits back."""
    view = await house.ask("bob", "lost")
    job = await house.until(view.job.id)
    await house.channel.called(1)
    assert (job.state, job.credits, len(house.renderer.seen)) == (JobState.FAILED, CreditState.RETURNED, 2)
    assert await house.broken_promises() == []
