"""How a job is, in words."""

from bot.domain import chat_words as words
from bot.domain.job import JobState
from bot.service.views import JobView


def state_lines(view: JobView) -> tuple[str, ...]:
    """Return how a job is that waits, runs or is on its way; for a list the first line says enough."""
    match view.job.state:
        case JobState.QUEUED:
            return (words.place_in_queue(view.ahead),)
        case JobState.RUNNING if view.render is not None:
            render = view.render
            phase = words.PHASES.get(str(render.phase), words.RENDERING)
            return (words.progress_bar(render.step, render.steps), f"{phase}.")
        case JobState.RUNNING:
            return (f"{words.RENDERING}.",)
        case _:
            return (words.RENDERED,)
