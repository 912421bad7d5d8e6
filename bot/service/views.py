"""What channels are shown: plain data, made by the services. Times are seconds, instants seconds since 1970, UTC."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.domain.job import Job, Requester
from generation.engines.engine import Phase


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where in a place somebody asks, and as what: what the rules of the place look at."""

    room: str = ""  # the chat channel's id
    is_age_restricted: bool = False
    roles: frozenset[str] = frozenset()  # of the person in this place


#: Fetches a picture; called only for a request that may be accepted as far as is known without it.
Fetch = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """What a person sent, unchecked."""

    picture: bytes | Fetch
    prompt: str = ""
    options: Mapping[str, str] | None = None  # by the names of ``bot.domain.options``
    end_picture: bytes | Fetch | None = None
    key: str = ""  # of the platform's update: the same key from the same requester is the same job; empty: none
    circumstances: Circumstances = Circumstances()


@dataclass(frozen=True, slots=True)
class RenderState:
    """How far the render of a running job is."""

    phase: Phase
    step: int
    steps: int
    still_count: int = 0  # preview pictures so far


@dataclass(frozen=True, slots=True)
class JobView:
    """A job with what changes by the second."""

    job: Job
    ahead: int | None  # jobs that go before it; None unless it is queued
    eta_s: float | None  # until the video, from now; None where nothing is known or nothing is to come
    render: RenderState | None  # only while it is running


@dataclass(frozen=True, slots=True)
class Revision:
    """What has become of a job whose words were changed."""

    view: JobView | None  # as it is now; None: there is none of that key
    replaced: str | None  # the id of the job in whose place it stands; None: nothing has changed


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue as everybody may see it."""

    waiting: int
    running: int
    slots: int
    paused: bool  # nothing new is rendered
    draining: bool  # nothing new is taken
    ready: bool  # the engine can render
    notice: str | None  # a sentence for whoever asks why


@dataclass(frozen=True, slots=True)
class QuotaView:
    """A person's credits, in thousandths."""

    left_mcr: int
    cap_mcr: int
    per_day_mcr: int
    held_mcr: int
    next_credit_s: float | None  # until one more whole credit; None: full, or none will come
    full_s: float | None


@dataclass(frozen=True, slots=True)
class PresetOffer:
    """What one preset gives and costs on this machine."""

    name: str
    price_mcr: int
    seconds: float
    eta_s: float | None  # of the render alone
    frames: int
    max_frame_pixels: int
    steps: int
    guidance: float


@dataclass(frozen=True, slots=True)
class QuoteView:
    """What a request would cost and give, before it is sent."""

    price_mcr: int
    eta_s: float | None  # with the queue as it is
    ahead: int
    width_px: int
    height_px: int
    frames: int
    fps: int
    crop: tuple[float, float, float, float]  # x, y, width, height of what is shown, in shares of the picture's sides


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that admins are to be told."""

    id: int  # rises; a later notice has a larger one
    at_s: float
    message: str
    code: str  # what it is about, and the facts that come with it: for a channel that offers something to do
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as an operator sees them."""

    requester: Requester
    waiting: int
    running: int
    jobs: int
    quota: QuotaView
    is_banned: bool
    ban_reason: str | None
