"""The bodies of the API's answers: what ``/openapi.json`` documents. Times are seconds, instants Unix seconds."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from bot.domain.job import CreditState, Job, JobState
from bot.domain.messages import sentence
from bot.service.views import JobView, QueueView, QuotaView, QuoteView
from generation.engines.engine import Phase


class Body(BaseModel):
    """What all bodies share: they are made once and then only read."""

    model_config = ConfigDict(frozen=True)


class ErrorBody(Body):
    """Why something was refused: a code for programs, one sentence for people."""

    code: str
    message: str
    field: str | None = None  # which field of the form it is about


class FailureBody(Body):
    """Why a job failed."""

    code: str
    message: str


class MeBody(Body):
    """Who the caller is."""

    id: str
    name: str
    is_operator: bool
    needs_login: bool


class QueueBody(Body):
    """The queue as everybody may see it."""

    waiting: int
    running: int
    slots: int
    paused: bool
    draining: bool
    ready: bool
    notice: str | None

    @classmethod
    def of(cls, view: QueueView) -> Self:
        return cls(
            waiting=view.waiting,
            running=view.running,
            slots=view.slots,
            paused=view.paused,
            draining=view.draining,
            ready=view.ready,
            notice=view.notice,
        )


class QuotaBody(Body):
    """A person's credits."""

    left: float
    cap: float
    per_day: float
    held: float
    next_credit_in: float | None
    full_in: float | None

    @classmethod
    def of(cls, view: QuotaView) -> Self:
        return cls(
            left=credits_of(view.left_mcr),
            cap=credits_of(view.cap_mcr),
            per_day=credits_of(view.per_day_mcr),
            held=credits_of(view.held_mcr),
            next_credit_in=view.next_credit_s,
            full_in=view.full_s,
        )


class CropBody(Body):
    """The part of the upright picture that the video shows, in shares of its sides."""

    x: float
    y: float
    width: float
    height: float


class QuoteBody(Body):
    """What a request would cost and give."""

    price: float
    eta: float | None
    width: int
    height: int
    frames: int
    fps: int
    seconds: float
    crop: CropBody
    ahead: int

    @classmethod
    def of(cls, view: QuoteView) -> Self:
        x, y, width, height = view.crop
        return cls(
            price=credits_of(view.price_mcr),
            eta=view.eta_s,
            width=view.width_px,
            height=view.height_px,
            frames=view.frames,
            fps=view.fps,
            seconds=view.frames / view.fps,
            crop=CropBody(x=x, y=y, width=width, height=height),
            ahead=view.ahead,
        )


class JobBody(Body):
    """One job, with how far it is."""

    id: str
    status: JobState
    phase: Phase | None
    step: int
    steps: int
    ahead: int | None
    eta: float | None
    error: FailureBody | None
    price: float
    credits: CreditState
    prompt: str
    options: dict[str, str]
    preset: str
    model: str
    seed: int
    width: int
    height: int
    frames: int
    fps: int
    seconds: float
    used_ai: bool | None
    created_at: float
    started_at: float | None
    ended_at: float | None
    render_seconds: float | None
    has_end_picture: bool
    has_picture: bool
    has_video: bool
    video_bytes: int | None
    still: int

    @classmethod
    def of(cls, view: JobView) -> Self:
        job, render, video = view.job, view.render, view.job.video
        return cls(
            id=job.id,
            status=job.state,
            phase=None if render is None else render.phase,
            step=0 if render is None else render.step,
            steps=0 if render is None else render.steps,
            ahead=view.ahead,
            eta=view.eta_s,
            error=_failure(job),
            price=credits_of(job.price_mcr),
            credits=job.credits,
            prompt=job.prompt,
            options=dict(job.options),
            preset=job.preset,
            model=job.model,
            seed=job.seed,
            width=job.width_px if video is None else video.width_px,
            height=job.height_px if video is None else video.height_px,
            frames=job.frames,
            fps=job.fps,
            seconds=job.seconds,
            used_ai=None if video is None else video.used_ai,
            created_at=job.created_ms / 1000,
            started_at=_instant(job.started_ms),
            ended_at=_instant(job.ended_ms),
            render_seconds=None if video is None else video.render_seconds,
            has_end_picture=job.has_end_picture,
            has_picture=job.has_picture,
            has_video=job.has_video,
            video_bytes=None if video is None else video.size_bytes,
            still=0 if render is None else render.still_count,
        )


class JobPageBody(Body):
    """A part of the caller's jobs, newest first."""

    jobs: list[JobBody]
    next: str | None  # the ``before`` of the next part; null: there is none


class StateBody(Body):
    """What a page needs to draw itself."""

    jobs: list[JobBody]
    queue: QueueBody
    quota: QuotaBody


class ForgottenBody(Body):
    """How many jobs were deleted."""

    jobs: int


class HealthBody(Body):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadinessBody(Body):
    """Whether a request that comes now would be rendered."""

    ready: bool
    engine: str
    message: str | None


def credits_of(mcr: int) -> float:
    """Return thousandths of credits as credits."""
    return mcr / 1000


def _instant(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _failure(job: Job) -> FailureBody | None:
    if job.failure is None:
        return None
    return FailureBody(code=job.failure.code, message=sentence(job.failure))
