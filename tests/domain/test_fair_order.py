"""The fair order, over a queue of nothing but tags: whoever asks, cancels and is served, at whatever price."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.fair_order import (
    MAX_PRIORITY_RUN,
    gap,
    normal_before,
    priority_before,
    served_until,
    start_tag,
    takes_priority,
    virtual_time_after,
    virtual_time_wanted,
)

PRICES = (100, 300, 500, 1000, 1400, 7_000, 20_000)
CROWD = "crowd"


@dataclass(order=True)
class Waiting:
    tag: float
    number: int
    person: str = field(compare=False)
    price: int = field(compare=False)


@dataclass
class Queue:
    """One lane, kept by the rules as the store keeps it."""

    virtual_time: float = 0.0
    waiting: list[Waiting] = field(default_factory=list)
    finish_tags: dict[str, float] = field(default_factory=dict)
    asked: int = 0

    def of(self, person: str) -> list[Waiting]:
        return sorted((job for job in self.waiting if job.person == person), key=lambda job: (job.tag, job.number))

    def ask(self, person: str, price: int) -> Waiting:
        has_waiting = any(job.person == person for job in self.waiting)
        tag = start_tag(self.virtual_time, self.finish_tags.get(person, 0.0), has_waiting=has_waiting)
        self.finish_tags[person] = tag + price
        self.asked += 1
        self.waiting.append(Waiting(tag, self.asked, person, price))
        return self.waiting[-1]

    def take(self) -> Waiting:
        job = min(self.waiting)
        people: set[str] = set()
        seconds = []
        for waiting in sorted(self.waiting, key=lambda job: (job.tag, job.number)):
            seconds += [waiting.tag] if waiting.person in people else []
            people.add(waiting.person)
        wanted = virtual_time_wanted(self.virtual_time, job.tag, job.price, len(people))
        self.virtual_time = virtual_time_after(self.virtual_time, wanted, min(seconds, default=None))
        self.finish_tags[job.person] = max(self.finish_tags[job.person], served_until(self.virtual_time))
        self.waiting.remove(job)
        return job

    def cancel(self, job: Waiting) -> None:
        self.waiting.remove(job)
        left = self.of(job.person)
        seconds = [other.tag for other in left[1:] if other.tag > job.tag]
        behind = gap(self.virtual_time, job.price, seconds[0]) if seconds else job.price
        for number, other in enumerate(left):
            if other.tag > job.tag:
                other.tag -= behind if number else job.price
        self.finish_tags[job.person] -= behind


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from("abcdef"), st.sampled_from(PRICES)),
        st.tuples(st.just("take"), st.just(""), st.just(0)),
        st.tuples(st.just("cancel"), st.just(""), st.integers(0, 50)),
    ),
    max_size=60,
)


def happen(queue: Queue, things: list[tuple[str, str, int]]) -> str:
    """Let them happen; return whose job was taken last."""
    running = ""
    for what, person, number in things:
        match what:
            case "ask":
                queue.ask(person, number)
            case "take" if queue.waiting:
                running = queue.take().person
            case "cancel" if queue.waiting:
                queue.cancel(queue.waiting[number % len(queue.waiting)])
    return running


@example(  # somebody who is served late and asks again at once
    [("ask", "a", 100), ("ask", "a", 300), ("ask", "b", 100), ("take", "", 0), ("ask", "b", 100)]
    + [("take", "", 0)] * 3
    + [("ask", "b", 100)],
    100,
    [],
)
@settings(max_examples=300)
@given(steps, st.sampled_from(PRICES), steps)
def test_nobody_delays_a_newcomer_by_more_than_one_job(
    before: list[tuple[str, str, int]], price: int, later: list[tuple[str, str, int]]
) -> None:
    """At any prices, after any history: of each other person at most one job is done before a newcomer's; of the one
    whose job is running just that."""
    queue = Queue()
    running = happen(queue, before)
    mine = queue.ask("newcomer", price)
    done = Counter([running])
    for what, person, number in later:
        if mine in queue.waiting and what != "cancel":
            taken = happen(queue, [(what, person, number)])
            done[taken] += 1
    while mine in queue.waiting:
        done[queue.take().person] += 1
    del done["newcomer"], done[""]
    assert max(done.values(), default=0) <= 1, done


@pytest.mark.parametrize("price", [100, 1_000, 20_000])
@pytest.mark.parametrize("theirs", [100, 1_000, 20_000])
def test_a_thousand_requests_delay_one_by_the_running_job(price: int, theirs: int) -> None:
    """Somebody who asks for the first time is next when the running job of a crowd of a thousand is done."""
    queue = Queue()
    for _ in range(1_000):
        queue.ask(CROWD, theirs)
    for _ in range(3):
        queue.take()
        mine = queue.ask(f"newcomer {queue.asked}", price)
        assert queue.take() is mine


@given(steps)
def test_whoever_has_not_been_served_stands_before_all_who_have_been_since(things: list[tuple[str, str, int]]) -> None:
    """Whoever comes for the first time and waits goes before the next job of everybody who is served meanwhile."""
    queue = Queue()
    happen(queue, things)
    mine = queue.ask("newcomer", 1_000)
    while (taken := queue.take()) is not mine:
        assert all(mine < other for other in queue.of(taken.person))


@given(steps)
def test_one_persons_jobs_keep_their_order(things: list[tuple[str, str, int]]) -> None:
    """Whatever goes away before them, the jobs of one person are done in the order in which they were asked for."""
    queue = Queue()
    happen(queue, things)
    for person in "abcdef":
        numbers = [job.number for job in queue.of(person)]
        assert numbers == sorted(numbers)


@given(
    steps,
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(PRICES), st.integers(1, 3), st.booleans()), min_size=1, max_size=40
    ),
)
def test_an_endless_stream_of_newcomers_starves_nobody(
    before: list[tuple[str, str, int]], newcomers: list[tuple[int, int, int, bool]]
) -> None:
    """While new people come without end and cancel as they like, a job that waits is done within the stated bound."""
    queue, most = Queue(), 6
    happen(queue, before)
    while len(queue.waiting) > 3:
        queue.take()
    queue.ask("patient", 1_000)
    mine = queue.ask("patient", 1_000)
    bound = 4 * most * most * (1 + (mine.tag - queue.virtual_time) / min(PRICES))
    taken = 0
    while mine in queue.waiting:
        for people, price, jobs, cancels in newcomers:
            for _ in range(people):
                asked = [queue.ask(f"newcomer {queue.asked}", price)]
                asked += [queue.ask(asked[0].person, price) for _ in range(jobs - 1)]
                while len(queue.waiting) > most:
                    queue.waiting.remove(max(queue.waiting[-jobs:]))
                if cancels and asked[0] in queue.waiting:
                    queue.cancel(asked[0])
            if mine in queue.waiting:
                queue.take()
                taken += 1
        assert taken <= bound


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_the_priority_lane_cannot_shut_the_normal_one_out(lanes: list[tuple[bool, bool]]) -> None:
    """While a normal job waits, it is never passed by more than three jobs of the priority lane in a row."""
    run = passed = 0
    for has_priority, has_normal in lanes:
        is_priority = takes_priority(priority_run=run, has_priority=has_priority, has_normal=has_normal)
        assert not is_priority or has_priority
        if has_normal:
            passed = passed + 1 if is_priority else 0
        if is_priority or has_normal:
            run = run + 1 if is_priority else 0
        assert passed <= MAX_PRIORITY_RUN


@pytest.mark.parametrize("run", range(6))
def test_places_in_two_lanes_are_those_in_which_jobs_go(run: int) -> None:
    """How many of the other lane go before a job is what comes out when all are taken one by one."""
    for priority, normal in product(range(9), range(9)):
        gone, now = {"priority": 0, "normal": 0}, run
        while gone["priority"] < priority or gone["normal"] < normal:
            left = {"has_priority": gone["priority"] < priority, "has_normal": gone["normal"] < normal}
            if takes_priority(priority_run=now, **left):
                assert normal_before(gone["priority"], priority_run=run, normal=normal) == gone["normal"]
                gone["priority"], now = gone["priority"] + 1, now + 1
            else:
                assert priority_before(gone["normal"], priority_run=run, priority=priority) == gone["priority"]
                gone["normal"], now = gone["normal"] + 1, 0


def test_credits_count_not_requests() -> None:
    """Of two who always want more, the one with cheap requests gets more of them, both about the same in credits."""
    queue, spent = Queue(), Counter[str]()
    for _ in range(300):
        queue.ask("cheap", 300)
        queue.ask("dear", 1_500)
    for _ in range(200):
        taken = queue.take()
        spent[taken.person] += taken.price
    assert spent["cheap"] == pytest.approx(spent["dear"], abs=1_500)


def test_the_virtual_time_never_goes_back() -> None:
    """Whoever came first with nothing before them is not passed by somebody who comes later in the same way."""
    queue = Queue()
    times = []
    for number in range(50):
        queue.ask(f"p{number % 7}", PRICES[number % len(PRICES)])
        if number % 2:
            queue.take()
        times.append(queue.virtual_time)
    assert all(early <= late for early, late in pairwise(times))
