"""What can be asked for, what it would cost, and how long the queue is."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bot.adapters.web.callers import Caller
from bot.adapters.web.offer_schemas import OfferBody, OptionBody, PresetBody
from bot.adapters.web.schemas import HealthBody, QueueBody, QuotaBody, QuoteBody, ReadinessBody
from bot.service.services import Services
from generation.errors import ErrorCode, RequestRejected
from generation.picture import PICTURE_FORMATS
from generation.request import DEFAULT_FPS, MAX_PROMPT_CHARACTERS, Preset

#: Seconds that a page offers as buttons; any other length can be typed.
_LENGTHS_S = (2, 3, 5, 7, 10)
_MAX_SIDE_PX = 100_000
_SIDES = frozenset({"width_px", "height_px"})

SidePx = Annotated[int, Query(ge=1, le=_MAX_SIDE_PX)]


class OfferRoutes:
    """``/api/offer``, ``/api/quote``, ``/api/queue``, ``/api/quota``, and whether the bot is well."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def router(self) -> APIRouter:
        routes = APIRouter()
        routes.add_api_route("/api/offer", self.offer, methods=["GET"], response_model=OfferBody)
        routes.add_api_route("/api/quote", self.quote, methods=["GET"], response_model=QuoteBody)
        routes.add_api_route("/api/queue", self.queue, methods=["GET"], response_model=QueueBody)
        routes.add_api_route("/api/quota", self.quota, methods=["GET"], response_model=QuotaBody)
        routes.add_api_route("/healthz", self.health, methods=["GET"], response_model=HealthBody)
        routes.add_api_route("/readyz", self.readiness, methods=["GET"], response_model=ReadinessBody)
        return routes

    async def offer(self, caller: Caller) -> OfferBody:
        """Return what the running engine can do, with prices."""
        offers, queue = self._services.offers, self._services.queue.view()
        capabilities = offers.capabilities
        longest_s = capabilities.max_frames / DEFAULT_FPS
        return OfferBody(
            engine=capabilities.engine,
            model=capabilities.model,
            uses_ai=capabilities.uses_ai,
            ready=queue.ready,
            paused=queue.paused,
            notice=queue.notice,
            presets=[PresetBody.of(offer) for offer in offers.presets()],
            default_preset=Preset.BALANCED,
            lengths=[length_s for length_s in _LENGTHS_S if length_s <= longest_s],
            options=[OptionBody.of(option) for option in offers.options],
            end_picture=capabilities.end_picture,
            max_picture_bytes=offers.max_picture_bytes,
            formats=PICTURE_FORMATS,
            prompt_max_length=MAX_PROMPT_CHARACTERS,
        )

    async def quote(self, request: Request, caller: Caller, width_px: SidePx, height_px: SidePx) -> QuoteBody:
        """Return what a request would cost and give: a picture's sides, and any options by their names."""
        options: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name in _SIDES:
                continue
            if name in options:
                raise RequestRejected(ErrorCode.OPTION_GIVEN_TWICE, field=name)
            options[name] = value
        return QuoteBody.of(self._services.offers.quote(width_px, height_px, options))

    async def queue(self, caller: Caller) -> QueueBody:
        """Return how long the queue is, and whether it moves."""
        return QueueBody.of(self._services.queue.view())

    async def quota(self, caller: Caller) -> QuotaBody:
        """Return the caller's credits."""
        return QuotaBody.of(await self._services.quotas.view(caller.id))

    async def health(self) -> HealthBody:
        """Return that the process answers."""
        return HealthBody()

    async def readiness(self, response: Response) -> ReadinessBody:
        """Return whether a request that comes now would be rendered; 503 where not."""
        queue = self._services.queue.view()
        response.status_code = 200 if queue.ready else 503
        return ReadinessBody(ready=queue.ready, engine=self._services.offers.capabilities.engine, message=queue.notice)
