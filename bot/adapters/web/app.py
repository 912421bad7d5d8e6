"""The web channel as one ASGI app, made of its parts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI

from bot.adapters.web.access import Access
from bot.adapters.web.errors import install_error_answers
from bot.adapters.web.event_stream import HEARTBEAT_S, OpenStreams
from bot.adapters.web.files import FileRoutes
from bot.adapters.web.guard import BodyLimits, Guard
from bot.adapters.web.hosts import HostRule
from bot.adapters.web.jobs import JobRoutes
from bot.adapters.web.offer import OfferRoutes
from bot.adapters.web.operator import OperatorRoutes
from bot.adapters.web.pages import PageRoutes
from bot.adapters.web.schemas import ErrorBody
from bot.adapters.web.sessions import SessionRoutes
from bot.adapters.web.streams import StreamRoutes
from bot.adapters.web.webhooks import Receive, WebhookRoutes
from bot.service.services import Services

STATIC_FOLDER = Path(__file__).with_name("static")
_NO_WEBHOOKS: Mapping[str, Receive] = MappingProxyType({})


def make_app(
    services: Services,
    access: Access,
    static_folder: Path = STATIC_FOLDER,
    *,
    host_names: Iterable[str] = (),
    limits: BodyLimits | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    webhooks: Mapping[str, Receive] = _NO_WEBHOOKS,
) -> FastAPI:
    """Return the page and its API over ``services``.

    ``host_names`` are names beside this machine's own under which it is reached; ``webhooks``, by path, are where
    platforms post. ``app.state.streams`` are the OpenStreams, which whoever serves the app ends before it stops.
    """
    hosts = HostRule(needs_login=access.needs_login, names=host_names)
    limits = BodyLimits(services.offers.max_picture_bytes) if limits is None else limits
    limits = replace(limits, webhook_paths=frozenset(webhooks))
    streams = OpenStreams(heartbeat_s)
    # No docs_url: that page loads scripts from elsewhere.
    app = FastAPI(
        title="animate-bot",
        version=version("animate-bot"),
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": ErrorBody}, "5XX": {"model": ErrorBody}},
    )
    app.state.services, app.state.access, app.state.streams = services, access, streams
    app.add_middleware(Guard, hosts=hosts, limits=limits)
    install_error_answers(app)
    for routes in (
        SessionRoutes(services, access),
        OfferRoutes(services),
        JobRoutes(services),
        FileRoutes(services),
        StreamRoutes(services, streams),
        OperatorRoutes(services, streams),
        WebhookRoutes(webhooks),
    ):
        app.include_router(routes.router())
    PageRoutes(static_folder).install(app)
    return app
