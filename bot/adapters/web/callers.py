"""Who sent a request, as FastAPI hands it to an endpoint."""

from typing import Annotated

from fastapi import Depends, Request

from bot.adapters.web.access import Access
from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused


def address_of(request: Request) -> str:
    """Return the network address that a request came from, empty where there is none."""
    return "" if request.client is None else request.client.host


def cookie_name(request: Request) -> str:
    """Return the name of the cookie: with the port, as a browser sends the cookies of one port to all of that host."""
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"animate_session_{port}" if port.isdecimal() else "animate_session"


async def _caller(request: Request) -> Requester:
    access: Access = request.app.state.access
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    return access.identify(
        bearer=credential.strip() if scheme.lower() == "bearer" else "",
        cookie=request.cookies.get(cookie_name(request), ""),
        address=address_of(request),
    )


async def _operator(request: Request, caller: Annotated[Requester, Depends(_caller)]) -> Requester:
    if not request.app.state.services.admin.is_admin(caller):
        raise Refused(RefusalCode.NOT_ALLOWED, command=request.url.path)
    return caller


#: The person who asks; an answer of 401 where nobody is known.
Caller = Annotated[Requester, Depends(_caller)]
#: The same, and 403 where they are no operator.
OperatorCaller = Annotated[Requester, Depends(_operator)]
