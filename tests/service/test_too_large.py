"""A video that its platform does not take for its size: made smaller once and sent at once, or failed with a reason."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.job import CreditState, Job, JobState
from bot.domain.messages import sentence
from bot.domain.refusals import FailureCode
from bot.service.delivery import Answer, GoneForGood, TooLarge, TryLater
from bot.service.views import IncomingRequest
from bot.store.milestones import Change, before_commit
from generation.errors import EncodeFailed, EngineUnavailable, ErrorCode
from tests.loopback.expect import eventually
from tests.loopback.house import ADMIN, ORIGIN, House
from tests.loopback.scripted_channel import ScriptedChannel
from tests.loopback.scripted_renderer import MP4

HouseAt = Callable[..., AbstractAsyncContextManager[House]]
MOST = int(len(MP4) * 0.8)


async def ended(house: House, prompt: str = "draw") -> Job:
    job = await house.until((await house.ask("bob", prompt)).job.id)
    assert await house.broken_promises() == []
    return job


async def test_it_is_made_smaller_and_sent_at_once(house: House) -> None:
    """The smaller file takes the old one's place, its facts are those of the new one, and the person has it."""
    house.channel.next_errors.append(TooLarge(10))
    job = await ended(house)
    assert (job.state, job.credits, job.is_shrunk) == (JobState.DELIVERED, CreditState.USED, True)
    assert [size for _, size in house.shrinker.calls] == [10]
    assert job.video is not None
    assert (job.video.size_bytes, job.video.sha256, job.video.width_px, job.video.height_px) == (10, "1" * 64, 48, 32)
    assert job.video.render_seconds == 2.0
    [sent] = house.channel.arrived
    assert sent.job.video == job.video
    assert (await house.services.jobs.video(house.person("bob"), job.id)).read_bytes() == b"s" * 10
    assert [path.name for path in house.files.video(job.id).parent.iterdir() if path.name.startswith(".")] == []


async def test_it_becomes_clearly_smaller_however_much_is_allowed(house: House) -> None:
    """A platform that counts otherwise than we do gets four fifths of the size, not a few bytes less."""
    house.channel.next_errors.append(TooLarge(1_000_000))
    job = await ended(house)
    assert job.video is not None
    assert job.video.size_bytes == MOST


async def test_what_is_too_large_a_second_time_fails(house: House) -> None:
    """Nothing is made smaller twice: the person reads what to ask for, has the credits back, and admins are told."""
    house.channel.next_errors.extend([TooLarge(10), TooLarge(5)])
    job = await ended(house)
    await house.channel.called(3)
    assert (job.state, job.credits, job.has_video) == (JobState.FAILED, CreditState.RETURNED, False)
    assert job.failure is not None
    assert job.failure.code == FailureCode.VIDEO_TOO_LARGE
    assert "fewer seconds" in sentence(job.failure)
    assert len(house.shrinker.calls) == 1
    [told] = house.channel.arrived
    assert (told.job.state, told.video) == (JobState.FAILED, None)
    [notice] = (await house.services.admin.overview(ADMIN)).notices
    assert notice["message"] == f"The video of job {job.id} was too large for its platform, even made smaller."
    await eventually(lambda: not house.files.video(job.id).exists())


@pytest.mark.parametrize(
    "error",
    [EncodeFailed(ErrorCode.ENCODED_FILE_TOO_LARGE, bytes=2, max_bytes=1), EngineUnavailable(ErrorCode.NO_FFMPEG)],
)
async def test_what_cannot_be_made_smaller_fails(house: House, error: Exception) -> None:
    """Where no smaller file can be made there is nothing to try again, and the credits come back."""
    house.channel.next_errors.append(TooLarge(10))
    house.shrinker.next_errors.append(error)
    job = await ended(house)
    assert (job.state, job.credits) == (JobState.FAILED, CreditState.RETURNED)
    assert job.failure is not None
    assert job.failure.code == FailureCode.VIDEO_TOO_LARGE


async def test_a_full_disk_is_waited_for(house: House) -> None:
    """A disk on which no second file has room costs nobody their video: it is tried again later."""
    house.channel.next_errors.extend([TooLarge(10), TooLarge(10)])
    house.shrinker.next_errors.append(OSError(28, "No space left on device"))
    view = await house.ask("bob")
    await house.until(view.job.id, JobState.RENDERED)
    await eventually(lambda: len(house.shrinker.calls) == 1)
    await eventually(lambda: not house.core.machinery.delivery._under_way)
    house.clock.move(60)
    house.core.machinery.delivery.wake()
    assert (await house.until(view.job.id)).state is JobState.DELIVERED


@pytest.mark.parametrize("error", [TryLater(), GoneForGood("blocked")])
async def test_the_smaller_video_goes_the_way_of_every_other(house: House, error: Exception) -> None:
    """After it was made smaller a platform may still ask for later, or refuse for good."""
    house.channel.next_errors.extend([TooLarge(10), error])
    view = await house.ask("bob")
    await house.channel.called(2)
    if isinstance(error, TryLater):
        await house.until(view.job.id, JobState.RENDERED)
        await eventually(lambda: not house.core.machinery.delivery._under_way)
        house.clock.move(60)
        house.core.machinery.delivery.wake()
    expected = JobState.DELIVERED if isinstance(error, TryLater) else JobState.UNDELIVERABLE
    assert (await house.until(view.job.id)).state is expected
    assert len(house.shrinker.calls) == 1


async def test_a_failure_has_no_size(house: House) -> None:
    """A channel that finds an answer without a video too large has a bug, and is asked again."""
    house.channel.next_errors.append(TooLarge(10))
    job = await ended(house, "refuse")
    await house.channel.called(1)
    await eventually(lambda: not house.core.machinery.delivery._under_way)
    house.clock.move(60)
    house.core.machinery.delivery.wake()
    await house.channel.called(2)
    assert house.shrinker.calls == []
    assert [(answer.job.id, answer.attempts) for answer in house.channel.calls] == [(job.id, 0), (job.id, 1)]


async def test_a_restart_does_not_make_it_smaller_once_more(house_at: HouseAt) -> None:
    """That it was made smaller is known after the next start: too large again is the end."""
    channel = ScriptedChannel()
    channel.next_errors.extend([TooLarge(10), TryLater(3_600)])
    async with house_at(channel=channel) as house:
        view = await house.ask("bob")
        await channel.called(2)
        await eventually(lambda: not house.core.machinery.delivery._under_way)
    channel.next_errors.append(TooLarge(5))
    async with house_at(channel=channel) as house:
        job = await house.until(view.job.id)
        assert (job.state, job.failure and job.failure.code) == (JobState.FAILED, FailureCode.VIDEO_TOO_LARGE)
        assert house.shrinker.calls == []


async def test_a_death_between_the_new_file_and_its_row_is_mended(house_at: HouseAt) -> None:
    """Where the file is the smaller one already and the row knows nothing of it, the next start makes the row right."""
    channel, deaths = ScriptedChannel(), [1]
    channel.next_errors.append(TooLarge(10))

    def die(milestone: str) -> None:
        # The first postponement is that of the start, and nothing is sent then.
        if milestone == before_commit(Change.POSTPONE) and channel.calls and deaths:
            deaths.pop()
            raise OSError("the power is cut")

    async with house_at(channel=channel, reach=die) as house:
        view = await house.ask("bob")
        await eventually(lambda: not deaths)
        await house.until(view.job.id, JobState.RENDERED)
        assert house.files.video(view.job.id).read_bytes() == b"s" * 10
    async with house_at(channel=channel) as house:
        job = await house.until(view.job.id)
        assert (job.state, job.is_shrunk) == (JobState.DELIVERED, True)
        assert job.video is not None
        assert job.video.size_bytes == 10


class ForgettingChannel(ScriptedChannel):
    """Has the person forgotten while the video is refused."""

    def __init__(self) -> None:
        super().__init__()
        self.forget: Callable[[], Awaitable[object]] | None = None

    async def deliver(self, answer: Answer) -> None:
        if self.forget is not None and not self.calls:
            await self.forget()
        await super().deliver(answer)


async def test_whoever_is_forgotten_meanwhile_gets_nothing_and_leaves_nothing(house_at: HouseAt) -> None:
    """A smaller file of somebody who is forgotten does not stay, and is not sent."""
    channel = ForgettingChannel()
    channel.next_errors.append(TooLarge(10))
    async with house_at(channel=channel) as house:
        channel.forget = lambda: house.services.privacy.forget(house.person("bob"))
        view = await house.ask("bob")
        await channel.called(1)
        await eventually(lambda: not house.core.machinery.delivery._under_way)
        assert channel.arrived == []
        assert list(house.files.video(view.job.id).parent.iterdir()) == []


async def test_what_is_made_never_exceeds_what_the_place_can_take(house: House) -> None:
    """A render aims below the smaller of the two limits, the place's and the operator's, but not below 256 KiB."""
    for of_place, aimed in ((None, 10_000_000), (8_000_000, 8_000_000), (50_000_000, 10_000_000), (1, 262_144)):
        origin = replace(ORIGIN, max_video_bytes=of_place)
        view = await house.services.intake.submit(house.person("bob"), origin, IncomingRequest(b"a picture"))
        job = await house.until(view.job.id)
        assert job.origin == origin
        assert house.renderer.limits[-1] == aimed
