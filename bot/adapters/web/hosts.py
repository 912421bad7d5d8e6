"""By which names the page may be reached.

A site can let its own name point to this machine (DNS rebinding): its scripts then speak to us as to themselves. Their
requests still carry that name in ``Host``.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:@/\[\]]+)(?::\d{0,5})?")


class HostRule:
    """Which ``Host`` headers are ours.

    Where nobody needs a token only loopback names are; otherwise also every IP address, which no site can be, the
    machine's own name and ``names``.
    """

    def __init__(self, *, needs_login: bool, names: Iterable[str] = (), machine: str | None = None) -> None:
        self._needs_login = needs_login
        machine = (socket.gethostname() if machine is None else machine).lower()
        short = machine.partition(".")[0]
        own = {"localhost", machine, short, f"{short}.local"} if needs_login else {"localhost"}
        configured = {name for name in map(_host_name, names) if name} if needs_login else set()
        self._names = frozenset(own | configured)

    def allows(self, header: str) -> bool:
        """Return whether a ``Host`` header, with or without a port, is one of ours."""
        name = _host_name(header)
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return self._needs_login or address.is_loopback


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that is bound to ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host_name(header: str) -> str:
    found = _HOST.fullmatch(header.strip())
    return found[1].lower() if found else ""
