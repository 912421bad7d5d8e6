"""Webhooks: where a platform posts what is new, under any name that leads here; who may is the platform's affair."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

#: Takes the headers, with names in small letters, and the body; returns the status of the answer.
Receive = Callable[[Mapping[str, str], bytes], Awaitable[int]]


class WebhookRoutes:
    """A route for each webhook, by its path."""

    def __init__(self, webhooks: Mapping[str, Receive]) -> None:
        self._webhooks = webhooks

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        for path, receive in self._webhooks.items():
            router.add_api_route(path, _endpoint(receive), methods=["POST"])
        return router


def _endpoint(receive: Receive) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Response(status_code=await receive(headers, await request.body()))

    return take
