"""Who goes next: weighted fair queueing with start tags, so that nobody starves and nobody waits for a crowd of one.

Every job gets a tag when it is accepted, and the smallest tag goes first. A requester's jobs stand one price apart; the
first of them starts at the queue's virtual time, which moves on with every job that is taken: by its price, shared
among all who wait and one newcomer. So

- someone with a thousand jobs delays someone with one by at most the job that is already running: their next tag lies a
  whole price ahead, and the virtual time has moved on by half of one at most;
- someone who has not been served stands before everyone who has been served since;
- newcomers cannot keep a job waiting for ever: the virtual time, where they start, passes its tag.

(The order by start tags is that of Goyal, Vin and Cheng, "Start-time fair queueing", 1996; the virtual time is
that of fair queueing by Demers, Keshav and Shenker, 1989, moved at each service instead of by the clock.)
"""

#: So many jobs of the priority lane may go before a normal one that waits.
MAX_PRIORITY_RUN = 3


def start_tag(virtual_time: float, finish_tag: float) -> float:
    """Return the tag of a requester's new job; ``finish_tag`` is where their last one ends."""
    return max(virtual_time, finish_tag)


def virtual_time_after(virtual_time: float, tag: float, price: float, active: int) -> float:
    """Return the virtual time after a job was taken; ``active`` requesters were waiting, its own among them."""
    return max(virtual_time, tag) + price / (active + 1)


def takes_priority(*, priority_run: int, has_priority: bool, has_normal: bool) -> bool:
    """Whether the next job comes from the priority lane."""
    return has_priority and (not has_normal or priority_run < MAX_PRIORITY_RUN)
