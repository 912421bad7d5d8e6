"""Rate limits: headers on each answer, and real limits where a test wants them."""

import time
from dataclasses import dataclass, field
from hashlib import sha1

from .call import Call

_RELAXED_LIMIT = 1000
_RELAXED_WINDOW_S = 0.05
_GLOBAL_PER_S = 50


@dataclass(eq=False)
class _Window:
    ends_at: float = 0.0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    headers: dict[str, str]
    retry_after_s: float | None = None
    is_global: bool = False


@dataclass(eq=False)
class Rates:
    enforced: bool = False
    limit: int = 5
    window_s: float = 5.0
    global_per_s: int = _GLOBAL_PER_S
    refusals: int = 0
    _windows: dict[str, _Window] = field(default_factory=dict)
    _everything: _Window = field(default_factory=_Window)

    def enforce(self, limit: int = 5, window_s: float = 5.0, *, global_per_s: int = _GLOBAL_PER_S) -> None:
        """From now on so many sends and edits a window and channel (or interaction token) get through."""
        self.enforced, self.limit, self.window_s, self.global_per_s = True, limit, window_s, global_per_s
        self._windows.clear()

    def relax(self) -> None:
        self.enforced = False

    def judge(self, call: Call) -> Verdict:
        """Count a call; the verdict says whether it came too early."""
        now = time.monotonic()
        is_strict = self.enforced and _is_send_or_edit(call)
        limit, length = (self.limit, self.window_s) if is_strict else (_RELAXED_LIMIT, _RELAXED_WINDOW_S)
        window = self._windows.setdefault(_bucket_of_this(call), _Window())
        if now >= window.ends_at:
            window.ends_at, window.used = now + length, 0
        window.used += 1
        left_s = max(0.001, window.ends_at - now)
        headers = {
            "X-RateLimit-Bucket": sha1(f"{call.method} {call.template}".encode()).hexdigest()[:16],
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - window.used)),
            "X-RateLimit-Reset": f"{time.time() + left_s:.3f}",
            "X-RateLimit-Reset-After": f"{left_s:.3f}",
        }
        if self.enforced and self._exceeds_all(call, now):
            return self._refuse(headers, max(0.001, self._everything.ends_at - now), is_global=True)
        if is_strict and window.used > limit:
            return self._refuse(headers, left_s, is_global=False)
        return Verdict(headers)

    def _refuse(self, headers: dict[str, str], after_s: float, *, is_global: bool) -> Verdict:
        self.refusals += 1
        return Verdict(headers, after_s, is_global)

    def _exceeds_all(self, call: Call, now: float) -> bool:
        if call.template.startswith(("/interactions", "/webhooks")):
            return False
        if now >= self._everything.ends_at:
            self._everything.ends_at, self._everything.used = now + 1.0, 0
        self._everything.used += 1
        return self._everything.used > self.global_per_s


def _is_send_or_edit(call: Call) -> bool:
    is_followup = call.method == "POST" and call.template.startswith("/webhooks/")
    return is_followup or (call.method in ("POST", "PATCH") and "/messages" in call.template)


def _bucket_of_this(call: Call) -> str:
    major = (call.params.get(name, "") for name in ("channel_id", "guild_id", "webhook_id", "webhook_token"))
    return f"{call.method} {call.template} {'+'.join(major)}"
