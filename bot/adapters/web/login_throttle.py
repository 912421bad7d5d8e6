"""Slows the guessing of tokens, with memory that does not grow with the number of guesses."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

_BURST = 20  # a page with an old cookie asks for several things before its login screen is up
_INTERVAL_S = 3.0
_MAX_ADDRESSES = 1_000


class LoginThrottle:
    """Lets each address fail ``burst`` times at once, and then once every ``interval_s``."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        burst: int = _BURST,
        interval_s: float = _INTERVAL_S,
        max_addresses: int = _MAX_ADDRESSES,
    ) -> None:
        self._clock, self._interval_s, self._max_addresses = clock, interval_s, max_addresses
        self._slack_s = (burst - 1) * interval_s
        # Until when an address has used up its failures, the one that failed last at the end.
        self._used_until: OrderedDict[str, float] = OrderedDict()

    @property
    def per_minute(self) -> int:
        return round(60 / self._interval_s)

    def wait_s(self, address: str) -> float:
        """Return how long an address has to wait for its next try, 0 for not at all."""
        return max(0.0, self._used_until.get(_network(address), 0.0) - self._slack_s - self._clock())

    def note_failure(self, address: str) -> None:
        network = _network(address)
        self._used_until[network] = max(self._used_until.get(network, 0.0), self._clock()) + self._interval_s
        self._used_until.move_to_end(network)
        if len(self._used_until) > self._max_addresses:
            self._used_until.popitem(last=False)


def _network(address: str) -> str:
    """What one attacker has: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
