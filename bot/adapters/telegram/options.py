"""What the operator has set for Telegram."""

from dataclasses import dataclass, field

from bot.adapters.telegram.limiter import USUAL_RATES, Rates
from bot.service.status_messages import USUAL_PACE, Pace

CLOUD_URL = "https://api.telegram.org"

#: What a bot may send (core.telegram.org/bots/api#sending-files, and "Using a Local Bot API Server").
_MAX_CLOUD_VIDEO_BYTES = 50_000_000
_MAX_LOCAL_VIDEO_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram is to send its updates, and the word by which they are known to come from it."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TelegramOptions:
    """All of it."""

    token: str = field(repr=False)
    base_url: str = CLOUD_URL
    local_mode: bool = False  # the Bot API server is one of the operator's own, and shares its files
    proxy: str = field(default="", repr=False)  # it may hold a password
    webhook: Webhook | None = None
    admin_chat: int | None = None
    admins: frozenset[int] = frozenset()  # who is an admin of the whole bot, by the person's number
    asks_for_prompt: bool = False
    album_is_ends: bool = False  # an album is one video from its first picture to its last
    pace: Pace = USUAL_PACE
    rates: Rates = USUAL_RATES
    poll_s: int = 50  # so long one question for updates may stay open
    pause_s: float = 1.0  # after a first failure; then twice as long each time
    album_wait_s: float = 1.0  # so long after its last piece an album is complete

    @property
    def max_video_bytes(self) -> int:
        """How large a video the Bot API server takes."""
        return _MAX_LOCAL_VIDEO_BYTES if self.local_mode else _MAX_CLOUD_VIDEO_BYTES
