"""What a job's status message says in a chat, on every platform: plain text, without a platform's own marks."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.credits import credits_text
from bot.domain.job import CreditState, Failure, Job, JobState
from bot.domain.messages import file_size, sentence
from bot.domain.refusal_words import wait_text

AI_GENERATED = "AI-generated"
NO_AI = "camera move, no AI"
NO_PROMPT = "No prompt"
DONE_PING = "your video is ready."
FAILED_PING = "your video did not work out."
RENDERED = "Rendered, on its way to you."
MAYBE_SENT = "Your video may have arrived here already. If you do not see it, press the button."
PAUSED = "The queue is paused; it goes on when the operator says so."
NOT_READY = "The engine is not ready yet."
NOT_YOURS = "Only the person who asked for this video can do that."
AS_LONG_AS_POSSIBLE = "This video is already as long as one can be here."
REPORTED = "Thank you. The admins will see your report."
NO_JOBS = "You have no jobs under way."
NO_RESULTS = "There are no results yet."
NOTHING_OLDER = "There is nothing older."
FORGETTING = "All your jobs end, and all your pictures, videos and prompts are deleted. This cannot be undone."
FORGETTING_LEAVES = (
    "What stays: your balance of credits, without which being forgotten would fill it up, and a ban. "
    "Messages that were sent stay where they are; their Delete buttons work until you are forgotten."
)
EXPORT_TOO_LARGE = "Your data is too large for a file here. Please ask whoever runs this bot for it."

#: The phases of ``generation.engines.engine.Phase`` as people read them.
PHASES: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "Waiting for the graphics card",
        "begin": "Starting",
        "text": "Reading the prompt",
        "denoise": "Making the video",
        "decode": "Developing the frames",
        "draw": "Drawing the frames",
        "encode": "Saving the video",
    }
)
RENDERING = "Rendering"

_BAR_CELLS = 12


def channel_closed(channel: str, reason: str) -> str:
    """Return why the bot ends where a platform takes it no more, and what its operator can do."""
    return (
        f"{channel} does not take this bot any more: {reason}. All jobs are kept. Please set "
        f"ANIMATE_{channel.upper()}__TOKEN to a valid token and start again; `animate-bot doctor` says what is missing."
    )


def not_fetched(platform: str) -> str:
    """Return what whoever sent a picture can do where it did not come."""
    return f"The picture could not be fetched from {platform}. Please send it again."


def not_taken(platform: str) -> str:
    """Return what whoever wants a video can do where it was not taken."""
    return f"{platform} did not take the video. Please try again in a few minutes."


def too_large_to_send(size_bytes: int) -> str:
    """Return why a video is not sent."""
    return f"This video is too large to be sent here ({file_size(size_bytes)})."


def and_more(count: int) -> str:
    """Return what stands below a list that is not shown whole."""
    return f"and {count} more."


def place_in_queue(ahead: int | None) -> str:
    """Return where a waiting job stands."""
    if ahead is None:
        return "In the queue."
    if ahead == 0:
        return "Next in line."
    return "In the queue, 1 job before this one." if ahead == 1 else f"In the queue, {ahead} jobs before this one."


def progress_bar(step: int, steps: int) -> str:
    """Return a bar of text with its percentage: it can be read with any font and by a screen reader."""
    share = min(max(step / steps, 0.0), 1.0) if steps > 0 else 0.0
    filled = int(share * _BAR_CELLS)
    return f"{'▰' * filled}{'▱' * (_BAR_CELLS - filled)} {int(share * 100)} %"


def asked_for(job: Job) -> str:
    """Return in one short line what a job is to give."""
    return f"{job.preset}, {job.seconds:.1f} s, {job.width_px} × {job.height_px}"


def how_it_was_made(job: Job) -> str:
    """Return what must be said under a video: whether AI made it, the seed, what it is, the time it took."""
    video = job.video
    if video is None:
        return f"seed {job.seed}"
    origin = f"{AI_GENERATED} ({video.model})" if video.used_ai else NO_AI
    size = f"{video.width_px} × {video.height_px}"
    return f"{origin}, seed {job.seed}, {job.seconds:.1f} s, {size}, made in {wait_text(video.render_seconds)}"


def how_it_ended(job: Job) -> str:
    """Return why there is no video, and what became of the credits."""
    credits_ = {
        CreditState.RETURNED: f" {_credits(job)} given back.",
        CreditState.USED: f" {_credits(job)} used: half of the work was done.",
        CreditState.HELD: "",
    }[job.credits]
    match job.state, job.failure:
        case JobState.FAILED, Failure() as failure:
            return sentence(failure) + credits_
        case JobState.CANCELLED, _:
            return f"Cancelled.{credits_}"
        case _:
            return "This did not work."


def _credits(job: Job) -> str:
    amount = credits_text(job.price_mcr)
    return f"{amount} credit" if amount == "1" else f"{amount} credits"


def credits_now(left_mcr: int, cap_mcr: int, held_mcr: int, per_day_mcr: int) -> str:
    """Return what somebody has, and how more comes."""
    held = f", and {credits_text(held_mcr)} set aside for jobs under way" if held_mcr else ""
    pace = f"Each day brings {credits_text(per_day_mcr)}." if per_day_mcr else "None come back by themselves."
    return f"{credits_text(left_mcr)} of {credits_text(cap_mcr)} credits left{held}. {pace}"


def price_of_preset(name: str, price_mcr: int, seconds: float, eta_s: float | None) -> str:
    """Return what one preset costs and gives on this machine."""
    amount = credits_text(price_mcr)
    time = "" if eta_s is None else f", made in about {wait_text(eta_s)}"
    return f"{name}: {amount} {'credit' if amount == '1' else 'credits'} for {seconds:.1f} s{time}"


def engine_in_words(*, uses_ai: bool, model: str) -> str:
    """Return what makes the videos, honestly."""
    if uses_ai:
        return f"The videos are made by an AI model, {model}: what they show did not happen."
    return "No AI runs here: the bot moves a camera over the picture, and the prompt says how."


def kept_for(what: str, days: float) -> str:
    """Return how long one kind of file stays."""
    if days <= 0:
        return f"{what} are deleted as soon as the job is over."
    amount = f"{days:g} {'day' if days == 1 else 'days'}" if days >= 1 else f"{days * 24:.3g} hours"
    return f"{what} are deleted {amount} after the job is over, or earlier where the disk fills up."


def forgotten(jobs: int) -> str:
    """Return what a person is told who was forgotten."""
    if jobs == 0:
        return "There was no job of yours to delete."
    what = "1 job of yours is" if jobs == 1 else f"{jobs} jobs of yours are"
    return f"{what} deleted, with pictures, videos and prompts."
