"""Who goes next: weighted fair queueing with start tags, so that nobody starves and nobody waits for a crowd of one.

Every job gets a tag when it is accepted, and the smallest tag goes first. A requester's jobs stand one price apart; the
first of them starts at the queue's virtual time, which moves on with every job that is taken for the first time: by its
price, shared among all who wait and one newcomer, but never up to a job whose requester has another one before it, nor
to the next one of the requester who is being served. So

- someone with a thousand jobs delays someone who comes with one by at most the job that is already running, or where
  theirs is not running by the one that has waited longer: all others have tags beyond the virtual time. (Where someone
  comes back before the price of what they just had is made up for, the others get jobs for that price first.)
- someone who has not been served stands before everyone who has been served since;
- newcomers cannot keep a job waiting for ever: where the virtual time stands still, one who waits stands before all of
  them, and when their turn has come it moves on. Of at most M jobs that wait, a requester's next one is taken after at
  most 4 x M x M x (1 + d / s) others, where d is how far its tag lies ahead and s the smallest price.

(The order by start tags is that of Goyal, Vin and Cheng, "Start-time fair queueing", 1996; the virtual time is
that of fair queueing by Demers, Keshav and Shenker, 1989, moved at each service instead of by the clock.)
"""

#: So many jobs of the priority lane may go before a normal one that waits.
MAX_PRIORITY_RUN = 3
#: How far the virtual time stays away from what it must not reach; less than any price.
_APART = 1.0


def start_tag(virtual_time: float, finish_tag: float, *, has_waiting: bool) -> float:
    """Return the tag of a requester's new job; ``finish_tag`` is where their last one ends."""
    return max(virtual_time + _APART if has_waiting else virtual_time, finish_tag)


def virtual_time_wanted(virtual_time: float, tag: float, price: float, active: int) -> float:
    """Return where the virtual time goes when a job is taken; ``active`` requesters wait, its own among them."""
    return max(virtual_time, tag) + price / (active + 1)


def virtual_time_after(virtual_time: float, wanted: float, second_tag: float | None) -> float:
    """Return where it stops; ``second_tag`` is the smallest of those that are not the first of their requester."""
    return wanted if second_tag is None else max(virtual_time, min(wanted, second_tag - _APART))


def served_until(virtual_time: float) -> float:
    """Return where the next job of the requester who was just served starts at the earliest."""
    return virtual_time + _APART


def gap(virtual_time: float, price: float, second_tag: float) -> float:
    """Return by how much the later jobs of a requester move up when one of this price goes away.

    ``second_tag``: of the first of them that is not their next one. Those stay behind whoever comes now.
    """
    return min(price, max(second_tag - _APART - virtual_time, 0.0))


def takes_priority(*, priority_run: int, has_priority: bool, has_normal: bool) -> bool:
    """Whether the next job comes from the priority lane."""
    return has_priority and (not has_normal or priority_run < MAX_PRIORITY_RUN)


def normal_before(place: int, *, priority_run: int, normal: int) -> int:
    """Return how many normal jobs, of so many that wait, go before the priority lane's job at ``place`` (from 0)."""
    at_once = max(MAX_PRIORITY_RUN - priority_run, 0)
    return 0 if place < at_once else min(1 + (place - at_once) // MAX_PRIORITY_RUN, normal)


def priority_before(place: int, *, priority_run: int, priority: int) -> int:
    """Return how many jobs of the priority lane, of so many that wait, go before the normal one at ``place``."""
    return min(max(MAX_PRIORITY_RUN - priority_run, 0) + place * MAX_PRIORITY_RUN, priority)
