"""Credits: a token bucket, computed when it is looked at. Amounts are whole thousandths of a credit."""

from dataclasses import dataclass

CREDIT_MCR = 1000  # one credit: the price of the default clip
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a bucket takes and how fast it fills."""

    cap_mcr: int
    per_day_mcr: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """The credits of one account at one instant.

    ``tokens_mcr`` are free, ``held_mcr`` are set aside for jobs under way. Both together count towards the cap, so that
    what comes back from a job always has room, and holding credits for long does not make more of them.
    """

    tokens_mcr: int
    held_mcr: int
    at_ms: int  # up to when refills are counted

    def at(self, now_ms: int, limit: Limit) -> "Bucket":
        """Return the bucket at ``now_ms``: refilled up to the cap, never beyond it, and never emptied.

        A clock that went back adds nothing; counting starts again from there.
        """
        if now_ms <= self.at_ms:
            return Bucket(self.tokens_mcr, self.held_mcr, now_ms)
        room_mcr = limit.cap_mcr - self.tokens_mcr - self.held_mcr
        if room_mcr <= 0 or limit.per_day_mcr == 0:
            return Bucket(self.tokens_mcr, self.held_mcr, now_ms)
        earned_mcr = (now_ms - self.at_ms) * limit.per_day_mcr // DAY_MS
        if earned_mcr >= room_mcr:
            return Bucket(self.tokens_mcr + room_mcr, self.held_mcr, now_ms)
        # The time of a fraction of a thousandth is kept for the next look, or looking often would earn nothing.
        used_ms = -(-earned_mcr * DAY_MS // limit.per_day_mcr)
        return Bucket(self.tokens_mcr + earned_mcr, self.held_mcr, self.at_ms + used_ms)

    def seconds_until(self, tokens_mcr: int, limit: Limit) -> float | None:
        """Return after how many seconds so much is free, as things stand; None: never."""
        missing_mcr = tokens_mcr - self.tokens_mcr
        if missing_mcr <= 0:
            return 0.0
        if limit.per_day_mcr == 0 or tokens_mcr + self.held_mcr > limit.cap_mcr:
            return None
        return missing_mcr * DAY_MS / limit.per_day_mcr / 1000


def credits_text(mcr: int) -> str:
    """Return an amount as people read it, ``0.5``, ``1``, ``12.3``; never more than there is."""
    tenths = mcr * 10 // CREDIT_MCR
    whole, tenth = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{tenth}" if tenth else f"{sign}{whole}"
