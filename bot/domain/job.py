"""A job: one request in the queue, with its requester, its origin and its state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class JobState(StrEnum):
    """Where a job is. Each accepted job comes to exactly one of the last four."""

    QUEUED = "queued"
    RUNNING = "running"
    RENDERED = "rendered"  # the video is on disk, the person does not have it yet
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDELIVERABLE = "undeliverable"  # the platform refuses for good: blocked, kicked, gone


#: From each state to those that may follow it; nothing follows an end. The database has the same table as a trigger.
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED}),
        JobState.RUNNING: frozenset({JobState.QUEUED, JobState.RENDERED, JobState.FAILED, JobState.CANCELLED}),
        # failed: its file is lost, or too large for its place; cancelled: the person wants to be forgotten
        JobState.RENDERED: frozenset({JobState.DELIVERED, JobState.UNDELIVERABLE, JobState.FAILED, JobState.CANCELLED}),
        JobState.DELIVERED: frozenset(),
        JobState.FAILED: frozenset(),
        JobState.CANCELLED: frozenset(),
        JobState.UNDELIVERABLE: frozenset(),
    }
)
END_STATES = frozenset(state for state, following in TRANSITIONS.items() if not following)


class Lane(StrEnum):
    """Which queue a job stands in; the first one goes first, but cannot shut the second out."""

    PRIORITY = "priority"  # moved up by an admin
    NORMAL = "normal"


class CreditState(StrEnum):
    """What became of the credits that were set aside for a job."""

    HELD = "held"
    USED = "used"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: a person on one platform."""

    platform: str
    user: str  # the platform's own id of the person
    name: str = ""  # how the platform calls them; only shown, never relied on

    @property
    def id(self) -> str:
        return f"{self.platform}:{self.user}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from and its answer goes; ``address`` is the channel's own affair."""

    channel: str  # discord, telegram, web
    place: str = ""  # the server or group as an id with its own limits (``discord:987``); empty: none
    # What the channel needs to find the status message and answer there. Never shown, never logged.
    address: str = field(default="", repr=False)
    max_video_bytes: int | None = None  # what the place can take; None: as much as the operator allows
    is_private: bool = False  # only who asked sees request and answer


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What is known of a rendered video."""

    width_px: int
    height_px: int
    frames: int
    fps: int
    size_bytes: int
    sha256: str
    engine: str
    model: str
    used_ai: bool
    render_seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a code and the values that its sentence needs."""

    code: str
    values: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the queue. Instants are milliseconds since 1970, UTC; credits are thousandths."""

    id: str
    requester: Requester
    origin: Origin
    state: JobState
    lane: Lane
    prompt: str  # as the person wrote it
    options: Mapping[str, str]  # as the person gave them
    model: str
    preset: str
    seed: int
    width_px: int
    height_px: int
    frames: int
    fps: int
    steps: int
    price_mcr: int
    credits: CreditState
    lost_renders: int  # renders that began and vanished
    has_end_picture: bool
    has_picture: bool
    has_video: bool
    created_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    video: VideoFacts | None = None
    failure: Failure | None = None
    is_shrunk: bool = False  # the video was too large for its place, and encoded once more

    @property
    def is_over(self) -> bool:
        return self.state in END_STATES

    @property
    def seconds(self) -> float:
        return self.frames / self.fps
