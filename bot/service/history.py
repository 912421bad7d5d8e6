"""A person's own jobs: those under way, and those that are over and of which something is left."""

from bot.domain.job import Job, Requester
from bot.domain.refusals import Refused
from bot.service.jobs import Jobs
from bot.service.services import Services
from bot.service.views import JobView

_NEWEST_READ = 100
_PAGE_READ = 50


async def jobs_under_way(services: Services, requester: Requester) -> list[JobView]:
    """Return a person's jobs that wait, run or are on their way, the first to be ready first."""
    views = {view.job.id: view for view in await services.jobs.latest(requester, _NEWEST_READ)}
    for job_id in services.queue.waiting_of(requester.id) - set(views):
        try:
            views[job_id] = await services.jobs.get(requester, job_id)
        except Refused:  # it was deleted in this moment
            continue
    under_way = [view for view in views.values() if not view.job.is_over]
    return sorted(under_way, key=lambda view: (-1 if view.ahead is None else view.ahead, view.job.created_ms))


async def results(jobs: Jobs, requester: Requester, count: int) -> list[Job]:
    """Return a person's newest jobs that are over and of which something is left."""
    found: list[Job] = []
    before: str | None = None
    while len(found) < count:
        views = await jobs.latest(requester, _PAGE_READ, before)
        found += [view.job for view in views if view.job.is_over and _is_kept(view.job)]
        if len(views) < _PAGE_READ:
            break
        before = views[-1].job.id
    return found[:count]


def _is_kept(job: Job) -> bool:
    """Whether anything can be asked of a job: one that was deleted has lost all of this."""
    return bool(job.has_video or job.has_picture or job.prompt or job.options)
