"""What admins read after a command."""

from collections.abc import Mapping

PAUSED = "Paused: nothing new is taken or rendered; the running job is finished."
RESUMED = "Running: jobs are taken and rendered."
DRAINING = "Draining: nothing new is taken; what waits is worked off."


def queue(waiting: int, running: int) -> str:
    return f"{_count(waiting, 'job')} waiting, {running} running."


def job(job_id: str, state: str, requester: str) -> str:
    return f"Job {job_id} of {requester} is {state}."


def cancelled(job_id: str, *, is_used: bool) -> str:
    what_of_it = "its credits are used, because half of it was done" if is_used else "its credits were given back"
    return f"Job {job_id} is cancelled; {what_of_it}."


def promoted(job_id: str) -> str:
    return f"Job {job_id} goes before the others now."


def retried(old_id: str, new_id: str) -> str:
    return f"Job {old_id} is asked for again as {new_id}."


def granted(person: str, left: str) -> str:
    return f"{person} has {left} credits now."


def limited(person: str, cap: str, per_day: str) -> str:
    return f"{person} can have {cap} credits at once, and {per_day} come back a day."


def banned(person: str) -> str:
    return f"{person} may not ask any more; jobs that wait already stay."


def unbanned(person: str) -> str:
    return f"{person} may ask again."


def stats(numbers: Mapping[str, float | int | None]) -> str:
    wait_s, render_s = numbers["wait_p50_s"], numbers["render_p50_s"]
    times = "" if wait_s is None or render_s is None else f" Half waited {wait_s:g} s or less, and took {render_s:g} s."
    return (
        f"In the last 24 hours {_count(int(numbers['jobs_today'] or 0), 'job')} ended: "
        f"{numbers['delivered_today']} delivered, {numbers['failed_today']} failed.{times}"
    )


def audit(count: int) -> str:
    return f"The last {_count(count, 'entry', 'entries')}."


def reports(count: int) -> str:
    return f"{_count(count, 'open report')}."


def resolved(number: int) -> str:
    return f"Report {number} is closed."


def hidden(job_id: str) -> str:
    return f"Job {job_id} is hidden: its video, picture and words are deleted, and its reports are closed."


def _count(count: int, word: str, words: str = "") -> str:
    return f"{count} {word}" if count == 1 else f"{count} {words or word + 's'}"
