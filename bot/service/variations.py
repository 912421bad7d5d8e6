"""Which further wishes a finished job's buttons may offer: those that would change something."""

from collections.abc import Mapping

from bot.domain.job import Job
from bot.domain.job_verbs import Verb
from bot.service.offers import Offers
from generation.request import Preset

_LONGER_BY = 1.5
_LEAST_DIFFERENCE_S = 0.5


def offered_verbs(job: Job, offers: Offers) -> frozenset[Verb]:
    """Return BEST and LONGER where the running engine can do more than the job has."""
    verbs = set()
    if job.preset != Preset.BEST:
        verbs.add(Verb.BEST)
    if longer_s(job, offers) is not None:
        verbs.add(Verb.LONGER)
    return frozenset(verbs)


def changes_for(verb: Verb, job: Job, offers: Offers) -> Mapping[str, str | None]:
    """Return what a button changes of a job's options; the seed stays where only quality or length is asked for."""
    match verb:
        case Verb.BEST:
            return {"preset": str(Preset.BEST), "seed": str(job.seed)}
        case Verb.LONGER:
            seconds = longer_s(job, offers)
            return {"seed": str(job.seed), "seconds": f"{seconds:g}" if seconds is not None else None}
        case _:
            return {}


def longer_s(job: Job, offers: Offers) -> float | None:
    """Return the length of a longer video, as far as the engine goes; None where it goes no further."""
    highest = next((option.highest for option in offers.options if option.name == "seconds"), None)
    if highest is None or highest - job.seconds < _LEAST_DIFFERENCE_S:
        return None
    return min(round(job.seconds * _LONGER_BY, 1), highest)
