"""The waiting jobs in memory, in the order in which they will go: who is before whom, and for how long."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from bot.domain.job import Lane
from bot.store.jobs import Place

_Key = tuple[int, float, int]
_LANE_ORDER = {lane: order for order, lane in enumerate(Lane)}


class WaitingList:
    """A sorted mirror of the queued rows. Positions are found by halving; sums are made anew after a change."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._by_id = {place.job_id: place for place in places}
        self._keys: list[tuple[_Key, str]] = sorted((_key(place), place.job_id) for place in self._by_id.values())
        self._of_requester: dict[str, set[str]] = {}
        self._sums: list[tuple[float, int]] | None = None  # of all before each: seconds, and how many nobody can tell
        for place in self._by_id.values():
            self._of_requester.setdefault(place.requester_id, set()).add(place.job_id)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._by_id

    def __iter__(self) -> Iterator[str]:
        return (job_id for _, job_id in self._keys)

    def of(self, requester_id: str) -> frozenset[str]:
        """Return the waiting jobs of one person."""
        return frozenset(self._of_requester.get(requester_id, ()))

    def put(self, place: Place) -> None:
        """Add a job, or move it to its new place."""
        self.remove(place.job_id)
        self._by_id[place.job_id] = place
        insort(self._keys, (_key(place), place.job_id))
        self._of_requester.setdefault(place.requester_id, set()).add(place.job_id)
        self._sums = None

    def remove(self, job_id: str) -> None:
        """Take a job away, if it is there."""
        place = self._by_id.pop(job_id, None)
        if place is None:
            return
        del self._keys[bisect_left(self._keys, (_key(place), job_id))]
        mine = self._of_requester[place.requester_id]
        mine.discard(job_id)
        if not mine:
            del self._of_requester[place.requester_id]
        self._sums = None

    def ahead(self, job_id: str) -> int | None:
        """Return how many go before; None where it does not wait."""
        place = self._by_id.get(job_id)
        return None if place is None else bisect_left(self._keys, (_key(place), job_id))

    def seconds_ahead(self, position: int, unknown_s: float) -> float:
        """Return how long all before this position take together; ``unknown_s`` for each that nobody can tell."""
        if self._sums is None:
            self._sums = [(0.0, 0)]
            for _, job_id in self._keys:
                estimate_s, (seconds, unknown) = self._by_id[job_id].estimate_s, self._sums[-1]
                self._sums.append((seconds, unknown + 1) if estimate_s is None else (seconds + estimate_s, unknown))
        seconds, unknown = self._sums[position]
        return seconds + unknown * unknown_s


def _key(place: Place) -> _Key:
    return (_LANE_ORDER[place.lane], place.tag, place.seq)
