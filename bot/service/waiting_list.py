"""The waiting jobs in memory, in the order in which they will go: who is before whom, and for how long."""

from bisect import bisect_left, insort
from collections.abc import Iterable

from bot.domain.fair_order import normal_before, priority_before
from bot.domain.job import Lane
from bot.store.queue_order import Place

_Key = tuple[float, int, str]


class WaitingList:
    """A sorted mirror of the queued rows. Positions are found by halving; sums are made anew after a change.

    ``priority_run`` says how many jobs of the priority lane were taken since the last normal one.
    """

    def __init__(self, places: Iterable[Place] = (), priority_run: int = 0) -> None:
        self.priority_run = priority_run
        self._by_id = {place.job_id: place for place in places}
        self._lanes: dict[Lane, list[_Key]] = {lane: [] for lane in Lane}
        self._of_requester: dict[str, set[str]] = {}
        self._sums: dict[
            Lane, list[tuple[float, int]]
        ] = {}  # of all before each: seconds, and how many nobody can tell
        for place in self._by_id.values():
            self._lanes[place.lane].append(_key(place))
            self._of_requester.setdefault(place.requester_id, set()).add(place.job_id)
        for keys in self._lanes.values():
            keys.sort()

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._by_id

    def of(self, requester_id: str) -> frozenset[str]:
        """Return the waiting jobs of one person."""
        return frozenset(self._of_requester.get(requester_id, ()))

    def put(self, place: Place) -> None:
        """Add a job, or move it to its new place."""
        self.remove(place.job_id)
        self._by_id[place.job_id] = place
        insort(self._lanes[place.lane], _key(place))
        self._of_requester.setdefault(place.requester_id, set()).add(place.job_id)
        self._sums.clear()

    def remove(self, job_id: str) -> None:
        """Take a job away, if it is there."""
        place = self._by_id.pop(job_id, None)
        if place is None:
            return
        keys = self._lanes[place.lane]
        del keys[bisect_left(keys, _key(place))]
        mine = self._of_requester[place.requester_id]
        mine.discard(job_id)
        if not mine:
            del self._of_requester[place.requester_id]
        self._sums.clear()

    def ahead(self, job_id: str) -> int | None:
        """Return how many go before; None where it does not wait."""
        before = self._before(job_id)
        return None if before is None else sum(before.values())

    def seconds_ahead(self, job_id: str | None, unknown_s: float) -> float:
        """Return how long all before a job take together, or before one that comes now (None).

        ``unknown_s`` counts for each that nobody can tell.
        """
        before = None if job_id is None else self._before(job_id)
        total_s = 0.0
        for lane, keys in self._lanes.items():
            seconds, unknown = self._sums_of(lane)[len(keys) if before is None else before[lane]]
            total_s += seconds + unknown * unknown_s
        return total_s

    def _before(self, job_id: str) -> dict[Lane, int] | None:
        """Return how many of each lane go before a job."""
        place = self._by_id.get(job_id)
        if place is None:
            return None
        number = bisect_left(self._lanes[place.lane], _key(place))
        if place.lane is Lane.PRIORITY:
            waiting = len(self._lanes[Lane.NORMAL])
            normal = normal_before(number, priority_run=self.priority_run, normal=waiting)
            return {Lane.PRIORITY: number, Lane.NORMAL: normal}
        waiting = len(self._lanes[Lane.PRIORITY])
        priority = priority_before(number, priority_run=self.priority_run, priority=waiting)
        return {Lane.PRIORITY: priority, Lane.NORMAL: number}

    def _sums_of(self, lane: Lane) -> list[tuple[float, int]]:
        if lane not in self._sums:
            sums = [(0.0, 0)]
            for *_, job_id in self._lanes[lane]:
                estimate_s, (seconds, unknown) = self._by_id[job_id].estimate_s, sums[-1]
                sums.append((seconds, unknown + 1) if estimate_s is None else (seconds + estimate_s, unknown))
            self._sums[lane] = sums
        return self._sums[lane]


def _key(place: Place) -> _Key:
    return (place.tag, place.seq, place.job_id)
