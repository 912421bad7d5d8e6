"""Status messages follow their jobs no faster than a platform likes it: with the usual pace, in simulated time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import structlog

from bot.domain.job import JobState, Origin, Requester
from bot.service.board import QUEUE
from bot.service.delivery import TryLater
from bot.service.status_messages import USUAL_PACE, OutOfReach, StatusMessages
from bot.service.views import IncomingRequest, JobView
from bot.store.errors import StoreError, StoreProblem
from generation.engines.engine import Phase, Progress
from generation.picture import Picture
from tests.loopback.crowd import crowd, person
from tests.loopback.house import House, open_house
from tests.loopback.scripted_painter import NETWORK_S, Edit, ScriptedPainter
from tests.loopback.simulated_loop import SimulatedLoop

CHANNEL = "scripted"
ANNA = Requester(CHANNEL, "anna", "Anna")
GROUP_EVERY_S = 9.0
_THREADS_S = 0.05  # what the disk takes before an edit


@dataclass
class Stage:
    """A bot whose renders hold, and its status messages. Messages in the chat ``group`` share a budget."""

    house: House
    painter: ScriptedPainter = field(init=False)
    statuses: StatusMessages[str] = field(init=False)
    messages: int = 0
    drawing: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        services = self.house.services
        self.painter = ScriptedPainter(services, lambda chat: GROUP_EVERY_S if chat == "group" else None)
        self.statuses = StatusMessages(services, self.painter, USUAL_PACE, asyncio.get_running_loop().time)

    async def draw(self) -> None:
        """Begin to draw, also what was under way before."""
        self.drawing = asyncio.create_task(self.statuses.run())
        await asyncio.sleep(1)

    def address(self, chat: str = "quay") -> str:
        self.messages += 1
        return f"{chat}/{self.messages}"

    async def ask(self, prompt: str = "hold", chat: str = "quay", key: str = "") -> tuple[JobView, str]:
        address = self.address(chat)
        request = IncomingRequest(b"a picture", prompt, key=key)
        view = await self.house.services.intake.submit(ANNA, Origin(CHANNEL, address=address), request)
        return view, address

    async def running(self, chat: str = "quay", key: str = "") -> tuple[str, str]:
        """Return a job that is rendered and followed, and its message."""
        view, address = await self.ask(chat=chat, key=key)
        self.statuses.follow(view, address)
        await self.house.until(view.job.id, JobState.RUNNING)
        await asyncio.sleep(1)  # the renderer's own first signs
        return view.job.id, address

    async def waiting(self, count: int, chat: str = "quay") -> list[str]:
        return await crowd(self.house, [Origin(CHANNEL, address=self.address(chat)) for _ in range(count)])

    def progress(self, job_id: str, step: int) -> None:
        self.house.services.board.show_progress(job_id, ANNA.id, Progress(Phase.DRAW, step, 1000))

    async def render(self, job_id: str, seconds: int, *, first: int = 1, by: int = 1) -> None:
        """Let a render tell of its progress every second."""
        for number in range(seconds):
            self.progress(job_id, first + number * by)
            await asyncio.sleep(1)


Story = Callable[[Stage], Awaitable[None]]
Play = Callable[[Story], None]


def apart_s(edits: list[Edit]) -> float:
    return min((after.at_s - before.at_s for before, after in pairwise(edits)), default=1e9)


@pytest.fixture
def play(tmp_path: Path, picture: Picture) -> Play:
    """Play a story in simulated time."""

    def play(story: Story) -> None:
        loop = SimulatedLoop(Random(1))

        async def on_stage() -> None:
            async with open_house(tmp_path, picture) as house:
                stage = Stage(house)
                await story(stage)
                if stage.drawing is not None:
                    assert not stage.drawing.done()
                    stage.drawing.cancel()

        try:
            loop.run_until_complete(on_stage())
        finally:
            loop.bury()

    return play


def test_a_message_is_edited_every_four_seconds_at_most(play: Play) -> None:
    """However fast a render tells of its progress, its message changes no faster, and shows the last state soon."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        for step in range(1, 301):
            stage.progress(job_id, step)
            await asyncio.sleep(0.1)
        stage.progress(job_id, 900)
        await asyncio.sleep(USUAL_PACE.edit_every_s + 1)
        edits = stage.painter.of(address)
        assert apart_s(edits) >= USUAL_PACE.edit_every_s
        assert 7 <= len(edits) <= 10
        assert "90 %" in edits[-1].text

    play(story)


def test_what_changes_during_an_edit_is_shown_after_it(play: Play) -> None:
    """A change that comes while an edit is on its way is not lost, though it is the last one."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.network.clear()
        for step in (500, 900):
            stage.progress(job_id, step)
            await asyncio.sleep(1)
        stage.painter.network.set()
        await asyncio.sleep(10)
        assert [edit.text[-4:] for edit in stage.painter.of(address)[-2:]] == ["50 %", "90 %"]

    play(story)


def test_ten_thousand_that_wait_do_not_flood_the_platform(play: Play) -> None:
    """With ten thousand waiting and every place moving, a start and five minutes are five edits a second at most."""

    async def story(stage: Stage) -> None:
        view, address = await stage.ask()
        await stage.house.until(view.job.id, JobState.RUNNING)
        waiting = await stage.waiting(10_000)
        await stage.draw()
        minutes = 5
        for second in range(minutes * 60):
            if second % 5 == 0:
                await stage.house.services.jobs.cancel(person(CHANNEL, second), waiting[second])
            stage.progress(view.job.id, second * 3)
            await asyncio.sleep(1)
        edits_a_second = 1 / USUAL_PACE.places_apart_s
        others = [edit for edit in stage.painter.edits if edit.address != address]
        assert 0.9 <= len(others) / (minutes * 60 * edits_a_second) <= 1.1
        assert len({edit.address for edit in others}) == len(others)
        mine = stage.painter.of(address)
        assert len(mine) >= minutes * 60 / (USUAL_PACE.edit_every_s + 1) - 1  # nobody's progress has to wait

    play(story)


def test_places_are_shown_now_and_then(play: Play) -> None:
    """While places move all the time, each message says so every quarter of a minute, and the last place in the end."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        ahead = await stage.waiting(12)
        view, address = await stage.ask()
        stage.statuses.follow(view, address)
        for number, job_id in enumerate(ahead):
            await asyncio.sleep(5)
            await stage.house.services.jobs.cancel(person(CHANNEL, number), job_id)
        edits = stage.painter.of(address)
        assert apart_s(edits) >= USUAL_PACE.place_every_s - NETWORK_S
        assert len(edits) <= 2 * (60 / USUAL_PACE.place_every_s + 1)
        await asyncio.sleep(30)
        assert "Next in line." in stage.painter.of(address)[-1].text

    play(story)


def test_in_a_busy_group_whoever_waits_still_sees_their_place(play: Play) -> None:
    """Where a group may have one edit every nine seconds, a render that moves all the time leaves half of them."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running(chat="group")
        ahead = await stage.waiting(1, chat="elsewhere")
        view, waiting = await stage.ask(chat="group")
        stage.statuses.follow(view, waiting)
        await stage.render(job_id, 30, by=10)
        await stage.house.services.jobs.cancel(person(CHANNEL, 0), ahead[0])
        await stage.render(job_id, 60, first=301, by=10)
        group = [edit for edit in stage.painter.edits if edit.address in (address, waiting)]
        assert apart_s(group) >= GROUP_EVERY_S - _THREADS_S
        assert [edit.text for edit in stage.painter.of(waiting)] == [
            "hold: In the queue, 1 job before this one.",
            "hold: Next in line.",
        ]
        assert len(stage.painter.of(address)) >= 90 / GROUP_EVERY_S - 3

    play(story)


def test_looks_that_need_no_edit_take_nobodys_turn(play: Play) -> None:
    """In a group with few edits a job that changes without looking different leaves them to the others."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running(chat="group")
        view, waiting = await stage.ask(chat="group")
        stage.statuses.follow(view, waiting)
        for step in range(90):
            stage.house.services.board.job_changed(view.job.id, ANNA.id)
            stage.progress(job_id, 10 * step)
            await asyncio.sleep(1)
        assert len(stage.painter.of(waiting)) == 1
        assert len(stage.painter.of(address)) >= 90 / GROUP_EVERY_S - 1

    play(story)


def test_in_a_busy_group_a_job_that_begins_is_shown_soon(play: Play) -> None:
    """A job that begins does not wait until all the others of its group have been told their places."""

    async def story(stage: Stage) -> None:
        before, _ = await stage.running()
        await stage.waiting(20, chat="group")
        view, address = await stage.ask(chat="group")
        await stage.draw()
        await asyncio.sleep(10)
        assert stage.painter.of(address) == []
        await stage.house.admin("promote", job=view.job.id)
        await stage.house.services.jobs.cancel(ANNA, before)
        await stage.house.until(view.job.id, JobState.RUNNING)
        await asyncio.sleep(2 * GROUP_EVERY_S)
        assert "10 %" in stage.painter.of(address)[-1].text

    play(story)


def test_a_busy_group_holds_nobody_else_up(play: Play) -> None:
    """What is shown elsewhere keeps its own pace while a group's messages wait for their turn."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await stage.waiting(100, chat="group")
        await stage.render(job_id, 60, by=10)
        assert len(stage.painter.of(address)) >= 60 / (USUAL_PACE.edit_every_s + 1) - 1

    play(story)


def test_the_platforms_own_pause_is_kept(play: Play) -> None:
    """Where the platform asks for a minute's pause a message is not edited for a minute, whatever the render says."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.errors = [TryLater(60.0)]
        before = len(stage.painter.of(address))
        await stage.render(job_id, 100)
        refused, *later = stage.painter.of(address)[before:]
        assert later[0].at_s - refused.at_s >= 60

    play(story)


def test_being_told_to_wait_makes_no_message_rare(play: Play) -> None:
    """However often a platform puts an edit off, it is tried just when the platform says, and no faster than usual."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.errors = [TryLater(wait_s) for wait_s in (6.0, 6.0, 6.0, 6.0, 0.1)]
        before = len(stage.painter.of(address))
        await stage.render(job_id, 60)
        pauses_s = [after.at_s - one.at_s for one, after in pairwise(stage.painter.of(address)[before:])]
        assert [round(pause_s) for pause_s in pauses_s[:5]] == [6, 6, 6, 6, 4]

    play(story)


@pytest.mark.parametrize("error", [TryLater(may_have_arrived=True), TimeoutError(), StoreError(StoreProblem.FULL)])
def test_edits_that_fail_become_rare(play: Play, error: Exception) -> None:
    """While an edit fails, the tries come ever more slowly, up to a pause of more than a minute; then all is shown."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.refusal = error
        before = len(stage.painter.of(address))
        await stage.render(job_id, 600)
        pauses_s = [after.at_s - one.at_s for one, after in pairwise(stage.painter.of(address)[before:])]
        assert [round(pause_s) for pause_s in pauses_s[:5]] == [5, 10, 20, 40, 80]
        stage.painter.refusal = None
        await asyncio.sleep(90)
        assert "60 %" in stage.painter.of(address)[-1].text

    play(story)


def test_an_edit_that_never_ends_is_given_up(play: Play) -> None:
    """Where a platform takes an edit and never answers, the message is edited again after a while."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        stage.painter.network.clear()
        before = len(stage.painter.of(address))
        await stage.render(job_id, 60)
        hung, again = stage.painter.of(address)[before:][:2]
        pause_s = again.at_s - hung.at_s
        assert USUAL_PACE.edit_limit_s < pause_s < USUAL_PACE.edit_limit_s + 2 * USUAL_PACE.retry_after_s

    play(story)


def test_while_the_platform_is_away_nothing_is_tried(play: Play) -> None:
    """While the platform cannot be reached no message is touched; afterwards each shows how things stand."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.is_there.clear()
        before = len(stage.painter.edits)
        await stage.render(job_id, 100)
        assert len(stage.painter.edits) <= before + 1
        stage.progress(job_id, 800)
        stage.painter.is_there.set()
        await asyncio.sleep(10)
        assert "80 %" in stage.painter.of(address)[-1].text

    play(story)


@pytest.mark.parametrize("reason", [OutOfReach("deleted"), ZeroDivisionError("a bug")])
def test_a_message_that_cannot_be_edited_is_left_alone(play: Play, reason: Exception) -> None:
    """A message out of reach is not tried again; its job and the other messages go on without it."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.errors = [reason]
        before = len(stage.painter.of(address))
        with structlog.testing.capture_logs() as lines:
            await stage.render(job_id, 60)
        assert len(stage.painter.of(address)) == before + 1
        assert any(line["log_level"] == "error" for line in lines) is not isinstance(reason, OutOfReach)
        await stage.house.until(job_id, JobState.RUNNING)
        view, other = await stage.ask()
        stage.statuses.follow(view, other)
        await asyncio.sleep(1)
        assert stage.painter.of(other)

    play(story)


def test_a_job_that_ended_before_it_was_followed_is_not_shown(play: Play) -> None:
    """Where the end was faster than the status message, the status message does not come after it."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        view, address = await stage.ask()
        await stage.house.services.jobs.cancel(ANNA, view.job.id)
        before = list(stage.painter.of(address))
        stage.statuses.follow(view, address)
        await asyncio.sleep(30)
        assert stage.painter.of(address) == before

    play(story)


def test_nothing_is_drawn_while_an_end_is_shown_or_after_it(play: Play) -> None:
    """An end is shown after the edit that was on its way; what waits to be sent is dropped, and nothing comes later."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        job_id, address = await stage.running()
        await asyncio.sleep(10)
        stage.painter.network.clear()
        stage.progress(job_id, 500)
        await asyncio.sleep(1)  # the edit has begun
        edits = len(stage.painter.edits)
        closed = asyncio.Event()
        await stage.house.services.jobs.cancel(ANNA, job_id)

        async def end() -> None:
            async with stage.statuses.closing(job_id):
                closed.set()
                await asyncio.sleep(30)

        ending = asyncio.create_task(end())
        await asyncio.sleep(1)
        assert (stage.painter.gave_way, closed.is_set()) == ([address], False)
        stage.painter.network.set()
        await closed.wait()
        for _ in range(10):
            stage.house.services.board.job_changed(job_id, ANNA.id)
            await asyncio.sleep(6)
        await ending
        assert len(stage.painter.edits) == edits

    play(story)


def test_what_was_under_way_goes_on_after_a_start(play: Play) -> None:
    """After a start the messages of jobs that run are drawn at once, and those that wait soon after."""

    async def story(stage: Stage) -> None:
        view, address = await stage.ask()
        await stage.house.until(view.job.id, JobState.RUNNING)
        await stage.waiting(10)
        await stage.draw()
        await asyncio.sleep(10 * USUAL_PACE.places_apart_s)
        assert stage.painter.edits[0].address == address
        assert len({edit.address for edit in stage.painter.edits}) == 11

    play(story)


def test_a_job_that_is_followed_while_it_is_met_is_drawn_once(play: Play) -> None:
    """Where a channel follows a job in the very moment in which its own change is looked at, it has one message."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        like_it, _ = await stage.ask()
        await asyncio.sleep(10)
        with stage.house.services.board.subscribe(ANNA.id) as changes:
            asking = asyncio.create_task(stage.ask())
            (job_id,) = await changes.changed() - {QUEUE}
            await asyncio.sleep(0)  # whoever draws has been told as well, and looks at the job
            address = f"quay/{stage.messages}"
            stage.statuses.follow(replace(like_it, job=replace(like_it.job, id=job_id)), address)
        await asking
        await asyncio.sleep(30)
        assert len(stage.painter.of(address)) == 1

    play(story)


def test_another_channels_jobs_are_none_of_ours(play: Play) -> None:
    """A job of another channel is not drawn, however often it changes."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        request = IncomingRequest(b"a picture", "hold")
        view = await stage.house.services.intake.submit(ANNA, Origin("web", address="quay/9"), request)
        await stage.house.until(view.job.id, JobState.RUNNING)
        await stage.render(view.job.id, 30)
        assert stage.painter.edits == []

    play(story)


def test_a_job_in_place_of_another_goes_on_in_its_message(play: Play) -> None:
    """What is asked for with other words is shown in the same message, at its pace; the old job never again."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        old, address = await stage.ask("hold the boats")
        stage.statuses.follow(old, address)
        await asyncio.sleep(1)
        new = await _replaced(stage, old, address, "hold the waves")
        stage.statuses.rename(old.job.id, new)
        assert stage.painter.gave_way == [address]
        await asyncio.sleep(30)
        edits = stage.painter.of(address)
        assert [edit.text.partition(":")[0] for edit in edits] == ["hold the boats", "hold the waves"]
        assert apart_s(edits) >= USUAL_PACE.edit_every_s
        assert edits[-1].job_id == new.job.id

    play(story)


def test_new_words_come_after_an_edit_that_was_on_its_way(play: Play) -> None:
    """Where the old words are just being sent, the new ones come after them, and stay."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        stage.painter.network.clear()
        old, address = await stage.ask("hold the boats")
        stage.statuses.follow(old, address)
        await asyncio.sleep(1)  # the edit has begun
        stage.statuses.rename(old.job.id, await _replaced(stage, old, address, "hold the waves"))
        await asyncio.sleep(1)
        stage.painter.network.set()
        await asyncio.sleep(30)
        texts = [edit.text.partition(":")[0] for edit in stage.painter.of(address)]
        assert texts == ["hold the boats", "hold the waves"]

    play(story)


def test_a_job_that_came_by_another_way_is_followed(play: Play) -> None:
    """A job whose channel does not follow it, as one that an admin asked for again, is shown soon."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        _, address = await stage.ask("hold the boats")
        await asyncio.sleep(USUAL_PACE.head_start_s + 1)
        assert [edit.text for edit in stage.painter.of(address)] == ["hold the boats: Next in line."]

    play(story)


@pytest.mark.parametrize("after_s", [NETWORK_S / 2, NETWORK_S * 2])  # its first edit is on its way, or has arrived
@pytest.mark.parametrize("was_followed", [True, False])
def test_a_new_job_that_is_shown_already_stays_in_its_message(
    play: Play, after_s: float, *, was_followed: bool
) -> None:
    """Where the new job was drawn before it was renamed, or nobody has followed the old one, nothing is sent twice."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        old, address = await stage.ask("hold the boats")
        if was_followed:
            stage.statuses.follow(old, address)
            await asyncio.sleep(NETWORK_S * 2)
        new = await _replaced(stage, old, address, "hold the waves")
        stage.statuses.follow(new, address)
        await asyncio.sleep(after_s)
        stage.statuses.rename(old.job.id, new)
        await asyncio.sleep(30)
        for job in (old, new):
            stage.house.services.board.job_changed(job.job.id, ANNA.id)
        await asyncio.sleep(30)
        texts = [edit.text for edit in stage.painter.of(address)]
        boats = ["hold the boats: Next in line."] if was_followed else []
        assert texts == [*boats, "hold the waves: Next in line."]

    play(story)


@pytest.mark.parametrize("errors", [[], [TryLater(), TryLater()], [TimeoutError()]])
def test_of_two_edits_on_their_way_the_new_words_win(play: Play, errors: list[Exception]) -> None:
    """Where old and new words are sent at the same time, nobody knows which came last: the new ones are sent again."""

    async def story(stage: Stage) -> None:
        await stage.draw()
        await stage.running()
        stage.painter.network.clear()
        old, address = await stage.ask("hold the boats")
        stage.statuses.follow(old, address)
        await asyncio.sleep(NETWORK_S)
        new = await _replaced(stage, old, address, "hold the waves")
        stage.statuses.follow(new, address)
        await asyncio.sleep(NETWORK_S)
        stage.statuses.rename(old.job.id, new)
        stage.painter.errors = list(errors)
        stage.painter.network.set()
        await asyncio.sleep(60)
        texts = [edit.text.partition(":")[0] for edit in stage.painter.of(address)]
        assert texts == ["hold the boats", "hold the waves", "hold the waves"]

    play(story)


async def _replaced(stage: Stage, old: JobView, address: str, prompt: str) -> JobView:
    """Return a job with other words, for which the old one was ended."""
    await stage.house.services.jobs.cancel(ANNA, old.job.id)
    request = IncomingRequest(b"a picture", prompt)
    return await stage.house.services.intake.submit(ANNA, Origin(CHANNEL, address=address), request)
